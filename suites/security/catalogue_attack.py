"""Carries out entries of the payload catalogue: a real client, guarded, against a fake provider that means harm.

What the provider heard comes from the provider's own journal, what a person would see from the pieces that were handed
out. The client's word counts only where it is asked whether it told anybody.
"""

import contextlib
import json
from typing import NamedTuple

import aiohttp

from seawall import LLMError, LLMManager, Message, TextDelta, Tool, ToolCall, load_settings
from seawall.security.grounding_options import Grounding
from seawall.security.options import SecurityOptions
from seawall.security.pipeline import SecurityPipeline
from seawall.security.verification import SelfConsistency, Verification
from seawall_simulators.config import Config, ProviderConfig
from seawall_simulators.server import Simulators

WIRES = {
    "openai": "openai_chat",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "azure": "azure_openai",
}
TELLS_PROBABILITIES = ("openai", "azure")
AT_ONCE = {"first_token_ms": {"median": 0}, "inter_token_ms": {"median": 0}}
BODY_CHARS = 1_000_000
# What only looks something up. A search or a fetch tells somebody elsewhere what was asked for.
LOOKS_UP = ("read_file",)
# A person who asks for a package gives no sources; what is said of sources has to rest on them.
RESTS_ON_SOURCES = ("fabrication", "benign")
INPUTS = ("user", "document", "tool_result")


class Observed(NamedTuple):
    """What came of one call."""

    heard: tuple[str, ...]
    """The bodies that the provider received."""
    shown: str
    """The text that was handed out, piece by piece if streamed."""
    calls: tuple[tuple[str, str], ...]
    """The tool calls that were released, as name and arguments."""
    error: str | None
    """The type of the error that the caller got."""
    told: frozenset[str]
    """The stages that say they found something."""


def default_firewall():
    """The firewall of a client whose settings say nothing of it, and the scores from which on it blocks."""
    options = SecurityOptions()
    limits = {"user": options.firewall.user_block, "untrusted": options.firewall.untrusted_block}
    return SecurityPipeline(options).firewall, limits


def wire_of(entry, place):
    """A wire for an entry, by its place in the catalogue; one that can say it."""
    wires = TELLS_PROBABILITIES if entry.form == "scored" else tuple(WIRES)
    return wires[place % len(wires)]


def fake_provider(entry, wire):
    """Fake providers of which one, mallory, answers with the entry whatever it is asked."""
    mallory = ProviderConfig(
        wire=wire, models=("m",), behaviour=AT_ONCE, faults=[{"fault": "payload", "payload": entry.id}]
    )
    return Simulators(Config(journal_body_chars=BODY_CHARS, providers={"mallory": mallory}))


async def carry_out(entry, *, wire, stream, security=None):
    """Ask what the entry asks and return what was observed. `security` is the section of the settings."""
    async with fake_provider(entry, wire) as simulators:
        settings = load_settings(
            environ={},
            overrides={
                "providers": [
                    {
                        "name": "mallory",
                        "wire": WIRES[wire],
                        "model": "m",
                        "base_url": simulators.base_urls["mallory"],
                        "api_key": "sk-for-the-fake-provider",
                    }
                ],
                "retry": {"attempts_max": 1},
                "deadline_s": 20,
                "security": {"mode": "enforce"} if security is None else security,
            },
        )
        async with LLMManager(settings) as llm:
            answer, shown, error, trace = await _asked(llm, entry, stream=stream)
        heard = await _heard(simulators.control_url)
    return Observed(
        heard=heard,
        shown=shown,
        calls=tuple((call.name, call.arguments) for call in answer.tool_calls) if answer else (),
        error=error,
        told=frozenset(record.stage for record in trace.stages if record.verdict != "passed"),
    )


async def _asked(llm, entry, *, stream):
    prompt, options = question(entry, llm.settings.security)
    handed, answer = [], None
    try:
        if stream:
            async with llm.stream(prompt, **options) as events:
                async for event in events:
                    handed.append(event)  # noqa: PERF401 - what was handed out counts, even if the stream then breaks
            answer = handed[-1].completion
        else:
            answer = await llm.complete(prompt, **options)
    except LLMError as error:
        return None, _text(handed), type(error).__name__, error.trace
    return answer, _text(handed) if stream else answer.text, None, answer.trace


def _text(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def _heard(control_url):
    async with aiohttp.ClientSession() as session, session.get(f"{control_url}/journal") as response:
        rows = (await response.json())["rows"]
    return tuple(row["request_body"] for row in rows)


def question(entry, security):
    """The prompt and the options of the call that the entry attacks."""
    given, texts = entry.given, entry.texts() if entry.form in INPUTS else ()
    asked = given.question or "Please help me with this."
    options = {}
    if given.system:
        options["system"] = given.system
    if given.tools:
        options["tools"] = [Tool(name=name, side_effects=name not in LOOKS_UP) for name in given.tools]
    if given.json_schema is not None:
        options["response_schema"] = given.json_schema
    sources = texts if entry.form == "document" else given.sources
    if sources:
        options["sources"] = list(sources)
    if (
        _looks(security, "grounding")
        and entry.family in RESTS_ON_SOURCES
        and given.sources
        and not given.tools
    ):
        options["grounding"] = Grounding(cite=True, figures=True)
    if _looks(security, "verification"):
        if entry.form == "scored":
            options["verification"] = Verification(logprob_min=-0.5)
        elif entry.form == "samples":
            options["verification"] = Verification(verifier=SelfConsistency(samples=2))
    if entry.form == "user":
        return [Message(role="user", content=text) for text in texts], options
    if entry.form == "tool_result":
        return list(_conversation(asked, texts)), options
    return asked, options


def _looks(security, stage):
    return getattr(security, stage).effective_mode(security.mode) != "off"


def _conversation(asked, results):
    yield Message(role="user", content=asked)
    for number, result in enumerate(results):
        call = ToolCall(id=f"call-{number}", name="look_up", arguments="{}")
        yield Message(role="assistant", tool_calls=(call,))
        yield Message(role="tool", tool_call_id=call.id, content=result)


def strings(bodies):
    """Every string of the documents that the provider received."""
    found = []

    def gather(value):
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for name, inner in value.items():
                found.append(name)
                gather(inner)
        elif isinstance(value, list):
            for inner in value:
                gather(inner)

    for body in bodies:
        with contextlib.suppress(ValueError):
            gather(json.loads(body))
    return found
