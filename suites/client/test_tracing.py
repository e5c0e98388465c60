"""OpenTelemetry: spans and metrics by the GenAI conventions, from finished calls, below the caller's span."""

import sys
import warnings

import msgspec
import pytest
from opentelemetry import trace as otel
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes, http_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import error_attributes

from seawall import ConfigurationError
from seawall.messages import Usage
from seawall.providers.wire import HttpRequest
from seawall.resilience.failures import Failure, FailureKind
from seawall.telemetry import tracing
from seawall.telemetry.tracing import OpenTelemetry, TracePropagation
from seawall.trace import AttemptRecord, CallContext, CallTrace, SkippedProvider, StageRecord

NOW_NS = 1_790_000_000_000_000_000
CONTEXT = CallContext(call_id="c7", stream=True, deadline_s=20.0)
FAILED = AttemptRecord(
    number=1,
    provider="gemini",
    model="m-a",
    why="first",
    started_s=0.5,
    finished_s=0.75,
    outcome="failed",
    client_request_id="c7-1",
    http_status=503,
    failure=Failure(kind=FailureKind.OVERLOADED, detail="quotes a prompt"),
)
ANSWERED = AttemptRecord(
    number=2,
    provider="beta",
    model="m-b",
    why="fallback",
    started_s=0.75,
    first_token_s=1.0,
    finished_s=2.0,
    outcome="answered",
    client_request_id="c7-2",
    breaker_state="half-open",
    request_id="req_9",
    usage=Usage(input_tokens=11, output_tokens=7, cached_input_tokens=4, reasoning_tokens=2),
)
TRACE = CallTrace(
    call_id="c7",
    stream=True,
    deadline_s=20.0,
    duration_s=2.0,
    outcome="answered",
    attempts=(FAILED, ANSWERED),
    skipped=(SkippedProvider(provider="gamma", model="m-c", why="circuit breaker open"),),
    provider="beta",
    model="m-b",
    cost=0.25,
    stages=(StageRecord(stage="firewall", mode="enforce", verdict="passed", time_ms=1.0),),
)


class Collected:
    """An observer on providers of its own, and what they were given."""

    def __init__(self):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.observer = OpenTelemetry(
            tracer_provider=self.tracer_provider,
            meter_provider=MeterProvider([self.reader]),
            provider_names={"beta": "anthropic"},
            clock_ns=lambda: NOW_NS,
        )

    def tell(self, trace):
        for record in trace.attempts:
            self.observer.attempt_finished(CONTEXT, record)
        self.observer.call_finished(trace)

    @property
    def spans(self):
        return {span.name: span for span in self.exporter.get_finished_spans()}

    @property
    def points(self):
        (resource,) = self.reader.get_metrics_data().resource_metrics
        (scope,) = resource.scope_metrics
        return {metric.name: (metric.unit, list(metric.data.data_points)) for metric in scope.metrics}


@pytest.fixture
def collected():
    """Nothing yet."""
    return Collected()


def test_a_call_is_a_span_and_each_attempt_one_below_it(collected):
    """With the trace's own times, under whatever span the caller is in."""
    tracer = collected.tracer_provider.get_tracer("service")
    with tracer.start_as_current_span("request") as request:
        collected.tell(TRACE)
    call, failed, answered = (collected.spans[name] for name in ("seawall chat", "chat m-a", "chat m-b"))

    assert call.parent.span_id == request.get_span_context().span_id
    assert {failed.parent.span_id, answered.parent.span_id} == {call.context.span_id}
    assert (call.start_time, call.end_time) == (NOW_NS - 2_000_000_000, NOW_NS)
    assert (failed.start_time, failed.end_time) == (NOW_NS - 1_500_000_000, NOW_NS - 1_250_000_000)
    assert (call.kind, failed.kind) == (otel.SpanKind.INTERNAL, otel.SpanKind.CLIENT)
    skipped, stage = call.events
    assert (skipped.name, skipped.attributes["seawall.why"]) == ("seawall.skipped", "circuit breaker open")
    assert (stage.name, stage.attributes["seawall.verdict"]) == ("seawall.stage", "passed")
    assert call.attributes["seawall.cost"] == 0.25


