"""Synthetic recordings: rows with defaults, and a whole quick run of three subjects."""

import random
from dataclasses import replace

import pytest

from seawall_chaos.gates import Gate
from seawall_chaos.recording import (
    Attempt,
    Call,
    FaultWindow,
    LoadCount,
    LoadPlan,
    Manifest,
    MethodEntry,
    ProviderRecord,
    Recording,
    RecordingWriter,
    ScenarioRecord,
    SteadyState,
)
from seawall_reports.build import build

PROVIDERS = {"alpha": "openai", "beta": "anthropic", "gamma": "gemini"}
SUBJECTS = ["baseline", "openai-sdk", "seawall"]
CALL = Call(
    scenario="primary-503",
    subject="seawall",
    call=0,
    call_id="c0",
    kind="complete",
    intended_s=0.0,
    started_s=0.0,
    first_token_s=None,
    finished_s=0.1,
    status="ok",
    provider="alpha",
    failure=None,
    latency_ms=100.0,
    first_token_ms=None,
    attempts=1,
    output_chars=60,
    restarts=0,
)
ATTEMPT = Attempt(
    scenario="primary-503",
    subject="seawall",
    side="provider",
    call_id="c0",
    client_request_id="c0-1",
    provider="alpha",
    started_s=0.01,
    first_byte_s=0.05,
    finished_s=0.1,
    status=200,
    failure=None,
    fault=None,
    tokens=12,
    outcome="complete",
    breaker=None,
)
WINDOW = FaultWindow(
    scenario="primary-503",
    subject="seawall",
    entry=1,
    window=1,
    fault="http_status",
    on="alpha",
    carrier="mitmproxy",
    params='{"status": 503}',
    planned_start_s=1.0,
    planned_end_s=7.0,
    applied_s=1.0,
    healed_s=7.0,
    fired=3,
    evidence="the proxy answered it",
)
ENTRY = MethodEntry(entry=1, fault="http_status", on="alpha", params={"status": 503}, at_s=1.0, for_s=6.0)
GATE = Gate(subject="seawall", metric="success_rate", at_least=1.0)


def scenario_record(**changes):
    """A scenario of one fault and one gate, in its steady state, with one call sent per subject."""
    subjects = changes.get("subjects", ["seawall"])
    steady = SteadyState(met=True, calls=16, success_rate=1.0, at_least=0.99)
    whole = {
        "name": "primary-503",
        "title": "The primary answers 503",
        "description": "The most common outage: the preferred provider refuses every request at once.",
        "file": "chaos/seawall_chaos/scenarios/primary-503.yaml",
        "sha256": "ab" * 32,
        "path": "full",
        "duration_s": 8.0,
        "load": LoadPlan(rate_per_s=16.0, arrivals="poisson", stream_share=0.5, deadline_s=8.0),
        "providers": {n: ProviderRecord(wire=w, model=f"{n}-1") for n, w in PROVIDERS.items()},
        "subjects": subjects,
        "status": "complete",
        "steady_state": dict.fromkeys(subjects, steady),
        "load_count": dict.fromkeys(subjects, LoadCount(intended=1, sent=1)),
        "method": [ENTRY],
        "expect": [GATE],
    }
    return ScenarioRecord.model_validate(whole | changes)


def manifest_of(scenarios, **changes):
    """The manifest of a run of these scenarios."""
    subjects = list(dict.fromkeys(s for scenario in scenarios for s in scenario.subjects))
    whole = {
        "schema": 1,
        "run": "20261122T184500Z-1",
        "created_utc": "2026-11-22T18:45:00+00:00",
        "partial": False,
        "partial_reason": None,
        "seed": 1,
        "subjects": subjects or ["seawall"],
        "versions": {"toxiproxy": "2.12.0", "mitmproxy": "11.0.2", "openai": "3.54.0"},
        "host": {"system": "Linux", "cpus": 2},
        "command": "seawall chaos run quick --seed 1 --subjects baseline,openai-sdk,seawall",
        "scenarios": scenarios,
    }
    return Manifest.model_validate(whole | changes)


def write_run(folder, rows, scenarios, **changes):
    """Write a recording into the run folder `folder`, and return that folder."""
    writer = RecordingWriter(folder)
    writer.add(rows)
    writer.write(manifest_of(scenarios, **changes))
    return folder


@pytest.fixture
def recorded(tmp_path):
    """Writes rows and scenarios as a recording and reads it back."""

    def record(rows=(CALL, ATTEMPT, WINDOW), scenarios=None, **changes):
        scenarios = [scenario_record()] if scenarios is None else scenarios
        return Recording.open(write_run(tmp_path / "run", rows, scenarios, **changes))

    return record


