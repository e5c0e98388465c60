"""The same seed gives the same bytes, whoever asks, in whatever order, in whatever process."""

import json
import subprocess
import sys
import urllib.request
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_simulators.behaviour import Behaviour
from seawall_simulators.draw import Draw, provider_key
from seawall_simulators.faults import parse
from seawall_simulators.wires import WIRES

keys = st.binary(max_size=40)
streams = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


async def all_bytes(client, wire, **options):
    await client.begin_chat(wire, headers={"connection": "close"}, **options)
    return (await client.rest())[0]


@pytest.mark.parametrize("wire", WIRES)
@streams
async def test_the_same_seed_gives_the_same_bytes(serve, wire, stream):
    """Two servers of one seed say the same, head and all, the first and the second time they are asked."""
    answers = []
    for seed in (5, 5, 6):
        served = await serve(seed=seed, alpha={"wire": wire})
        answers.append([await all_bytes(await served.connect(), wire, stream=stream) for _ in range(2)])

    same, again, other = answers
    assert same == again
    assert len({*same, *other}) == 4


async def test_the_name_of_a_provider_matters(serve):
    """Two providers of one server do not say the same."""
    served = await serve(alpha={}, beta={})

    answers = [await (await served.connect(name)).chat() for name in ("alpha", "beta")]

    assert answers[0].body != answers[1].body


async def test_the_order_of_arrival_does_not_matter(serve):
    """Whatever is asked first, each question gets its own answer."""
    answers = []
    for order in permutations(("one", "two", "three")):
        served = await serve()
        client = await served.connect()
        answers.append({text: (await client.chat(text=text)).body for text in order})

    assert all(each == answers[0] for each in answers)


async def test_a_reset_begins_anew(serve):
    """After it the first answer is given again."""
    served = await serve()
    first = (await (await served.connect()).chat()).body
    second = (await (await served.connect()).chat()).body

    await served.control("POST", "/reset")

    assert (await (await served.connect()).chat()).body == first != second


async def test_an_uncertain_fault_strikes_the_same_requests_again(serve):
    """With a probability of a half, the same half; another seed of the fault strikes another."""
    struck = []
    for fault_seed in (1, 1, 2):
        served = await serve()
        await served.fault(fault="http_status", status=500, probability=0.5, seed=fault_seed)
        client = await served.connect()
        struck.append([(await client.chat(text=str(number))).status for number in range(40)])

    assert struck[0] == struck[1] != struck[2]
    assert 8 < struck[0].count(500) < 32


@pytest.mark.real_processes
def test_two_processes_say_the_same():
    """Nothing of a process shows: no hash seed, no clock, no port."""

    def ask(url, stream):
        body = {"model": "alpha-1", "messages": [{"role": "user", "content": "hello"}], "stream": stream}
        request = urllib.request.Request(url + "/chat/completions", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as response:
            return sorted(response.headers.items()), response.read()

    command = [sys.executable, "-m", "seawall_simulators", "serve", "--seed", "9", "--parent"]
    said = []
    for _ in range(2):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            url = json.loads(process.stdout.readline())["providers"]["alpha"]["base_url"]
            said.append([ask(url, stream) for stream in (False, True)])
            process.stdin.close()
            assert process.wait(timeout=10) == 0

    assert said[0] == said[1]


@given(key=keys, purpose=st.text(max_size=10), drawn=st.integers(0, 300))
def test_a_fork_does_not_depend_on_what_was_drawn(key, purpose, drawn):
    """Draws for one purpose leave those for another as they are."""
    used = Draw(key)
    used.take(drawn)

    assert used.fork(purpose).take(16) == Draw(key).fork(purpose).take(16)
    assert used.fork(purpose).take(16) != Draw(key).take(16)


@given(key=keys, n=st.integers(0, 400))
def test_words_are_sentences(key, n):
    """As many tokens as asked; joined they begin with a capital and end with a stop, without a double space."""
    words = Draw(key).words(n)
    text = "".join(words)

    assert len(words) == n
    assert all(word.startswith(" ") for word in words[1:])
    assert "  " not in text
    assert text[:1] == text[:1].upper()
    assert (text[-1:] or ".") == "."


@given(key=keys, n=st.integers(1, 300))
def test_draws_keep_to_their_ranges(key, n):
    """Ids are as long as asked, uniforms below 1, embeddings of unit length."""
    draw = Draw(key)

    assert len(draw.id("x-", n)) == n + 2
    assert draw.id("", n).isalnum()
    assert len(draw.hex(n)) == n
    assert 0 <= draw.uniform() < 1
    assert sum(number * number for number in draw.embedding(n)) == pytest.approx(1)


@pytest.mark.parametrize(("median", "sigma"), [(30.0, 0.3), (5.0, 0.0), (0.0, 1.0)])
def test_latencies_have_their_median_and_spread(median, sigma):
    """Half are below the median; of a log-normal, 84 % are below median times e^sigma."""
    draw = Draw(provider_key(1, "alpha"))
    drawn = sorted(draw.lognormal(median, sigma) for _ in range(4000))

    assert drawn[2000] == pytest.approx(median, rel=0.05)
    assert drawn[3364] == pytest.approx(median * 2.718281828**sigma, rel=0.06)


@given(key=keys, probability=st.floats(0, 1))
def test_a_fault_strikes_more_as_its_probability_grows(key, probability):
    """What strikes at one probability strikes at every greater one."""
    draw = Draw(key)
    here = parse({"fault": "blackhole", "probability": probability}).strikes(draw, "m")
    above = parse({"fault": "blackhole", "probability": (1 + probability) / 2}).strikes(draw, "m")

    assert above or not here


def test_a_behaviour_is_the_same_by_default_everywhere():
    """The defaults are those the documentation names."""
    assert Behaviour().model_dump(include={"tokens", "capacity", "queue"}) == {
        "tokens": 12,
        "capacity": None,
        "queue": 64,
    }
