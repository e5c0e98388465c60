"""Prometheus metrics: what the text exposition says of calls, attempts and breakers, and that it stays bounded."""

import os
import subprocess
import sys

import msgspec
import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from seawall import ConfigurationError
from seawall.messages import Usage
from seawall.resilience.breaker_state import BreakerState
from seawall.resilience.failures import Failure, FailureKind
from seawall.telemetry import metrics
from seawall.telemetry.metrics import METRICS, PrometheusMetrics
from seawall.trace import AttemptRecord, CallContext, CallTrace, SkippedProvider, StageRecord

CONTEXT = CallContext(call_id="c7", stream=True, deadline_s=20.0)
FAILED = AttemptRecord(
    number=1,
    provider="alpha",
    model="m/a",
    why="first",
    started_s=0.0,
    finished_s=0.25,
    outcome="failed",
    client_request_id="c7-1",
    breaker_state="half-open",
    failure=Failure(kind=FailureKind.OVERLOADED),
)
ANSWERED = AttemptRecord(
    number=2,
    provider="beta",
    model="m-b",
    why="fallback",
    started_s=0.5,
    first_token_s=1.0,
    finished_s=4.5,
    outcome="answered",
    client_request_id="c7-2",
    usage=Usage(input_tokens=11, output_tokens=7),
    cost=0.25,
)
TRACE = CallTrace(
    call_id="c7",
    stream=True,
    deadline_s=20.0,
    duration_s=4.5,
    outcome="answered",
    attempts=(FAILED, ANSWERED),
    skipped=(SkippedProvider(provider="gamma", model="m-c", why="full: 8 of 8 under way, 2 waiting"),),
    provider="beta",
    model="m-b",
    restarts=1,
    continuations=2,
    stages=(
        StageRecord(
            stage="firewall", mode="shadow", verdict="blocked", time_ms=1.0, findings={"override": 2}
        ),
    ),
)


class Exposed:
    """Metrics in a registry of their own, read back from the text that Prometheus would scrape."""

    def __init__(self):
        self.registry = prometheus_client.CollectorRegistry()
        self.metrics = PrometheusMetrics(self.registry)

    def samples(self):
        text = prometheus_client.generate_latest(self.registry).decode()
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if not sample.name.endswith("_created")
        }

    def value(self, name, **labels):
        return self.samples()[(name, *sorted(labels.items()))]


@pytest.fixture
def exposed():
    """Empty metrics."""
    return Exposed()


def test_attempts(exposed):
    """By provider, model, reason, outcome and kind of failure; latencies count from the attempt's own start."""
    exposed.metrics.attempt_finished(CONTEXT, FAILED)
    exposed.metrics.attempt_finished(CONTEXT, ANSWERED)
    alpha, beta = {"provider": "alpha", "model": "m/a"}, {"provider": "beta", "model": "m-b"}
    answered = {**beta, "stream": "true", "outcome": "answered"}

    assert exposed.value(
        "seawall_attempts_total", **alpha, why="first", outcome="failed", failure="overloaded"
    )
    assert exposed.value("seawall_attempts_total", **beta, why="fallback", outcome="answered", failure="")
    assert exposed.value("seawall_attempt_duration_seconds_sum", **answered) == 4.0
    assert exposed.value("seawall_attempt_first_token_seconds_sum", **beta) == 0.5
    assert exposed.value("seawall_attempt_first_token_seconds_bucket", **beta, le="0.3") == 0
    assert exposed.value("seawall_tokens_total", **beta, kind="input") == 11
    assert exposed.value("seawall_tokens_total", **beta, kind="output") == 7
    assert exposed.value("seawall_cost_total", **beta) == 0.25


