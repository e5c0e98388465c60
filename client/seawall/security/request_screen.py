"""What leaves: attacks are taken out of the request or stop it, personal data and secrets become placeholders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from seawall.messages import CompletionRequest, Message, Source, ToolCall
from seawall.screen import RequestRefusedError
from seawall.security.firewall import Action, Channel, Firewall, Verdict
from seawall.security.grounding.strict_json import StrictJsonError, parse
from seawall.security.options import FirewallStageOptions
from seawall.security.redaction import Redactor
from seawall.security.stage import StageRun

WITHHELD = "[withheld: this text was taken for an attempt to give instructions]"


def screen_for_injection(
    request: CompletionRequest, firewall: Firewall, run: StageRun, options: FirewallStageOptions
) -> CompletionRequest:
    """Return the request without what attacks it. Raises `RequestRefusedError`."""
    said = [message.content for message in request.messages if message.channel == "user"]
    blocked = _blocked(said, Channel.USER, firewall, run)
    if blocked and run.enforces:
        raise RequestRefusedError("the firewall takes what the user says for an attack")
    heard = [message.content for message in request.messages if message.channel == "untrusted"]
    heard += [source.text for source in request.sources]
    heard += [source.origin for source in request.sources if source.origin]
    blocked = _blocked(heard, Channel.UNTRUSTED, firewall, run)
    if run.refuses:
        raise RequestRefusedError(f"the firewall did not get to the end: {run.failure}")
    if not blocked or not run.enforces:
        return request
    if options.on_untrusted == "block":
        raise RequestRefusedError("the firewall takes a source or a tool's result for an attack")
    return _without(request, {heard[place] for place in blocked})


def _blocked(texts: Sequence[str], channel: Channel, firewall: Firewall, run: StageRun) -> set[int]:
    """Return the places of the texts that are attacks, alone or together."""
    blocked: set[int] = set()
    for place, text in enumerate(texts):
        verdict = run.attempt(lambda text=text: firewall.scan(text, channel), None)  # type: ignore[misc]
        if verdict is not None and _noted(verdict, run):
            blocked.add(place)
    if len(texts) > 1:
        found = run.attempt(lambda: firewall.scan_parts(texts, channel, separator="\n"), None)
        if found is not None:
            verdict, joined = found
            split = [
                {span.part for span in joined.spans(finding.start, finding.end)}
                for finding in verdict.findings
            ]
            if verdict.action is Action.BLOCK:
                together = set().union(*(parts for parts in split if len(parts) > 1))
                if together - blocked:
                    run.note("blocked", ["split across parts"])
                    blocked |= together
    return blocked


def _noted(verdict: Verdict, run: StageRun) -> bool:
    """Note a verdict; tell whether it blocks."""
    rules = [finding.rule for finding in verdict.findings]
    if verdict.action is Action.BLOCK:
        run.note("blocked", rules or ["too much to read"])
    elif verdict.action is Action.FLAG:
        run.note("flagged", rules)
    return verdict.action is Action.BLOCK


def _without(request: CompletionRequest, texts: set[str]) -> CompletionRequest:
    messages = tuple(
        msgspec.structs.replace(message, content=WITHHELD)
        if message.channel == "untrusted" and message.content in texts
        else message
        for message in request.messages
    )
    sources = tuple(
        msgspec.structs.replace(
            source,
            text=WITHHELD if source.text in texts else source.text,
            origin="" if source.origin in texts else source.origin,
        )
        for source in request.sources
    )
    return msgspec.structs.replace(request, messages=messages, sources=sources)


def redacted(request: CompletionRequest, redactor: Redactor, run: StageRun) -> CompletionRequest:
    """Return the request as it may leave. Raises `RequestRefusedError`."""

    def clean(text: str) -> str:
        found = run.attempt(lambda: redactor.redact(text), None)
        if found is None:
            return text
        if found.findings:
            run.note("altered", (finding.kind.value for finding in found.findings))
        return found.text

    leaving = msgspec.structs.replace(
        request,
        messages=tuple(_clean_message(message, clean) for message in request.messages),
        sources=tuple(_clean_source(source, clean) for source in request.sources),
        tools=tuple(
            msgspec.structs.replace(tool, description=clean(tool.description)) if tool.description else tool
            for tool in request.tools
        ),
    )
    if run.refuses:
        raise RequestRefusedError(f"redaction did not get to the end: {run.failure}")
    return leaving if run.enforces else request


def _clean_message(message: Message, clean: Any) -> Message:
    if not message.content and not message.tool_calls:
        return message
    return msgspec.structs.replace(
        message,
        content=clean(message.content),
        tool_calls=tuple(_clean_call(call, clean) for call in message.tool_calls),
    )


def _clean_source(source: Source, clean: Any) -> Source:
    return msgspec.structs.replace(source, text=clean(source.text), origin=clean(source.origin))


def _clean_call(call: ToolCall, clean: Any) -> ToolCall:
    """Clean the arguments value by value: a placeholder in the place of a number would break the document."""
    try:
        arguments = json.dumps(_clean_value(parse(call.arguments), clean), ensure_ascii=False)
    except StrictJsonError:
        arguments = clean(call.arguments)
    return msgspec.structs.replace(call, arguments=arguments)


def _clean_value(value: Any, clean: Any) -> Any:
    if isinstance(value, dict):
        return {clean(name): _clean_value(inner, clean) for name, inner in value.items()}
    if isinstance(value, list):
        return [_clean_value(inner, clean) for inner in value]
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = str(value)
        cleaned = clean(written)
        return value if cleaned == written else cleaned
    return value


def texts_of(request: CompletionRequest, *channels: str) -> Iterable[str]:
    """Yield what the messages of these channels say."""
    return (message.content for message in request.messages if message.channel in channels)
