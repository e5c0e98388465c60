"""What a service's monitoring sees of calls against real loopback providers: metrics, spans and audit events at once."""

import asyncio

import prometheus_client
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from seawall import LLMManager, audit_context, sync
from seawall.telemetry.audit import AuditTrail
from seawall.telemetry.metrics import PrometheusMetrics
from seawall.telemetry.tracing import OpenTelemetry

pytestmark = pytest.mark.real_processes


async def test_one_fallback_as_all_of_them_see_it(providers):
    """The first provider fails until its breaker opens; one caller leaves; each observer tells the same story."""
    providers.fault("alpha", "http_status", status=503)
    registry, exporter, events = prometheus_client.CollectorRegistry(), InMemorySpanExporter(), []
    tracer_provider = TracerProvider()
    tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    observers = [
        PrometheusMetrics(registry),
        OpenTelemetry(tracer_provider=tracer_provider, meter_provider=MeterProvider()),
        AuditTrail(events.append),
    ]
    overrides = providers.settings(("alpha", "beta"), breaker={"consecutive_failures": 2})
    async with LLMManager.from_settings(environ={}, overrides=overrides, observers=observers) as llm:
        with (
            tracer_provider.get_tracer("service").start_as_current_span("request"),
            audit_context(tenant="a"),
        ):
            for _ in range(3):
                assert (await llm.complete("a very private question")).provider == "beta"
            leaver = asyncio.create_task(llm.complete("a very private question"))
            await asyncio.sleep(0)
            leaver.cancel()
            await asyncio.gather(leaver, return_exceptions=True)

    alpha, beta = {"provider": "alpha", "model": "alpha-1"}, {"provider": "beta", "model": "beta-1"}
    value = registry.get_sample_value
    failed = {"why": "first", "outcome": "failed", "failure": "overloaded"}
    assert value("seawall_attempts_total", {**alpha, **failed}) == 2
    assert value("seawall_fallbacks_total", {"first": "alpha", "answered": "beta"}) == 2
    assert value("seawall_breaker_state", alpha) == 2
    assert value("seawall_tokens_total", {**beta, "kind": "output"}) > 0

    request, *others = sorted(exporter.get_finished_spans(), key=lambda span: span.name != "request")
    assert [span.name for span in others].count("seawall chat") == 4
    assert {span.context.trace_id for span in others} == {request.context.trace_id}

    assert [event.call.outcome for event in events] == ["answered"] * 3 + ["cancelled"]
    assert {event.call.caller["tenant"] for event in events} == {"a"}
    assert (events[0].attempts[0].failure, events[0].attempts[1].why) == ("overloaded", "fallback")
    assert [skipped.provider for skipped in events[2].skipped] == ["alpha"]
    assert "private" not in "".join(map(str, events)) + "".join(span.to_json() for span in others)


def test_the_callers_fields_and_span_reach_the_loop_of_the_sync_client(providers):
    """Observers run on the portal's thread, in the context of the thread that called."""
    exporter, events = InMemorySpanExporter(), []
    tracer_provider = TracerProvider()
    tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    observers = [
        OpenTelemetry(tracer_provider=tracer_provider, meter_provider=MeterProvider()),
        AuditTrail(events.append),
    ]
    overrides = providers.settings(("beta",))
    with sync.LLMManager.from_settings(environ={}, overrides=overrides, observers=observers) as llm:
        with (
            tracer_provider.get_tracer("service").start_as_current_span("request"),
            audit_context(tenant="a"),
        ):
            llm.complete("hello")
            with llm.stream("hello") as stream:
                list(stream)
        llm.complete("hello")
    spans = exporter.get_finished_spans()
    request = next(span for span in spans if span.name == "request")
    calls = [span for span in spans if span.name == "seawall chat"]

    assert [dict(event.call.caller) for event in events] == [{"tenant": "a"}, {"tenant": "a"}, {}]
    assert [span.parent and span.parent.span_id for span in calls] == [request.context.span_id] * 2 + [None]