def test_calls(exposed):
    """Who answered, what fell back, what was restarted, who was passed over."""
    exposed.metrics.call_finished(TRACE)
    failed = msgspec.structs.replace(
        TRACE, outcome="failed", provider=None, model=None, error="AllProvidersFailed"
    )
    exposed.metrics.call_finished(failed)
    call = {"operation": "chat", "provider": "beta", "model": "m-b", "error": ""}
    nobody = {"operation": "chat", "provider": "", "model": "", "error": "AllProvidersFailed"}

    assert exposed.value("seawall_calls_total", **call, outcome="answered") == 1
    assert exposed.value("seawall_calls_total", **nobody, outcome="failed") == 1
    assert exposed.value("seawall_call_first_token_seconds_sum", provider="beta", model="m-b") == 1.0
    durations = {"operation": "chat", "stream": "true", "outcome": "answered"}
    assert exposed.value("seawall_call_duration_seconds_bucket", **durations, le="5.0") == 1
    assert exposed.value("seawall_fallbacks_total", first="alpha", answered="beta") == 1
    assert exposed.value("seawall_stream_restarts_total", outcome="answered") == 1
    assert exposed.value("seawall_stream_continuations_total", outcome="answered") == 2
    skipped = {"provider": "gamma", "model": "m-c", "why": "full"}
    assert exposed.value("seawall_skipped_total", **skipped) == 2
    stage = {"stage": "firewall", "mode": "shadow", "verdict": "blocked"}
    assert exposed.value("seawall_security_stages_total", **stage) == 2
    assert exposed.value("seawall_security_findings_total", stage="firewall", finding="override") == 4


def test_breakers(exposed):
    """The first state is that of the first attempt; then each transition is counted and becomes the state."""
    exposed.metrics.attempt_finished(CONTEXT, FAILED)
    exposed.metrics.attempt_finished(CONTEXT, ANSWERED)
    alpha = {"provider": "alpha", "model": "m/a"}
    assert exposed.value("seawall_breaker_state", **alpha) == 1
    assert exposed.value("seawall_breaker_state", provider="beta", model="m-b") == 0

    breaker = BreakerState("alpha/m/a", [exposed.metrics])
    breaker.change("open")
    exposed.metrics.attempt_finished(CONTEXT, FAILED)

    assert exposed.value("seawall_breaker_state", **alpha) == 2
    assert exposed.value("seawall_breaker_transitions_total", **alpha, state="open") == 1


def test_labels_are_bounded(exposed, monkeypatch):
    """Whatever names come along, a metric has so many series and no more; the rest is counted together."""
    monkeypatch.setattr(metrics, "SERIES_MAX", 3)
    for number in range(10):
        record = msgspec.structs.replace(FAILED, provider=f"p{number}")
        exposed.metrics.attempt_finished(CONTEXT, record)
    counted = {key: value for key, value in exposed.samples().items() if key[0] == "seawall_attempts_total"}

    assert len(counted) == 4
    assert sum(counted.values()) == 10
    assert max(counted.values()) == 7


def test_nothing_is_exposed_that_is_not_listed(exposed):
    """The table of metrics is what the registry has."""
    families = text_string_to_metric_families(prometheus_client.generate_latest(exposed.registry).decode())
    suffixed = {f"{f.name}_total" if f.type == "counter" else f.name: f.documentation for f in families}

    assert suffixed == {name: metric.text for name, metric in METRICS.items()}


def test_a_registry_that_has_them_already(exposed):
    """One clear line instead of prometheus_client's list of names."""
    with pytest.raises(ConfigurationError, match="give one PrometheusMetrics to every manager"):
        PrometheusMetrics(exposed.registry)


def test_the_missing_extra_is_named(monkeypatch):
    """What to install."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'seawall\[prometheus\]'"):
        PrometheusMetrics()


WORKER = """
from prometheus_client import CollectorRegistry
from seawall.resilience.breaker_state import BreakerState
from seawall.telemetry.metrics import PrometheusMetrics
from seawall.trace import CallTrace

metrics = PrometheusMetrics(CollectorRegistry())
BreakerState("alpha/m", [metrics]).change("STATE")
metrics.call_finished(CallTrace(call_id="c", stream=False, deadline_s=1, duration_s=0.5, outcome="failed"))
print("ready", flush=True)
input()
"""


@pytest.mark.real_processes
def test_worker_processes_add_up(tmp_path):
    """In prometheus_client's multiprocess mode calls are summed, and of a breaker's states the worst is shown."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER.replace("STATE", state)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for state in ("open", "half-open")
    ]
    try:
        assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 2
        script = (
            "import prometheus_client as p; from prometheus_client import multiprocess as m;"
            "r = p.CollectorRegistry(); m.MultiProcessCollector(r); print(p.generate_latest(r).decode())"
        )
        scraped = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        ).stdout
    finally:
        for worker in workers:
            worker.communicate("\n", timeout=10)

    assert 'seawall_breaker_state{model="m",provider="alpha"} 2.0' in scraped
    (line,) = [line for line in scraped.splitlines() if line.startswith("seawall_calls_total{")]
    assert line.endswith(" 2.0")