def test_attributes_of_attempts(collected):
    """The conventions' for what they name, Seawall's own for the rest, and no free text."""
    collected.tell(TRACE)
    failed, answered = (collected.spans[name] for name in ("chat m-a", "chat m-b"))

    assert dict(failed.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "m-a",
        "gen_ai.request.stream": True,
        "http.response.status_code": 503,
        "error.type": "overloaded",
        "seawall.call_id": "c7",
        "seawall.provider": "gemini",
        "seawall.attempt": 1,
        "seawall.why": "first",
        "seawall.outcome": "failed",
        "seawall.breaker": "closed",
        "seawall.client_request_id": "c7-1",
    }
    assert (failed.status.status_code, failed.status.description) == (otel.StatusCode.ERROR, "overloaded")
    assert answered.status.status_code is otel.StatusCode.UNSET
    assert answered.attributes["gen_ai.provider.name"] == "anthropic"
    assert answered.attributes["gen_ai.response.time_to_first_chunk"] == 0.25
    assert answered.attributes["gen_ai.usage.input_tokens"] == 11
    assert answered.attributes["gen_ai.usage.cache_read.input_tokens"] == 4
    assert answered.attributes["gen_ai.usage.reasoning.output_tokens"] == 2
    assert "quotes" not in str([span.to_json() for span in collected.exporter.get_finished_spans()])


def test_a_call_that_fails_and_one_that_is_cancelled(collected):
    """The caller's error is the span's; leaving is no error."""
    collected.tell(
        msgspec.structs.replace(TRACE, outcome="failed", provider=None, error="AllProvidersFailed")
    )
    failed = collected.spans["seawall chat"]
    collected.exporter.clear()
    collected.tell(msgspec.structs.replace(TRACE, outcome="cancelled", provider=None, attempts=()))
    cancelled = collected.spans["seawall chat"]

    assert failed.attributes["error.type"] == failed.status.description == "AllProvidersFailed"
    assert (cancelled.status.status_code, cancelled.attributes["seawall.outcome"]) == (
        otel.StatusCode.UNSET,
        "cancelled",
    )


def test_a_probe_has_a_span_beside_the_call(collected):
    """It may end after the call did."""
    tracer = collected.tracer_provider.get_tracer("service")
    with tracer.start_as_current_span("request") as request:
        collected.observer.attempt_finished(CONTEXT, msgspec.structs.replace(FAILED, why="probe"))
    probe = collected.spans["chat m-a"]

    assert probe.parent.span_id == request.get_span_context().span_id
    assert (probe.start_time, probe.end_time) == (NOW_NS - 250_000_000, NOW_NS)


def test_metrics(collected):
    """Duration, first chunk and tokens per attempt, in the conventions' units and buckets."""
    collected.tell(TRACE)
    unit, durations = collected.points["gen_ai.client.operation.duration"]
    by_model = {point.attributes["gen_ai.request.model"]: point for point in durations}
    tokens = {
        point.attributes["gen_ai.token.type"]: point.sum
        for point in collected.points["gen_ai.client.token.usage"][1]
    }
    first_unit, (first,) = collected.points["gen_ai.client.operation.time_to_first_chunk"]

    assert (unit, first_unit) == ("s", "s")
    assert (by_model["m-a"].sum, by_model["m-a"].attributes["error.type"]) == (0.25, "overloaded")
    assert by_model["m-b"].explicit_bounds[:3] == (0.01, 0.02, 0.04)
    assert by_model["m-b"].explicit_bounds[-1] == 81.92
    assert tokens == {"input": 11, "output": 7}
    assert first.sum == 0.25


def test_names_are_those_of_the_conventions():
    """Every GenAI, HTTP and error name that is spelt here exists in the installed conventions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        modules = (gen_ai_attributes, gen_ai_metrics, http_attributes, error_attributes)
        known = {value for module in modules for value in vars(module).values() if isinstance(value, str)}
        providers = {member.value for member in gen_ai_attributes.GenAiProviderNameValues}
    spelt = {
        value
        for name, value in vars(tracing).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }

    assert len(spelt) > 10
    assert spelt - known == set()
    assert set(tracing.WELL_KNOWN_PROVIDERS.values()) <= providers


async def test_propagation_names_the_callers_span(collected):
    """Providers see a traceparent only where somebody wraps the engine."""
    sent = []

    class Engine:
        async def send(self, request, *, connect_timeout_s):
            sent.append(request.headers)

        async def aclose(self):
            sent.append("closed")

    engine = TracePropagation(Engine())
    with collected.tracer_provider.get_tracer("service").start_as_current_span("request") as request:
        await engine.send(HttpRequest("POST", "http://a", {"x": "y"}, b""), connect_timeout_s=1.0)
    await engine.aclose()
    context = request.get_span_context()

    assert sent[0]["traceparent"].startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")
    assert sent[1] == "closed"


@pytest.mark.parametrize("make", [OpenTelemetry, lambda: TracePropagation(None)])
def test_the_missing_extra_is_named(monkeypatch, make):
    """What to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'seawall\[opentelemetry\]'"):
        make()
