"""The front door: a service's calls against real loopback providers that speak three different wires."""

import asyncio
import json
import time
import types

import pytest

from seawall import (
    AllProvidersFailed,
    ConfigurationError,
    DeadlineExceeded,
    Done,
    InvalidRequest,
    LLMManager,
    Message,
    StreamInterrupted,
    StreamRestarted,
    TextDelta,
    configure_json_logs,
)

pytestmark = pytest.mark.real_processes
ALL = ("alpha", "beta", "gamma")
NOTHING_LEFT = {"tasks": 0, "connections": 0, "probes": 0}


async def complete(llm, prompt, **options):
    """A whole answer and its text."""
    answer = await llm.complete(prompt, **options)
    return answer, answer.text


async def read(stream, into):
    """Put the events of a stream into a list, one by one."""
    async with stream as source:
        async for event in source:
            into.append(event)


async def consume(llm, prompt, *, into=None, **options):
    """A streamed answer, and the text as a consumer that obeys restarts ends up with it."""
    events, text = [] if into is None else into, ""
    await read(llm.stream(prompt, **options), events)
    for event in events:
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, StreamRestarted):
            text = text[: event.discard_from]
    return events[-1].completion, text


@pytest.fixture
def world(service, providers, meant, leaks):
    """The fixtures of a test in one."""
    return types.SimpleNamespace(service=service, providers=providers, meant=meant, leaks=leaks)


# Who is asked: in the configured order, until one answers


async def test_a_healthy_call_is_answered_by_the_first_provider(service, providers, meant):
    """The text is the provider's, and the answer says who gave it and what it took."""
    async with service() as llm:
        answer = await llm.complete("Summarise this ticket", call_id="call-1")
    (row,) = await providers.saw(1)

    assert meant(row, answer.text)
    assert (answer.provider, answer.model) == ("alpha", "alpha-1")
    assert answer.usage.output_tokens == row["output_tokens"]
    assert answer.request_id == row["request_id"]
    assert row["client_request_id"] == "call-1-1"
    (record,) = answer.trace.attempts
    assert (record.why, record.outcome, record.http_status, record.breaker_state) == (
        "first",
        "answered",
        200,
        "closed",
    )
    assert answer.trace.call_id == "call-1"
    assert record.response_model == answer.model
    assert 0 < record.finished_s <= answer.trace.duration_s


@pytest.mark.parametrize("ask", [complete, consume], ids=["complete", "stream"])
@pytest.mark.parametrize(
    "down", [("alpha",), ("beta",), ("alpha", "beta"), ("alpha", "gamma"), ("beta", "gamma")]
)
@pytest.mark.parametrize("names", [ALL, ("gamma", "beta", "alpha"), ("beta", "gamma", "alpha")], ids="".join)
async def test_the_first_healthy_provider_in_order_answers(service, providers, ask, names, down):
    """Whatever the order, whoever is down, whole or streamed: everybody before it was asked once, nobody after it."""
    for name in down:
        providers.fault(name, "http_status", status=503)
    expected = next(name for name in names if name not in down)
    async with service(names) as llm:
        answer, _ = await ask(llm, "hello")

    assert answer.provider == expected
    assert [record.provider for record in answer.trace.attempts] == list(names[: names.index(expected) + 1])
    assert answer.trace.fell_back == (expected != names[0])