@pytest.fixture(scope="session")
def rows():
    """Rows with defaults, the records of the manifest, and a writer for them."""

    class Rows:
        call = staticmethod(lambda **changes: replace(CALL, **changes))
        attempt = staticmethod(lambda **changes: replace(ATTEMPT, **changes))
        window = staticmethod(lambda **changes: replace(WINDOW, **changes))
        entry = staticmethod(lambda **changes: MethodEntry(**ENTRY.model_dump() | changes))
        gate = staticmethod(Gate)
        scenario = staticmethod(scenario_record)
        write = staticmethod(write_run)
        passing = (CALL, ATTEMPT, WINDOW)

    return Rows


# What a fault does to one attempt: how long until the client knows, and how.
REFUSED, HANGS, SLOW, MIDSTREAM = (0.004, "refused"), (2.0, "timeout"), (1.0, "slow"), (0.05, "cut")
METHODS = {
    "healthy": [],
    "flapping": [("gateway_html", "alpha", {"status": 502}, 1.0, 1.0, 2.0, 3, REFUSED)],
    "primary-429-retry-after": [
        ("http_status", "alpha", {"status": 429, "retry_after": "20"}, 1.0, 6.0, None, 1, REFUSED)
    ],
    "primary-503": [("http_status", "alpha", {"status": 503}, 1.0, 6.0, None, 1, REFUSED)],
    "primary-hang": [("blackhole", "alpha", {}, 1.0, 6.0, None, 1, HANGS)],
    "primary-slow": [("slow_first_token", "alpha", {"delay_s": 1}, 1.0, 6.0, None, 1, SLOW)],
    "stream-cut": [("cut", "alpha", {"after_tokens": 3, "how": "rst"}, 1.0, 6.0, None, 1, MIDSTREAM)],
    "stream-stall": [("stall", "alpha", {"after_tokens": 3}, 1.0, 6.0, None, 1, HANGS)],
    "two-down": [
        ("connection_refused", "alpha", {}, 1.0, 6.0, None, 1, REFUSED),
        ("http_status", "beta", {"status": 529}, 2.0, 5.0, None, 1, REFUSED),
    ],
}
TRIES = {"baseline": 3, "openai-sdk": 3, "seawall": 1}


