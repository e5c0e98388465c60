"""Prometheus metrics of calls, attempts and breakers. Needs the extra `prometheus`; docs/MONITORING.md lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pybreaker import CircuitBreaker, CircuitBreakerListener, CircuitBreakerState

from seawall.errors import ConfigurationError
from seawall.trace import AttemptRecord, CallContext, CallTrace

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SERIES_MAX = 1_000
"""Combinations of labels that one metric may have; what comes later is counted under "other"."""

# From a cached answer to a long one of a model that reasons first.
_DURATION_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 120, 300, 600)
_FIRST_TOKEN_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 20, 30, 60, 120)
_BREAKER_STATES = {"closed": 0, "half-open": 1, "open": 2}


class Metric(NamedTuple):
    """A metric as it is registered. One with buckets is a histogram, one that ends in `_total` a counter."""

    text: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()


METRICS = {
    "seawall_calls_total": Metric(
        "Calls by the service that have ended.", ("operation", "outcome", "provider", "model", "error")
    ),
    "seawall_call_duration_seconds": Metric(
        "Calls from start to end.", ("operation", "stream", "outcome"), _DURATION_BUCKETS_S
    ),
    "seawall_call_first_token_seconds": Metric(
        "Answered streams from the call's start to the first token.",
        ("provider", "model"),
        _FIRST_TOKEN_BUCKETS_S,
    ),
    "seawall_fallbacks_total": Metric(
        "Calls answered by another provider than the first one asked.", ("first", "answered")
    ),
    "seawall_stream_restarts_total": Metric("Streams started over after their first token.", ("outcome",)),
    "seawall_stream_continuations_total": Metric(
        "Streams that another attempt went on with from their text so far.", ("outcome",)
    ),
    "seawall_skipped_total": Metric(
        "Providers that a call passed over, by why.", ("provider", "model", "why")
    ),
    "seawall_attempts_total": Metric(
        "Requests to providers that have ended.", ("provider", "model", "why", "outcome", "failure")
    ),
    "seawall_attempt_duration_seconds": Metric(
        "Requests to providers from start to end.",
        ("provider", "model", "stream", "outcome"),
        _DURATION_BUCKETS_S,
    ),
    "seawall_attempt_first_token_seconds": Metric(
        "Streamed requests to providers from start to first token.",
        ("provider", "model"),
        _FIRST_TOKEN_BUCKETS_S,
    ),
    "seawall_tokens_total": Metric("Tokens as providers counted them.", ("provider", "model", "kind")),
    "seawall_cost_total": Metric(
        "Cost of tokens, in the currency of the prices in the settings.", ("provider", "model")
    ),
    "seawall_security_stages_total": Metric(
        "Stages of the security pipeline, by what they came to.", ("stage", "mode", "verdict")
    ),
    "seawall_security_findings_total": Metric(
        "What stages of the security pipeline found.", ("stage", "finding")
    ),
    "seawall_breaker_transitions_total": Metric(
        "Circuit breakers that changed state.", ("provider", "model", "state")
    ),
    "seawall_breaker_state": Metric(
        "State of a circuit breaker: 0 closed, 1 half-open, 2 open.", ("provider", "model")
    ),
}


class _Series:
    """One metric's children by the values of their labels."""

    __slots__ = ("_children", "_metric")

    def __init__(self, metric: Any) -> None:
        self._metric = metric
        self._children: dict[tuple[str, ...], Any] = {}

    def __call__(self, *labels: str) -> Any:
        child = self._children.get(labels)
        return self._make(labels) if child is None else child

    def __contains__(self, labels: tuple[str, ...]) -> bool:
        return labels in self._children

    def _make(self, labels: tuple[str, ...]) -> Any:
        if len(self._children) < SERIES_MAX:
            child = self._children[labels] = self._metric.labels(*labels)
            return child
        return self._metric.labels(*["other"] * len(labels))