@pytest.mark.parametrize(
    ("fault", "params", "kind"),
    [
        ("http_status", {"status": 503}, "overloaded"),
        ("http_status", {"status": 500}, "server_error"),
        ("http_status", {"status": 429, "retry_after": 20}, "rate_limited"),
        ("http_status", {"status": 400}, "invalid_request"),
        ("http_status", {"status": 401}, "auth"),
        ("gateway_html", {}, None),
        ("tcp_reset", {}, "connect"),
        ("truncation", {}, None),
        ("malformed_json", {}, "bad_response"),
        ("error_event", {}, None),
        ("cut", {}, None),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
@pytest.mark.parametrize("ask", [complete, consume], ids=["complete", "stream"])
async def test_any_fault_of_the_first_provider_is_survived(world, ask, fault, params, kind):
    """The answer is whole and the second provider's, on another wire; nobody waits for the first."""
    providers = world.providers
    providers.fault("alpha", fault, **params)
    async with world.service() as llm:
        started = time.monotonic()
        answer, text = await ask(llm, "hello")
        assert time.monotonic() - started < 2.0
        assert await world.leaks(llm) == NOTHING_LEFT
    rows = await providers.saw(2)

    assert answer.provider == "beta"
    assert answer.text == text
    assert world.meant(next(row for row in rows if row["provider"] == "beta"), text)
    first, second = answer.trace.attempts
    assert (first.provider, first.outcome, second.provider) == ("alpha", "failed", "beta")
    assert kind is None or first.failure.kind == kind
    assert second.why == ("restart" if answer.trace.restarts else "fallback")
    assert answer.trace.fell_back


async def test_a_connection_that_is_refused_is_a_fallback(service, providers):
    """A dead address costs next to nothing."""
    overrides = providers.settings(("alpha", "beta"))
    overrides["providers"][0]["base_url"] = "http://127.0.0.1:9/v1"
    async with LLMManager.from_settings(environ={}, overrides=overrides) as llm:
        answer = await llm.complete("hello")

    assert answer.provider == "beta"
    assert answer.trace.attempts[0].failure.kind == "connect"


async def test_a_request_that_two_providers_blame_is_not_taken_to_a_third(service, providers):
    """The third provider never sees it."""
    providers.fault("alpha", "http_status", status=400)
    providers.fault("beta", "http_status", status=400)
    async with service() as llm:
        with pytest.raises(InvalidRequest):
            await llm.complete("hello")
    rows = await providers.saw(2)

    assert sorted(row["provider"] for row in rows) == ["alpha", "beta"]


async def test_a_rate_limited_provider_is_left_alone(service, providers):
    """After 429 with Retry-After nobody asks it, and nobody waits for it."""
    providers.fault("alpha", "http_status", status=429, retry_after=20)
    async with service() as llm:
        for _ in range(5):
            await llm.complete("hello")
    rows = await providers.saw(6)

    assert [row["provider"] for row in rows].count("alpha") == 1


async def test_a_hanging_provider_is_hedged_and_then_left(service, providers, leaks):
    """No caller waits for the time-out; three lost races open the breaker; every loser's connection is closed."""
    async with service(hedging={"cold_delay_s": 0.1}) as llm:
        for _ in range(8):
            await llm.complete("warm")
        providers.fault("alpha", "blackhole")
        for number in range(6):
            started = time.monotonic()
            answer = await llm.complete(f"hello {number}")
            assert answer.provider == "beta"
            assert time.monotonic() - started < 1.0
        assert llm.breaker_states()["alpha"] == "open"
        assert await leaks(llm) == NOTHING_LEFT
    rows = await providers.saw(8 + 6 + 3)

    outcomes = [row["outcome"] for row in rows if row["provider"] == "alpha"]
    assert outcomes.count("complete") == 8
    assert len(outcomes) == 11


async def test_a_recovering_provider_is_probed_beside_a_call(service, providers, notes):
    """Its breaker closes by a probe that no caller waits for, and traffic returns."""
    providers.fault("alpha", "http_status", status=503)
    async with service(breaker={"open_s": 0.1, "ramp_s": 0}) as llm:
        for _ in range(3):
            await llm.complete("hello")
        providers.heal("alpha")
        until = time.monotonic() + 5
        while (await llm.complete("again")).provider != "alpha":
            assert time.monotonic() < until, "never returned"
            await asyncio.sleep(0.01)
        assert llm.breaker_states()["alpha"] == "closed"

    probes = [record for _, record in notes.attempts if record.why == "probe"]
    assert [record.provider for record in probes] == ["alpha"]
    assert probes[0].breaker_state == "half-open"
    assert len(notes.calls) == len({context.call_id for context, _ in notes.attempts})


async def test_an_operator_may_bypass_the_breakers(service, providers):
    """One call can be sent to a provider that is shut for everybody else."""
    async with service() as llm:
        llm.force_breaker("alpha", "open")
        assert (await llm.complete("hello")).provider == "beta"
        assert (await llm.complete("hello", bypass_breakers=True)).provider == "alpha"


# How often: retries have limits, and one deadline is over everything


async def test_retries_are_limited(service, providers):
    """Each provider sees at most the attempts that the settings allow, and the error lists every one."""
    for name in ALL:
        providers.fault(name, "http_status", status=500)
    retry = {"attempts_per_provider": 2, "wait_initial_s": 0.01, "wait_max_s": 0.02}
    async with service(retry=retry, breaker={"enabled": False}) as llm:
        with pytest.raises(AllProvidersFailed) as caught:
            await llm.complete("hello")
    rows = await providers.saw(6)

    assert sorted(row["provider"] for row in rows) == sorted(ALL * 2)
    whys = [record.why for record in caught.value.trace.attempts]
    assert whys == ["first", "fallback", "fallback", "retry", "retry", "retry"]
    lines = str(caught.value).splitlines()
    assert len(lines) == 7
    assert all("server_error (HTTP 500)" in line for line in lines[1:])


async def test_attempts_are_limited_in_all(service, providers):
    """However many providers there are and however often each may be asked."""
    for name in ALL:
        providers.fault(name, "http_status", status=500)
    retry = {"attempts_per_provider": 5, "attempts_max": 4, "wait_initial_s": 0, "wait_max_s": 0}
    async with service(retry=retry, breaker={"enabled": False}) as llm:
        with pytest.raises(AllProvidersFailed):
            await llm.complete("hello")

    assert len(await providers.saw(4)) == 4


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (403, "permission")])
async def test_what_asking_again_cannot_mend_is_not_asked_again(service, providers, status, kind):
    """A wrong key stays wrong."""
    providers.fault("alpha", "http_status", status=status)
    async with service(("alpha",)) as llm:
        with pytest.raises(AllProvidersFailed) as caught:
            await llm.complete("hello")

    assert [record.failure.kind for record in caught.value.trace.attempts] == [kind]
    assert len(await providers.saw(1)) == 1