class Simulation:
    """One subject in one scenario, played without any process."""

    def __init__(self, name, subject, calls, seed):
        self.name, self.subject, self.calls = name, subject, calls
        self.random = random.Random(f"{seed} {name} {subject}")
        self.providers = ["alpha"] if subject == "openai-sdk" else list(PROVIDERS)
        self.method = METHODS[name]
        self.fired = {}
        self.known_bad = {}

    def rows(self):
        at_s = 0.0
        for number in range(self.calls):
            at_s += self.random.expovariate(self.calls / 8.0)
            kind = "stream" if self.random.random() < 0.5 else "complete"
            yield from self.call(number, kind, min(at_s, 7.99))
        for number, (fault, on, params, start_s, for_s, every_s, times, _) in enumerate(self.method, 1):
            for window in range(times) if on in self.providers else ():
                begin_s = start_s + window * (every_s or 0)
                yield replace(
                    WINDOW,
                    scenario=self.name,
                    subject=self.subject,
                    entry=number,
                    window=window + 1,
                    fault=fault,
                    on=on,
                    params=str(params),
                    planned_start_s=begin_s,
                    planned_end_s=begin_s + for_s,
                    applied_s=begin_s + 0.01,
                    healed_s=begin_s + for_s + 0.01,
                    fired=self.fired.get(number, 0) if window == 0 else 1,
                )

    def effect(self, provider, now_s):
        for number, (fault, on, _, start_s, for_s, every_s, times, effect) in enumerate(self.method, 1):
            starts = [start_s + n * (every_s or 0) for n in range(times)]
            if on == provider and any(start <= now_s < start + for_s for start in starts):
                self.fired[number] = self.fired.get(number, 0) + 1
                return fault, effect
        return None, None

    def call(self, number, kind, intended_s):
        now_s, tried = intended_s + 0.001, 0
        for provider in self.providers:
            healthy = self.known_bad.get(provider, -1) < intended_s or provider == self.providers[-1]
            for _ in range(TRIES[self.subject] if healthy else 0):
                tried += 1
                fault, effect = self.effect(provider, now_s)
                lasts_s = self.random.lognormvariate(-2.3, 0.3)
                good = effect in (None, SLOW)
                if effect is SLOW:
                    lasts_s += 1.0
                elif effect is not None:
                    lasts_s = effect[0] if self.subject != "seawall" else min(effect[0], 0.6)
                yield from self.attempt(
                    number, tried, provider=provider, now_s=now_s, lasts_s=lasts_s, fault=fault, good=good
                )
                first_s = now_s + lasts_s * (0.5 if good else 0.2)
                now_s += lasts_s
                midstream = kind == "stream" and fault in ("cut", "stall")
                if good or midstream:
                    yield self.row(
                        number,
                        kind,
                        intended_s=intended_s,
                        first_s=first_s,
                        now_s=now_s,
                        provider=provider,
                        good=good,
                        tried=tried,
                    )
                    return
                if self.subject == "seawall":
                    self.known_bad[provider] = now_s + 0.8
        yield self.row(
            number,
            kind,
            intended_s=intended_s,
            first_s=None,
            now_s=now_s,
            provider=None,
            good=False,
            tried=tried,
        )

    def attempt(self, number, tried, *, provider, now_s, lasts_s, fault, good):
        call_id = f"{self.name}-{number}"
        client = Attempt(
            scenario=self.name,
            subject=self.subject,
            side="client",
            call_id=call_id,
            client_request_id=f"{call_id}-{tried}",
            provider=provider,
            started_s=now_s,
            first_byte_s=None,
            finished_s=now_s + lasts_s,
            status=200 if good else None,
            failure=None if good else "APIConnectionError",
            fault=fault,
            tokens=None,
            outcome="answered" if good else "failed",
            breaker=self.breaker(provider, now_s, good) if self.subject == "seawall" else None,
        )
        yield client
        if good or fault in ("cut", "stall"):
            yield replace(
                client,
                side="provider",
                started_s=now_s + 0.003,
                tokens=12 if good else 3,
                outcome="complete" if good else "faulted",
                breaker=None,
            )

    def breaker(self, provider, now_s, good):
        if provider not in self.known_bad:
            return "closed" if good else "open"
        return "closed" if good else "half_open"

    def row(self, number, kind, *, intended_s, first_s, now_s, provider, good, tried):
        first_s = first_s if kind == "stream" else None
        failure = None if good else ("APIError: cut" if provider else "InternalServerError 503")
        return replace(
            CALL,
            scenario=self.name,
            subject=self.subject,
            call=number,
            call_id=f"{self.name}-{number}",
            kind=kind,
            intended_s=intended_s,
            started_s=intended_s + 0.001,
            first_token_s=first_s,
            finished_s=now_s,
            status="ok" if good else "failed",
            provider=provider if good else None,
            failure=failure,
            latency_ms=(now_s - intended_s) * 1000,
            first_token_ms=None if first_s is None else (first_s - intended_s) * 1000,
            attempts=tried,
        )


def expectations(name):
    """Gates like those of the quick set."""
    seawall = {"subject": "seawall"}
    kind = {"kind": "complete"} if name.startswith("stream-") else {}
    yield Gate(**seawall, metric="success_rate", at_least=1.0, **kind)
    if name in ("primary-hang", "primary-slow", "healthy"):
        yield Gate(**seawall, metric="p95_ms", at_most=1.25, times="baseline")
    else:
        yield Gate(**seawall, metric="p99_ms", at_most=1000)
    yield Gate(**seawall, metric="attempts_per_call", at_most=1.5)


def quick_rows(names, calls, seed):
    """The rows and scenarios of a run of these scenarios."""
    rows, scenarios = [], []
    for name in names:
        method = METHODS[name]
        for subject in SUBJECTS:
            rows += Simulation(name, subject, calls, seed).rows()
        scenarios.append(
            scenario_record(
                name=name,
                title=name.replace("-", " ").capitalize(),
                file=f"chaos/seawall_chaos/scenarios/{name}.yaml",
                subjects=SUBJECTS,
                load_count=dict.fromkeys(SUBJECTS, LoadCount(intended=calls, sent=calls)),
                method=[
                    MethodEntry(
                        entry=n, fault=f, on=on, params=p, at_s=at, for_s=length, every_s=every, times=times
                    )
                    for n, (f, on, p, at, length, every, times, _) in enumerate(method, 1)
                ],
                expect=list(expectations(name)),
            )
        )
    return rows, scenarios


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory):
    """The folder of a run of three scenarios, three subjects and 64 calls each, with its report."""
    rows, scenarios = quick_rows(["healthy", "flapping", "two-down"], 64, 1)
    folder = write_run(tmp_path_factory.mktemp("whole") / "run", rows, scenarios)
    return folder, build(folder)
