"""OpenTelemetry spans and metrics by the conventions for generative AI. Needs the extra `opentelemetry`.

Spans are made when a call has ended, from its trace: nothing is done on the way of the answer, no span is left open
by a call that nobody finishes, and times are the trace's own. The caller's current span is their parent. A call is
one span of kind internal; each attempt is a client span below it, with the conventions' attributes. So what a
backend sums up by these, tokens for one, is counted once. No span holds text of a prompt or an answer.

The names are spelt here and nowhere else; a test holds them against opentelemetry-semantic-conventions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from seawall._version import __version__
from seawall.errors import ConfigurationError
from seawall.providers.wire import HttpEngine, HttpRequest, HttpResponse
from seawall.trace import AttemptRecord, CallContext, CallTrace

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

ERROR_TYPE = "error.type"
HTTP_STATUS = "http.response.status_code"
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
REQUEST_STREAM = "gen_ai.request.stream"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_INPUT_TOKENS = "gen_ai.usage.cache_read.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
DURATION_METRIC = "gen_ai.client.operation.duration"
FIRST_CHUNK_METRIC = "gen_ai.client.operation.time_to_first_chunk"
TOKEN_METRIC = "gen_ai.client.token.usage"  # noqa: S105

# What the conventions call the providers that Seawall names by itself.
WELL_KNOWN_PROVIDERS = {"gemini": "gcp.gemini", "azure": "azure.ai.openai"}

# As the conventions advise.
_DURATION_BUCKETS_S = tuple(0.01 * 2**power for power in range(14))
_TOKEN_BUCKETS = tuple(float(4**power) for power in range(14))
_NS = 1_000_000_000


def _need_extra() -> None:
    try:
        import opentelemetry.trace  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(
            "OpenTelemetry needs the extra: pip install 'seawall[opentelemetry]'"
        ) from None


class OpenTelemetry:
    """An observer that makes spans and metrics: `LLMManager.from_settings(observers=[OpenTelemetry()])`.

    Args:
        tracer_provider: the global one if not given.
        meter_provider: the global one if not given.
        provider_names: what the conventions call your providers (`gen_ai.provider.name`), by their names in the
            settings: `{"primary": "openai"}`. One that is not named here keeps its name.
        clock_ns: the wall clock, in nanoseconds since 1970.

    Raises:
        ConfigurationError: the extra is not installed.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        provider_names: Mapping[str, str] | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        _need_extra()
        from opentelemetry import metrics, trace  # noqa: PLC0415 - an extra

        self._trace = trace
        self._tracer = trace.get_tracer("seawall", __version__, tracer_provider)
        meter = metrics.get_meter("seawall", __version__, meter_provider)
        self._durations = meter.create_histogram(
            DURATION_METRIC,
            unit="s",
            description="GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_DURATION_BUCKETS_S,
        )
        self._first_chunks = meter.create_histogram(
            FIRST_CHUNK_METRIC,
            unit="s",
            description="Time to receive the first chunk.",
            explicit_bucket_boundaries_advisory=_DURATION_BUCKETS_S,
        )
        self._token_usage = meter.create_histogram(
            TOKEN_METRIC,
            unit="{token}",
            description="Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKEN_BUCKETS,
        )
        self._provider_names = {**WELL_KNOWN_PROVIDERS, **(provider_names or {})}
        self._clock_ns = clock_ns

    def attempt_finished(self, context: CallContext, record: AttemptRecord) -> None:
        """Measure an attempt; one that probes beside its call has a span of its own, below the caller's."""
        attributes = self._identity(context.operation, record)
        if record.failure is not None:
            attributes[ERROR_TYPE] = record.failure.kind.value
        duration_s = record.finished_s - record.started_s
        if record.outcome != "cancelled":
            self._durations.record(duration_s, attributes)
        if context.stream and record.first_token_s is not None:
            self._first_chunks.record(record.first_token_s - record.started_s, attributes)
        if (usage := record.usage) is not None:
            self._token_usage.record(usage.input_tokens, {**attributes, TOKEN_TYPE: "input"})
            self._token_usage.record(usage.output_tokens, {**attributes, TOKEN_TYPE: "output"})
        if record.why == "probe":
            self._attempt_span(context, record, self._clock_ns() - round(record.finished_s * _NS), None)

    def call_finished(self, trace: CallTrace) -> None:
        """Make the spans of a call and its attempts."""
        ended_ns = self._clock_ns()
        started_ns = ended_ns - round(trace.duration_s * _NS)
        attributes: dict[str, Any] = {
            "seawall.call_id": trace.call_id,
            "seawall.outcome": trace.outcome,
            "seawall.attempts": len(trace.attempts),
            "seawall.fell_back": trace.fell_back,
            "seawall.restarts": trace.restarts,
            "seawall.continuations": trace.continuations,
            "seawall.deadline_s": trace.deadline_s,
        }
        if trace.provider is not None:
            attributes["seawall.provider"] = trace.provider
        if trace.cost is not None:
            attributes["seawall.cost"] = trace.cost
        span = self._tracer.start_span(
            f"seawall {trace.operation}", attributes=attributes, start_time=started_ns
        )
        for skipped in trace.skipped:
            news = {
                "seawall.provider": skipped.provider,
                REQUEST_MODEL: skipped.model,
                "seawall.why": skipped.why,
            }
            span.add_event("seawall.skipped", news, timestamp=ended_ns)
        for stage in trace.stages:
            done = {
                "seawall.stage": stage.stage,
                "seawall.mode": stage.mode,
                "seawall.verdict": stage.verdict,
            }
            span.add_event("seawall.stage", done, timestamp=ended_ns)
        if trace.error is not None:
            self._mark(span, trace.error)
        for record in trace.attempts:
            self._attempt_span(trace, record, started_ns, span)
        span.end(ended_ns)

    def _attempt_span(
        self, call: CallContext | CallTrace, record: AttemptRecord, call_started_ns: int, parent: Span | None
    ) -> None:
        trace = self._trace
        span = self._tracer.start_span(
            f"{call.operation} {record.model}",
            context=None if parent is None else trace.set_span_in_context(parent),
            kind=trace.SpanKind.CLIENT,
            attributes=self._attempt_attributes(call, record),
            start_time=call_started_ns + round(record.started_s * _NS),
        )
        if record.failure is not None:
            self._mark(span, record.failure.kind.value)
        span.end(call_started_ns + round(record.finished_s * _NS))

    def _attempt_attributes(self, call: CallContext | CallTrace, record: AttemptRecord) -> dict[str, Any]:
        attributes = self._identity(call.operation, record) | {
            REQUEST_STREAM: call.stream,
            "seawall.call_id": call.call_id,
            "seawall.provider": record.provider,
            "seawall.attempt": record.number,
            "seawall.why": record.why,
            "seawall.outcome": record.outcome,
            "seawall.breaker": record.breaker_state,
            "seawall.client_request_id": record.client_request_id,
        }
        if record.response_model is not None:
            attributes[RESPONSE_MODEL] = record.response_model
        if record.http_status is not None:
            attributes[HTTP_STATUS] = record.http_status
        if record.request_id is not None:
            attributes["seawall.request_id"] = record.request_id
        if call.stream and record.first_token_s is not None:
            attributes[TIME_TO_FIRST_CHUNK] = record.first_token_s - record.started_s
        if (usage := record.usage) is not None:
            attributes |= {
                INPUT_TOKENS: usage.input_tokens,
                OUTPUT_TOKENS: usage.output_tokens,
                CACHED_INPUT_TOKENS: usage.cached_input_tokens,
                REASONING_TOKENS: usage.reasoning_tokens,
            }
        return attributes

    def _identity(self, operation: str, record: AttemptRecord) -> dict[str, Any]:
        """Return the attributes that spans and metrics share."""
        return {
            OPERATION: operation,
            PROVIDER: self._provider_names.get(record.provider, record.provider),
            REQUEST_MODEL: record.model,
        }

    def _mark(self, span: Span, error: str) -> None:
        span.set_attribute(ERROR_TYPE, error)
        span.set_status(self._trace.StatusCode.ERROR, error)


class TracePropagation:
    """An HTTP engine that tells providers which span asked: the `traceparent` header, by the global propagator.

    Off unless you wrap the engine yourself, since it tells others of your traces. The span named is the caller's.

    Args:
        engine: sends the requests, an `AiohttpEngine` for one.

    Raises:
        ConfigurationError: the extra is not installed.
    """

    def __init__(self, engine: HttpEngine) -> None:
        _need_extra()
        from opentelemetry import propagate  # noqa: PLC0415 - an extra

        self._inject = propagate.inject
        self._engine = engine

    async def send(self, request: HttpRequest, *, connect_timeout_s: float) -> HttpResponse:
        """Add the headers and send."""
        self._inject(request.headers)
        return await self._engine.send(request, connect_timeout_s=connect_timeout_s)

    async def aclose(self) -> None:
        """Close the engine."""
        await self._engine.aclose()