async def test_retries_of_many_calls_share_one_budget(service, providers):
    """An outage is not answered with a multiple of the load: when the budget is spent, a call is one attempt."""
    providers.fault("alpha", "http_status", status=500)
    retry = {"attempts_per_provider": 3, "wait_initial_s": 0, "wait_max_s": 0}
    budget = {"capacity": 5, "floor_per_s": 0, "success_share": 0}
    async with service(("alpha",), retry=retry, retry_budget=budget, breaker={"enabled": False}) as llm:
        for _ in range(10):
            with pytest.raises(AllProvidersFailed):
                await llm.complete("hello")

    assert len(await providers.saw(15)) == 10 + 5


async def test_a_wait_that_does_not_fit_the_deadline_is_not_begun(service, providers):
    """The only provider asks for twenty seconds, the caller has two: the error comes at once and says until when."""
    providers.fault("alpha", "http_status", status=429, retry_after=20)
    async with service(("alpha",)) as llm:
        started = time.monotonic()
        with pytest.raises(AllProvidersFailed) as caught:
            await llm.complete("hello", deadline_s=2)
        assert time.monotonic() - started < 0.5

    (record,) = caught.value.trace.attempts
    assert (record.failure.kind, record.failure.retry_after_s) == ("rate_limited", 20)