class PrometheusMetrics(CircuitBreakerListener):
    """An observer that counts: `LLMManager.from_settings(observers=[PrometheusMetrics()])`.

    Give the same one to every manager of a process.

    Args:
        registry: where the metrics are registered; prometheus_client's own if not given.

    Raises:
        ConfigurationError: the extra is not installed, or the registry has these metrics already.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        try:
            import prometheus_client as prometheus  # noqa: PLC0415 - an extra
        except ImportError:
            raise ConfigurationError(
                "PrometheusMetrics needs the extra: pip install 'seawall[prometheus]'"
            ) from None
        where = prometheus.REGISTRY if registry is None else registry

        def add(name: str) -> _Series:
            text, labels, buckets = METRICS[name]
            if buckets:
                return _Series(prometheus.Histogram(name, text, labels, registry=where, buckets=buckets))
            if name.endswith("_total"):
                return _Series(prometheus.Counter(name, text, labels, registry=where))
            # Of several worker processes the worst state counts.
            return _Series(prometheus.Gauge(name, text, labels, registry=where, multiprocess_mode="livemax"))

        try:
            self._calls = add("seawall_calls_total")
            self._call_durations = add("seawall_call_duration_seconds")
            self._call_first_tokens = add("seawall_call_first_token_seconds")
            self._fallbacks = add("seawall_fallbacks_total")
            self._restarts = add("seawall_stream_restarts_total")
            self._continuations = add("seawall_stream_continuations_total")
            self._skipped = add("seawall_skipped_total")
            self._attempts = add("seawall_attempts_total")
            self._attempt_durations = add("seawall_attempt_duration_seconds")
            self._attempt_first_tokens = add("seawall_attempt_first_token_seconds")
            self._tokens = add("seawall_tokens_total")
            self._cost = add("seawall_cost_total")
            self._stages = add("seawall_security_stages_total")
            self._findings = add("seawall_security_findings_total")
            self._transitions = add("seawall_breaker_transitions_total")
            self._breakers = add("seawall_breaker_state")
        except ValueError:
            raise ConfigurationError(
                "this registry has Seawall's metrics already: give one PrometheusMetrics to every manager"
            ) from None

    def attempt_finished(self, context: CallContext, record: AttemptRecord) -> None:
        """Count an attempt."""
        provider, model, outcome = record.provider, record.model, record.outcome
        failure, usage = record.failure, record.usage
        kind = "" if failure is None else failure.kind.value
        stream = "true" if context.stream else "false"
        self._attempts(provider, model, record.why, outcome, kind).inc()
        duration_s = record.finished_s - record.started_s
        self._attempt_durations(provider, model, stream, outcome).observe(duration_s)
        if context.stream and record.first_token_s is not None:
            self._attempt_first_tokens(provider, model).observe(record.first_token_s - record.started_s)
        if usage is not None:
            self._tokens(provider, model, "input").inc(usage.input_tokens)
            self._tokens(provider, model, "output").inc(usage.output_tokens)
        if record.cost is not None:
            self._cost(provider, model).inc(record.cost)
        if (provider, model) not in self._breakers:  # nobody announces the first state
            self._breakers(provider, model).set(_BREAKER_STATES.get(record.breaker_state, 0))

    def call_finished(self, trace: CallTrace) -> None:
        """Count a call."""
        provider, model, outcome = trace.provider or "", trace.model or "", trace.outcome
        operation, stream = trace.operation, "true" if trace.stream else "false"
        self._calls(operation, outcome, provider, model, trace.error or "").inc()
        self._call_durations(operation, stream, outcome).observe(trace.duration_s)
        if trace.stream and outcome == "answered":
            answered = next(record for record in trace.attempts if record.outcome == "answered")
            if answered.first_token_s is not None:
                self._call_first_tokens(provider, model).observe(answered.first_token_s)
        if trace.fell_back:
            first = next(record.provider for record in trace.attempts if record.why == "first")
            self._fallbacks(first, provider).inc()
        if trace.restarts:
            self._restarts(outcome).inc(trace.restarts)
        if trace.continuations:
            self._continuations(outcome).inc(trace.continuations)
        for skipped in trace.skipped:
            why = skipped.why.partition(":")[0]  # what follows are numbers
            self._skipped(skipped.provider, skipped.model, why).inc()
        for stage in trace.stages:
            self._stages(stage.stage, stage.mode, stage.verdict).inc()
            for finding, number in stage.findings.items():
                self._findings(stage.stage, finding).inc(number)

    def state_change(
        self,
        cb: CircuitBreaker,
        old_state: CircuitBreakerState | None,  # noqa: ARG002 - pybreaker's signature
        new_state: CircuitBreakerState,
    ) -> None:
        """Note what a breaker has become."""
        provider, _, model = str(cb.name).partition("/")
        self._breakers(provider, model).set(_BREAKER_STATES[new_state.name])
        self._transitions(provider, model, new_state.name).inc()
