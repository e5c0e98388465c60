"""Clients under test, each in its worker, against real fake providers: that they behave as described."""

import asyncio
import os
import signal
import time

import pytest
import pytest_asyncio

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.errors import ChildDiedError
from seawall_chaos.evidence import Evidence, attempt_rows, call_rows
from seawall_chaos.load import LoadShape, plan_calls
from seawall_chaos.pytest_plugin import serve_fake_providers
from seawall_chaos.worker_process import WorkerProcess

pytestmark = [pytest.mark.real_processes, pytest.mark.asyncio(loop_scope="module")]

ONE_PROVIDER = {"openai-sdk"}
SUBJECTS = ["baseline", "openai-sdk", "seawall"]


@pytest.fixture(scope="module")
def providers(tmp_path_factory):
    """One set of fake providers for all tests here; each begins with a reset."""
    with serve_fake_providers(tmp_path_factory.mktemp("log") / "providers.log") as running:
        yield running


class Bench:
    """A worker and what it takes to make calls through it."""

    def __init__(self, subject, providers, log):
        self.subject = subject
        self.providers = providers
        self.deaths = []
        self.worker = WorkerProcess(subject, log, self.deaths.append)
        endpoints = [
            Endpoint(name, providers.wires[name], f"{name}-1", url, "key")
            for name, url in providers.base_urls.items()
        ]
        self.endpoints = endpoints[:1] if subject in ONE_PROVIDER else endpoints

    async def begin(self, kind, *, deadline_s=8.0, outstanding_max=100, calls=4):
        """Start calls of one kind through a fresh client."""
        self.shape = LoadShape(
            name="calls",
            seed=1,
            duration_s=0.4,
            rate_per_s=calls / 0.4,
            arrivals="constant",
            stream_share=float(kind == "stream"),
        )
        await self.worker.open(self.endpoints)
        self.start_s = time.monotonic() + 0.02
        await self.worker.make_calls(
            self.shape, start_s=self.start_s, deadline_s=deadline_s, outstanding_max=outstanding_max
        )

    async def call(self, kind, **options):
        """Make calls of one kind and wait for their end."""
        await self.begin(kind, **options)
        await self.worker.finish(30)
        await self.worker.close_client()
        return self.evidence()

    def evidence(self):
        return Evidence(
            scenario="calls",
            subject=self.subject,
            start_s=self.start_s,
            end_s=time.monotonic(),
            plan=plan_calls(self.shape),
            started=self.worker.started,
            outcomes=self.worker.outcomes,
            journal=self.providers.journal(),
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(providers, tmp_path_factory):
    """The three subjects' workers, started side by side and used by all tests here."""
    log = tmp_path_factory.mktemp("workers") / "log"
    benches = {subject: Bench(subject, providers, log) for subject in SUBJECTS}
    await asyncio.gather(*(bench.worker.start() for bench in benches.values()))
    yield benches
    await asyncio.gather(*(bench.worker.aclose() for bench in benches.values()))
    assert [bench.deaths for bench in benches.values()] == [[], [], []]


@pytest.fixture
def bench(workers, providers):
    """The worker of a subject, the providers being as new."""
    providers.reset()
    return workers.__getitem__


def statuses(evidence):
    return [row.status for row in call_rows(evidence)]


def attempts(evidence):
    """What the client says of the attempts of its first call."""
    notes = evidence.outcomes[1].attempts
    return [(note.provider, note.client_request_id, note.status) for note in notes]


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("kind", ["complete", "stream"])
async def test_healthy_providers_are_understood(bench, subject, kind):
    """Every call is ok, streamed or not, from the first provider, in one attempt that both sides know."""
    evidence = await bench(subject).call(kind)

    rows = list(call_rows(evidence))
    assert [(row.status, row.provider, row.attempts) for row in rows] == [("ok", "alpha", 1)] * 4
    assert all((row.first_token_ms is not None) == (kind == "stream") for row in rows)
    sides = {
        side: {r.client_request_id for r in attempt_rows(evidence) if r.side == side}
        for side in ("client", "provider")
    }
    assert sides["client"] == sides["provider"] == {f"calls.{n:05d}-1" for n in range(1, 5)}


@pytest.mark.parametrize("subject", ["baseline", "seawall"])
@pytest.mark.parametrize("wire", ["anthropic", "gemini", "azure"])
@pytest.mark.parametrize("kind", ["complete", "stream"])
async def test_every_wire_is_spoken(bench, subject, wire, kind):
    """The other providers answer just as well when they come first."""
    baseline = bench(subject)
    whole = baseline.endpoints
    baseline.endpoints = [endpoint for endpoint in whole if endpoint.wire == wire]
    try:
        evidence = await baseline.call(kind)
    finally:
        baseline.endpoints = whole

    assert statuses(evidence) == ["ok"] * 4


@pytest.mark.parametrize("kind", ["complete", "stream"])
async def test_the_baseline_tries_three_times_then_the_next(bench, providers, kind):
    """At once, on every failure, and again for every call."""
    providers.set_fault("alpha", "http_status", status=503)

    evidence = await bench("baseline").call(kind)

    assert statuses(evidence) == ["ok"] * 4
    assert attempts(evidence) == [
        ("alpha", "calls.00001-1", 503),
        ("alpha", "calls.00001-2", 503),
        ("alpha", "calls.00001-3", 503),
        ("beta", "calls.00001-4", None),
    ]
    assert len(providers.journal()) == 16


async def test_the_openai_sdk_retries_twice_and_has_nobody_else(bench, providers):
    """Each of its own retries bears an id of its own."""
    providers.set_fault("alpha", "http_status", status=503)

    evidence = await bench("openai-sdk").call("complete")

    assert statuses(evidence) == ["failed"] * 4
    assert attempts(evidence) == [("alpha", f"calls.00001-{n}", 503) for n in (1, 2, 3)]
    assert {
        row["client_request_id"] for row in providers.journal() if "00001" in row["client_request_id"]
    } == {f"calls.00001-{n}" for n in (1, 2, 3)}


@pytest.mark.parametrize("subject", ["baseline", "openai-sdk"])
async def test_a_truncated_stream_is_taken_for_the_answer(bench, providers, subject):
    """Which the harness calls wrong: the client is content, the text is a fragment."""
    providers.set_fault("alpha", "truncation", after_tokens=3)

    assert statuses(await bench(subject).call("stream")) == ["wrong"] * 4


@pytest.mark.parametrize("kind", ["complete", "stream"])
async def test_seawall_answers_from_the_next_provider(bench, providers, kind):
    """With its defaults, a provider that fails before the first token costs no call."""
    providers.set_fault("alpha", "http_status", status=503)

    evidence = await bench("seawall").call(kind)

    assert statuses(evidence) == ["ok"] * 4
    assert {row.provider for row in call_rows(evidence)} == {"beta"}
    assert attempts(evidence)[0] == ("alpha", "calls.00001-1", 503)


async def test_seawall_passes_no_fragment_off_as_the_answer(bench, providers):
    """A stream without its end is failed or restarted, and a restart is followed by the consumer."""
    providers.set_fault("alpha", "truncation", after_tokens=3)

    assert "wrong" not in statuses(await bench("seawall").call("stream"))


async def test_a_call_beyond_its_deadline_is_given_up(bench, providers):
    """Half a second after the deadline the harness waits no longer."""
    providers.set_fault("alpha", "blackhole")

    evidence = await bench("openai-sdk").call("complete", deadline_s=0.3)

    assert statuses(evidence) == ["unfinished"] * 4
    assert all(800 <= row.latency_ms < 1500 for row in call_rows(evidence))


async def test_load_does_not_wait_for_answers_but_is_bounded(bench, providers):
    """Calls start on time while others hang; beyond the bound they are not made, which the count shows."""
    providers.set_fault("alpha", "blackhole")

    free = await bench("openai-sdk").call("complete", deadline_s=0.3)
    bounded = await bench("openai-sdk").call("complete", deadline_s=0.3, outstanding_max=3)

    assert all(row.started_s - row.intended_s < 0.2 for row in call_rows(free))
    assert len(free.started) == 4
    assert sorted(bounded.started) == [1, 2, 3]


async def test_calls_under_way_can_be_stopped(bench, providers):
    """What was started has an outcome that says so; what was not is not made."""
    providers.set_fault("alpha", "blackhole")
    openai_sdk = bench("openai-sdk")

    await openai_sdk.begin("complete", calls=400)
    while len(openai_sdk.worker.started) < 5:  # noqa: ASYNC110 - until another process has come so far
        await asyncio.sleep(0.01)
    await openai_sdk.worker.stop()
    await openai_sdk.worker.close_client()
    evidence = openai_sdk.evidence()

    assert 5 <= len(evidence.started) < 400
    assert evidence.started.keys() == evidence.outcomes.keys()
    assert {row.failure for row in call_rows(evidence)} == {"stopped"}


async def test_the_death_of_a_worker_is_told(providers, tmp_path):
    """Whoever waits for it is told, and so is the one who watches."""
    bench = Bench("openai-sdk", providers, tmp_path / "log")
    await bench.worker.start()
    await bench.begin("complete")
    os.kill(bench.worker._process.pid, signal.SIGKILL)

    with pytest.raises(ChildDiedError, match=r"the worker of openai-sdk ended unexpectedly \(exit code -9\)"):
        await bench.worker.finish(10)
    assert len(bench.deaths) == 1
    with pytest.raises(ChildDiedError):
        await bench.worker.stop()
    await bench.worker.aclose()