async def test_the_deadline_holds_over_everything(service, providers, leaks):
    """Hangs, fallbacks and waits together take no longer than the caller said."""
    for name in ALL:
        providers.fault(name, "blackhole")
    async with service() as llm:
        for ask in (complete, consume):
            started = time.monotonic()
            with pytest.raises(DeadlineExceeded) as caught:
                await ask(llm, "hello", deadline_s=0.4)
            assert 0.39 <= time.monotonic() - started <= 0.6
            assert caught.value.trace.attempts[-1].failure.kind == "timeout_total"
        assert await leaks(llm) == NOTHING_LEFT


# What is told: on answers, errors and streams, to observers and in the log


@pytest.mark.parametrize(
    ("error", "fault", "options"),
    [
        (AllProvidersFailed, {"fault": "http_status", "status": 503}, {}),
        (InvalidRequest, {"fault": "http_status", "status": 400}, {}),
        (DeadlineExceeded, {"fault": "blackhole"}, {"deadline_s": 0.2}),
    ],
    ids=["AllProvidersFailed", "InvalidRequest", "DeadlineExceeded"],
)
@pytest.mark.parametrize("ask", [complete, consume], ids=["complete", "stream"])
async def test_every_error_tells_what_was_tried(world, ask, error, fault, options):
    """The same trace as an answer: who, why, when, how it ended, and which id the provider's support asks for."""
    for name in ALL:
        world.providers.fault(name, **fault)
    async with world.service(retry={"attempts_per_provider": 1}) as llm:
        with pytest.raises(error) as caught:
            await ask(llm, "hello", call_id="call-7", **options)
    trace = caught.value.trace

    assert (trace.call_id, trace.outcome, trace.error) == ("call-7", "failed", error.__name__)
    assert trace.provider is None
    assert trace.attempts[0].provider == "alpha"
    for record in trace.attempts:
        assert record.client_request_id == f"call-7-{record.number}"
        assert record.http_status == fault.get("status")
        assert record.outcome == "failed"
        assert 0 <= record.started_s <= record.finished_s <= trace.duration_s
    assert all(record.provider in str(caught.value) for record in trace.attempts)


async def test_an_error_names_every_provider_that_was_passed_over(service, providers):
    """The trace of a failed call says who was not asked and why."""
    providers.fault("beta", "http_status", status=500)
    async with service(("alpha", "beta"), retry={"attempts_per_provider": 1}) as llm:
        llm.force_breaker("alpha", "open")
        with pytest.raises(AllProvidersFailed) as caught:
            await llm.complete("hello")
        assert llm.breaker_states() == {"alpha": "open", "beta": "closed"}

    assert [skipped.provider for skipped in caught.value.trace.skipped] == ["alpha"]
    assert "alpha/alpha-1 not asked: circuit breaker open" in str(caught.value)


async def test_a_hedge_is_on_record(service, providers):
    """Both attempts: the one that was overtaken, and the one that answered."""
    providers.fault("alpha", "blackhole")
    async with service(("alpha", "beta"), hedging={"cold_delay_s": 0.05, "cold_scout_s": 0.05}) as llm:
        answer = await llm.complete("hello")

    assert {(r.number, r.provider, r.why, r.outcome) for r in answer.trace.attempts} == {
        (1, "alpha", "first", "cancelled"),
        (2, "beta", "hedge", "answered"),
    }


async def test_a_restarted_stream_tells_who_took_over_and_what_to_discard(service, providers):
    """In the event itself, and in the trace of the whole."""
    providers.fault("alpha", "cut", after_tokens=3)
    async with service() as llm:
        events = []
        answer, text = await consume(llm, "hello", into=events)
    restarts = [event for event in events if isinstance(event, StreamRestarted)]

    assert [(event.provider, event.discard_from) for event in restarts] == [("beta", 0)]
    assert [(r.provider, r.why, r.outcome) for r in answer.trace.attempts] == [
        ("alpha", "first", "failed"),
        ("beta", "restart", "answered"),
    ]
    assert (answer.trace.restarts, answer.trace.stream) == (1, True)
    assert 0 < answer.trace.attempts[1].first_token_s <= answer.trace.duration_s
    assert answer.text == text


