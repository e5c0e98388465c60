"""What comes back: restored, held to its contract, its tool calls judged, and harmless before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from seawall.messages import HeldToolCall, ProviderReply, TextDelta, ToolCall, ToolCallDelta
from seawall.resilience.failures import Failure, FailureKind, ProviderError
from seawall.security.grounding.strict_json import StrictJsonError, parse
from seawall.security.output import Guarded, StreamGuard, guard
from seawall.security.redaction import json_escaped
from seawall.security.stage import StageRun

if TYPE_CHECKING:
    from seawall.security.pipeline import CallScreening

Delta = TextDelta | ToolCallDelta


class AttemptScreen:
    """Looks at the answer of one attempt of a call.

    A stream is handed on as it comes where that is safe. Tool calls are kept back until they are whole; all of it
    is, where the answer has a contract to keep or a confidence to reach, which only the whole of it can show.
    """

    def __init__(self, call: CallScreening) -> None:
        self._call = call
        self._restorer = call.redactor.stream_restorer() if call.redactor is not None else None
        self._guard = StreamGuard()
        self._shown: list[str] = []

    def feed(self, deltas: Sequence[Delta]) -> list[Delta]:
        """Return what of a stream may be handed on by now."""
        if self._call.judges_whole_answers:
            return []
        text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
        return self._show(self._read(text)) if text else []

    async def close(self, reply: ProviderReply) -> tuple[list[Delta], ProviderReply]:
        """Return what was kept back and the answer as it may be shown. Raises `ProviderError`."""
        call = self._call
        restored = self._restored(reply)
        call.hold_to_contract(restored, restored=restored is not reply and restored.text != reply.text)
        await call.verify(restored)
        answer = self._judged(restored)
        if self._shown:
            kept = self._show(self._rest())
            answer = msgspec.structs.replace(answer, text="".join(self._shown))
        else:
            answer = self._guarded(answer)
            kept = self._show(answer.text)
        kept += [
            ToolCallDelta(index=index, id=tool.id, name=tool.name, arguments=tool.arguments)
            for index, tool in enumerate(answer.tool_calls)
        ]
        return kept, answer

    def _restored(self, reply: ProviderReply) -> ProviderReply:
        redactor = self._call.redactor
        if redactor is None:
            return reply
        return msgspec.structs.replace(
            reply,
            text=redactor.restore(reply.text),
            tool_calls=tuple(
                msgspec.structs.replace(tool, arguments=redactor.restore(tool.arguments, json_escaped))
                for tool in reply.tool_calls
            ),
        )

    def _judged(self, reply: ProviderReply) -> ProviderReply:
        """Hold the tool calls that must not be carried out."""
        run, policy = self._call.tools_run, self._call.tool_policy
        if not reply.tool_calls or not run.looks:
            return reply
        released: list[ToolCall] = []
        held: list[HeldToolCall] = []
        for tool_call in reply.tool_calls:
            why = run.attempt(lambda call=tool_call: policy().held_because(call), None)  # type: ignore[misc]
            if why is None and run.refuses:
                why = f"the tool policy did not get to the end: {run.failure}"
            if why is None:
                released.append(tool_call)
            else:
                held.append(HeldToolCall(call=tool_call, why=why))
                run.note("held", [self._call.recorded_as(tool_call)])
        if not run.enforces:
            return reply
        # Whoever goes on while a model stops for tools would go on for ever with none to run.
        nothing_to_run = reply.stop_reason == "tool_calls" and not released
        return msgspec.structs.replace(
            reply,
            tool_calls=tuple(released),
            held_tool_calls=tuple(held),
            stop_reason="other" if nothing_to_run else reply.stop_reason,
        )

    def _guarded(self, reply: ProviderReply) -> ProviderReply:
        """Take out of the text what would act by itself where it is shown."""
        run = self._call.output_run
        if not run.looks:
            return reply
        text = run.attempt(lambda: _guarded_text(reply.text, self._call.has_schema, run), None)
        if run.refuses:
            raise _refused(FailureKind.CONTRACT_VIOLATION, f"the output guard failed: {run.failure}")
        return msgspec.structs.replace(reply, text=text) if run.enforces and text is not None else reply

    def _read(self, text: str) -> str:
        """Take the next piece of a stream; return what is certain of it by now."""
        if self._restorer is not None:
            text = self._restorer.feed(text)
        return self._passed(text, is_last=False)

    def _rest(self) -> str:
        return self._passed(self._restorer.close() if self._restorer is not None else "", is_last=True)

    def _passed(self, text: str, *, is_last: bool) -> str:
        """Let a piece of a stream through the guard."""
        run = self._call.output_run
        if not run.looks:
            return text
        nothing: list[Guarded] = []
        unread = self._guard.unread
        guarded = run.attempt(lambda: self._guarded_steps(text, is_last=is_last), nothing)
        for step in guarded:
            _note(step, run)
        if run.refuses:
            raise _refused(FailureKind.CONTRACT_VIOLATION, f"the output guard failed: {run.failure}")
        if not run.enforces:
            return text
        if run.failure is not None:
            self._guard = StreamGuard()
            return unread + text
        return "".join(step.text for step in guarded)

    def _guarded_steps(self, text: str, *, is_last: bool) -> list[Guarded]:
        step = self._guard.feed(text)
        return [step, self._guard.close()] if is_last else [step]

    def _show(self, text: str) -> list[Delta]:
        if not text:
            return []
        self._shown.append(text)
        return [TextDelta(text)]


def _guarded_text(text: str, has_schema: bool, run: StageRun) -> str:  # noqa: FBT001 - private, one caller
    """Guard a text; the values of a JSON document one by one, so that it stays one."""
    if has_schema:
        try:
            document = parse(text)
        except StrictJsonError:
            pass
        else:
            guarded = _guarded_value(document, run)
            return text if guarded == document else msgspec.json.encode(guarded).decode()
    return _guarded_string(text, run)


def _guarded_value(value: Any, run: StageRun) -> Any:
    if isinstance(value, dict):
        return {_guarded_string(name, run): _guarded_value(inner, run) for name, inner in value.items()}
    if isinstance(value, list):
        return [_guarded_value(inner, run) for inner in value]
    return _guarded_string(value, run) if isinstance(value, str) else value


def _guarded_string(text: str, run: StageRun) -> str:
    guarded = guard(text)
    _note(guarded, run)
    return guarded.text


def _note(guarded: Guarded, run: StageRun) -> None:
    if guarded.findings:
        run.note("altered", (f"{finding.threat.value}: {finding.form}" for finding in guarded.findings))


def _refused(kind: FailureKind, detail: str) -> ProviderError:
    return ProviderError(Failure(kind=kind, http_status=200, scope="request", detail=detail))
