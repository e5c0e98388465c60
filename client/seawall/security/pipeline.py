"""The security pipeline: one screening for each call, from what the user says to what the user sees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from seawall.errors import ConfigurationError
from seawall.messages import CompletionRequest, Message, ProviderReply, ToolCall
from seawall.resilience.failures import Failure, FailureKind, ProviderError
from seawall.security.answer_screen import AttemptScreen
from seawall.security.finding import Kind
from seawall.security.firewall import Firewall, FirewallOptions, Thresholds, WhenExceeded
from seawall.security.grounding import Contract, Violation
from seawall.security.grounding_options import Grounding
from seawall.security.options import SecurityOptions, StageOptions
from seawall.security.redaction import Detection, Redactor
from seawall.security.request_screen import redacted, screen_for_injection, texts_of
from seawall.security.secrets.registered import RegisteredSecrets, can_be_registered
from seawall.security.stage import StageRun
from seawall.security.text_screening import TextScreening
from seawall.security.tools.copied import Context
from seawall.security.tools.policy import ToolPolicy
from seawall.security.verification import Ask, Verification
from seawall.source_message import with_sources
from seawall.trace import StageRecord

_OPERATIONS_PER_MS = 100_000
_FEEDBACK_CHARS_MAX = 1500


class SecurityPipeline:
    """What the calls of one client share: rules, detectors, options. Holds nothing of any call.

    Args:
        options: which stage does what.
        registered: secrets that must never leave, by value: the keys of the providers, and your own. Those too
            short to be told from other words are left out.
        clock: counts seconds.

    Raises `ConfigurationError` for options that cannot work.
    """

    def __init__(
        self,
        options: SecurityOptions,
        *,
        registered: Iterable[str] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.options = options
        self.clock = clock
        firewall = options.firewall
        self.firewall = Firewall(
            FirewallOptions(
                user=Thresholds(flag=min(0.5, firewall.user_block), block=firewall.user_block),
                untrusted=Thresholds(flag=min(0.5, firewall.untrusted_block), block=firewall.untrusted_block),
                operations_max=max(1, round(firewall.budget_ms * _OPERATIONS_PER_MS)),
                when_exceeded=WhenExceeded(firewall.on_error),
            )
        )
        self.detection = _detection(options, registered)

    def looks(self, stage: str) -> bool:
        """Whether a stage is on."""
        options: StageOptions = getattr(self.options, stage)
        return options.effective_mode(self.options.mode) != "off"

    def screen_texts(self, texts: Sequence[str]) -> TextScreening:
        """Begin the screening of texts to embed. What it refuses to send, `TextScreening.admit` says."""
        run = StageRun("redaction", self.options.redaction, self.options.mode, self.clock)
        return TextScreening(texts, self.detection, run)

    def screen(
        self,
        request: CompletionRequest,
        *,
        grounding: Grounding | None = None,
        verification: Verification | None = None,
    ) -> CallScreening:
        """Begin the screening of one call. What it refuses to send, `CallScreening.admit` says."""
        return CallScreening(self, request, grounding or Grounding(), verification)


class CallScreening:
    """One call on its way through the stages. `admit` comes first, then `request` and `answer` for each attempt."""

    def __init__(
        self,
        pipeline: SecurityPipeline,
        request: CompletionRequest,
        grounding: Grounding,
        verification: Verification | None,
    ) -> None:
        options, self._pipeline = pipeline.options, pipeline
        self._verification = verification
        self._asked = request
        self._sent = request
        self._feedback = ""
        self.ask: Ask | None = None

        def run(name: str) -> StageRun:
            return StageRun(name, getattr(options, name), options.mode, pipeline.clock)

        self._firewall_run, self._redaction_run = run("firewall"), run("redaction")
        self._grounding_run, self._verification_run = run("grounding"), run("verification")
        self.tools_run, self.output_run = run("tools"), run("output")
        self.redactor = Redactor(pipeline.detection) if self._redaction_run.looks else None
        self.has_schema = request.response_schema is not None
        self._contract = Contract(
            schema=request.response_schema,
            sources=request.sources,
            cite=grounding.cite,
            figures=grounding.figures,
            context=tuple(texts_of(request, "system", "user", "untrusted")),
        )
        self._has_contract = self._grounding_run.looks and (
            self.has_schema or grounding.cite or grounding.figures
        )
        self._policy: ToolPolicy | None = None

    def admit(self) -> None:
        """Screen the request. Raises `RequestRefusedError`."""
        request = self._asked
        if self._firewall_run.looks:
            request = screen_for_injection(
                request, self._pipeline.firewall, self._firewall_run, self._pipeline.options.firewall
            )
            self._asked = request
        if self.redactor is not None:
            request = redacted(request, self.redactor, self._redaction_run)
            if not self._redaction_run.enforces:
                self.redactor = None
        if self._verification is not None and self._verification.logprob_min is not None:
            request = msgspec.structs.replace(request, logprobs=True)
        self._sent = with_sources(request)

    def records(self) -> tuple[StageRecord, ...]:
        """Return what each stage that looks has done so far."""
        runs = (
            self._firewall_run,
            self._redaction_run,
            self._grounding_run,
            self._verification_run,
            self.tools_run,
            self.output_run,
        )
        return tuple(run.record() for run in runs if run.looks)

    def request(self) -> CompletionRequest:
        """Return what the next attempt may send; after a breach of the contract, with word of it."""
        if not self._feedback:
            return self._sent
        word = (
            "An earlier answer was refused:\n"
            f"{self._feedback[:_FEEDBACK_CHARS_MAX]}\nAnswer again and keep to what was asked for."
        )
        messages = (*self._sent.messages, Message(role="user", content=word))
        return msgspec.structs.replace(self._sent, messages=messages)

    def answer(self) -> AttemptScreen:
        """Begin to look at an attempt's answer."""
        return AttemptScreen(self)

    @property
    def judges_whole_answers(self) -> bool:
        """Whether an answer must be whole before any of it may be handed on."""
        return (
            (self._has_contract and self._grounding_run.enforces)
            or (self._verification is not None and self._verification_run.enforces)
            or (self.has_schema and self.output_run.enforces)
        )

    def tool_policy(self) -> ToolPolicy:
        """Return the judge of tool calls, made when there is something to judge."""
        if self._policy is None:
            request = self._asked
            context = Context(
                trusted=texts_of(request, "system", "user"),
                untrusted=[*texts_of(request, "untrusted"), *(source.text for source in request.sources)],
            )
            self._policy = ToolPolicy(request.tools, context, self._pipeline.options.tools.policy)
        return self._policy

    def recorded_as(self, call: ToolCall) -> str:
        """Return what a record may call a tool: the name of one that was not declared is the model's own words."""
        return call.name if any(tool.name == call.name for tool in self._asked.tools) else "undeclared"

    def hold_to_contract(self, reply: ProviderReply, *, restored: bool) -> None:
        """Raise `ProviderError` for an answer that breaks the contract. One that calls tools is no answer yet.

        `restored`: it holds what redaction had taken out, so that nothing of it may be quoted to a provider.
        """
        run = self._grounding_run
        if not self._has_contract or reply.tool_calls:
            return
        violations: Sequence[Violation] = run.attempt(lambda: self._contract.violations(reply.text), ())
        if violations:
            run.note("blocked", (violation.rule for violation in violations))
        if run.enforces and violations:
            broken = sorted({violation.rule for violation in violations})
            told = [f"{violation.rule}: {violation.detail}" for violation in violations]
            self._feedback = "\n".join(f"- {breach}" for breach in (broken if restored else told))
            rules = ", ".join(broken)
            raise _refused(FailureKind.CONTRACT_VIOLATION, f"the answer breaks its contract: {rules}")
        if run.refuses:
            raise _refused(FailureKind.CONTRACT_VIOLATION, f"grounding did not get to the end: {run.failure}")

    async def verify(self, reply: ProviderReply) -> None:
        """Raise `ProviderError` for an answer that is not sure enough."""
        run, verification = self._verification_run, self._verification
        if verification is None or not run.looks or reply.tool_calls:
            return
        run.failure = (
            None  # of an attempt before: this answer is another, maybe of a provider that tells more
        )
        confidence = await self._confidence(reply, verification, run)
        if confidence is not None and confidence < verification.confidence_min:
            run.note("blocked", ["low confidence"])
            if run.enforces:
                raise _refused(
                    FailureKind.LOW_CONFIDENCE,
                    f"confidence {confidence:.2f}, at least {verification.confidence_min:g} is asked for",
                )
        if run.refuses:
            raise _refused(FailureKind.LOW_CONFIDENCE, f"verification did not get to the end: {run.failure}")

    async def _confidence(
        self, reply: ProviderReply, verification: Verification, run: StageRun
    ) -> float | None:
        """Return how sure the answer is; None where nobody can say, which `run` then tells."""
        if verification.logprob_min is not None:
            if reply.mean_logprob is None:
                run.failure = run.failure or "the provider tells no probabilities"
            elif reply.mean_logprob < verification.logprob_min:
                return 0.0
        if verification.verifier is None or self.ask is None:
            return None
        confidence = await run.wait_for(verification.verifier.confidence(self._asked, reply, self.ask))
        if isinstance(confidence, int | float) and math.isfinite(confidence):
            return confidence
        run.failure = run.failure or "the verifier gave no number"
        return None


def _detection(options: SecurityOptions, registered: Iterable[str]) -> Detection:
    redaction = options.redaction
    unknown = set(redaction.kinds) - set(Kind)
    if unknown:
        raise ConfigurationError(
            f"security.redaction.kinds: {min(unknown)!r} is not one of {', '.join(Kind)}"
        )
    detection = Detection(
        kinds=frozenset(map(Kind, redaction.kinds or Kind)),
        score_min=redaction.score_min,
        registered=RegisteredSecrets(value for value in registered if can_be_registered(value)),
    )
    if redaction.phone_regions:
        detection = msgspec.structs.replace(detection, phone_regions=redaction.phone_regions)
    return detection


def _refused(kind: FailureKind, detail: str) -> ProviderError:
    return ProviderError(Failure(kind=kind, http_status=200, scope="request", detail=detail))