async def test_observers_and_logs_tell_of_every_attempt_and_call(service, providers, notes, logger, tmp_path):
    """One event per attempt and per call, in order; the log has the same as JSON lines, without the prompt."""
    providers.fault("alpha", "http_status", status=503)
    file = tmp_path / "seawall.log"
    with file.open("w", encoding="utf-8") as log:
        configure_json_logs(log)
        async with service() as llm:
            await llm.complete("a very private question", call_id="c1")
            await consume(llm, "a very private question", call_id="c2")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    assert [(record.provider, record.outcome) for _, record in notes.attempts] == [
        ("alpha", "failed"),
        ("beta", "answered"),
    ] * 2
    assert [trace.call_id for trace in notes.calls] == ["c1", "c2"]
    assert [line["event"] for line in lines] == ["llm.attempt", "llm.attempt", "llm.call"] * 2
    assert "private" not in file.read_text(encoding="utf-8")


# Streams: whole, or an error


async def test_failing_before_the_first_token_is_invisible(service, providers):
    """The consumer sees one provider's tokens and no restart."""
    providers.fault("alpha", "error_event", after_tokens=0)
    async with service() as llm:
        events = []
        answer, text = await consume(llm, "hello", into=events)

    assert {type(event) for event in events} == {TextDelta, Done}
    assert answer.trace.restarts == 0
    assert answer.text == text


async def test_a_stalling_stream_is_completed_by_another_provider(service, providers, leaks):
    """An unusual silence in mid-stream restarts the stream long before the stall time."""
    async with service() as llm:
        for number in range(6):
            await consume(llm, f"warm {number}")
        providers.fault("alpha", "stall", after_tokens=3)
        started = time.monotonic()
        events = []
        answer, text = await consume(llm, "hello", into=events)

        assert time.monotonic() - started < 2.0
        assert [type(event) for event in events[:4]] == [TextDelta, TextDelta, TextDelta, StreamRestarted]
        assert isinstance(events[-1], Done)
        assert answer.text == text
        assert answer.provider == "beta"
        assert await leaks(llm) == NOTHING_LEFT


async def test_raising_in_mid_stream_is_a_choice(service, providers):
    """With `raise` the consumer gets an error that carries the trace, after what it already has."""
    providers.fault("alpha", "cut", after_tokens=3)
    async with service(streaming={"on_midstream_failure": "raise"}) as llm:
        got = []
        with pytest.raises(StreamInterrupted) as caught:
            await read(llm.stream("hello"), got)

    assert len(got) == 3
    assert caught.value.trace.attempts[0].failure.kind == "stream_cut"


async def test_a_stream_nobody_can_serve_fails_on_entering(service, providers):
    """Before anything is handed out, so a service can still answer with a status of its own."""
    for name in ALL:
        providers.fault(name, "http_status", status=500)
    async with service(retry={"attempts_per_provider": 1}) as llm:
        with pytest.raises(AllProvidersFailed):
            async with llm.stream("hello"):
                pytest.fail("entered")


async def test_a_consumer_that_pauses_gets_the_whole_stream(service, providers, meant):
    """A pause longer than the stall time is the consumer's own business."""
    async with service(timeouts={"stall_s": 0.05}) as llm:
        text = ""
        async with llm.stream("hello") as events:
            async for event in events:
                if not text:
                    await asyncio.sleep(0.2)
                if isinstance(event, TextDelta):
                    text += event.text
    (row,) = await providers.saw(1)

    assert meant(row, text)
    assert event.completion.trace.restarts == 0


# What is left behind: nothing


async def test_connections_are_reused(service, providers):
    """Sequential calls and streams share one connection per provider."""
    async with service() as llm:
        for number in range(5):
            await llm.complete(f"hello {number}")
            await consume(llm, f"hello {number}")
    rows = await providers.saw(10)

    assert len({row["connection"] for row in rows}) == 1


async def test_cancelled_calls_leave_nothing(service, providers, leaks):
    """Calls and streams cancelled at any moment leave no task, connection or count behind."""
    async with service() as llm:
        for number in range(150):
            ask = (complete, consume)[number % 2]
            task = asyncio.create_task(ask(llm, f"hello {number}"))
            await asyncio.sleep((number % 10) * 0.0006)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await leaks(llm) == NOTHING_LEFT
        window = llm.client.fleet.provider("alpha").breaker._window
        assert (window.failures, window.slows) == (0, 0)
        assert llm.breaker_states() == dict.fromkeys(ALL, "closed")


async def test_a_consumer_that_stops_reading_leaves_nothing(service, providers, leaks):
    """Leaving the block in mid-stream closes the connection at once; the provider sees its client leave."""
    providers.fault("alpha", "stall", after_tokens=2)
    async with service() as llm:
        async with llm.stream("hello") as events:
            async for _ in events:
                break
        assert await leaks(llm) == NOTHING_LEFT
    (row,) = await providers.saw(1)

    assert row["outcome"] in {"client_left", "faulted"}
    assert row["tokens_sent"] <= 2


async def test_many_calls_at_once(service, providers, leaks):
    """Two hundred concurrent calls and streams are all answered."""
    async with service() as llm:
        answers = await asyncio.gather(
            *(llm.complete(f"c {n}") for n in range(100)),
            *(consume(llm, f"s {n}") for n in range(100)),
        )
        assert await leaks(llm) == NOTHING_LEFT

    assert len(answers) == 200
    assert all(answer.text for answer in answers[:100])
    assert all(text for _, text in answers[100:])


# How it is set up and called


async def test_settings_come_from_a_file_and_the_environment(providers, tmp_path):
    """What a service does: a YAML file, keys in the environment, and the environment wins."""
    file = tmp_path / "seawall.yaml"
    file.write_text(
        "providers:\n"
        f"  - {{name: beta, wire: anthropic, model: beta-1, base_url: '{providers.base_urls['beta']}', api_key_env: B_KEY}}\n"
        "deadline_s: 30\n",
        encoding="utf-8",
    )
    environ = {"B_KEY": "sk-integration-0123456789", "SEAWALL_DEADLINE_S": "7"}
    async with LLMManager.from_settings(file, environ=environ) as llm:
        answer = await llm.complete(
            [Message(role="system", content="Be brief."), {"role": "user", "content": "hi"}]
        )

    assert answer.provider == "beta"
    assert answer.trace.deadline_s == 7


async def test_an_option_that_does_not_exist_is_an_error(service):
    """A misspelt option is not silently ignored."""
    async with service() as llm:
        with pytest.raises(TypeError, match="unknown option 'dedline_s'"):
            await llm.complete("hi", dedline_s=3)


@pytest.mark.parametrize(
    ("prompt", "options", "says"),
    [
        ([], {}, "at least one message"),
        ([{"role": "user", "content": "hi"}, {"role": "robot"}], {}, "message 2"),
        ("hi", {"deadline_s": 0}, "deadline_s 0"),
        ("hi", {"deadline_s": float("nan")}, "deadline_s nan"),
        ("hi", {"call_id": "two\nlines"}, "call_id 'two\\nlines'"),
        ("hi", {"call_id": ""}, "call_id ''"),
        ("hi", {"tool_choice": "lookup"}, "tool_choice 'lookup'"),
        ("hi", {"max_output_tokens": 0}, "max_output_tokens 0"),
    ],
)
async def test_impossible_arguments_are_refused_before_anything_is_sent(
    service, providers, prompt, options, says
):
    """One clear error, and no provider is asked."""
    async with service() as llm:
        with pytest.raises(ConfigurationError) as caught:
            await llm.complete(prompt, **options)

    assert says in str(caught.value)
    assert providers.journal() == []
