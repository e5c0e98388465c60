"""How the fake model decides what to say."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from msgspec import UNSET, Struct, json

from seawall_simulators.draw import Draw
from seawall_simulators.reply import Call, Reply, cut
from seawall_simulators.wires.schema_example import example
from seawall_simulators.wires.schema_merge import SchemaError
from seawall_simulators.words import WORDS

CALLS_MAX = 16
MARK = "[tool:"
ANY_OBJECT = {
    "type": "object",
    "properties": {"answer": {"type": "string", "minLength": 24}},
    "required": ["answer"],
}
"""What is answered when JSON is asked for but no schema is given."""


class Tool(Struct, frozen=True):
    """A tool the request offers; `parameters` is the JSON Schema of its arguments, None for one without."""

    name: str
    parameters: Any = None


class Wish(Struct, frozen=True, kw_only=True):
    """What a request asks of the model, whatever wire it came by."""

    tokens: int
    """Length of the answer in words, when nothing else decides it."""
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    schema: Any = UNSET
    """The JSON Schema the answer has to satisfy; unset for plain text."""
    tools: tuple[Tool, ...] = ()
    use_tools: Literal["auto", "none", "must"] = "auto"
    usable: tuple[str, ...] = ()
    """The names that `must` is confined to; empty for all."""
    parallel: bool = True
    user_text: str = ""
    """The last text of the user, in which `[tool:NAME]` has the model call that tool."""


class ToolSchemaError(ValueError):
    """The parameters of a tool, which is named, are a schema that cannot be satisfied."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


def decide(wish: Wish, draw: Draw, told: Reply | None = None) -> Reply:
    """What the model says to a wish, or what it was told to say; what is drawn afterwards is the same either way.

    Raises:
        SchemaError: The schema asked for cannot be satisfied.
        ToolSchemaError: That of a tool to be called cannot.
    """
    own = own_reply(wish, draw)
    return own if told is None else told


def own_reply(wish: Wish, draw: Draw) -> Reply:
    """What the model says by itself; raises as `decide`.

    Calls are made when the request must have one or the user's text marks one; they are never cut short by
    `max_tokens`. Every text is.
    """
    if wish.tools and wish.use_tools != "none" and (chosen := chosen_tools(wish)):
        return Reply([], tuple(call(tool, draw) for tool in chosen), "calls")
    if wish.schema is UNSET:
        tokens = draw.words(wish.tokens)
    else:
        tokens = cut(json.encode(example(wish.schema, word_source(draw))).decode())
    why: Literal["end", "length", "stop"] = "end"
    if wish.max_tokens is not None and len(tokens) > wish.max_tokens:
        tokens, why = tokens[: wish.max_tokens], "length"
    if wish.stop:
        kept, sequence = until(tokens, wish.stop)
        if sequence is not None:
            return Reply(kept, (), "stop", sequence)
    return Reply(tokens, (), why)


def chosen_tools(wish: Wish) -> list[Tool]:
    """The tools to call: those marked in the user's text, else the first when one must be called."""
    usable = [tool for tool in wish.tools if not wish.usable or tool.name in wish.usable]
    named = {tool.name: tool for tool in usable}
    chosen = [named[name] for name in marked(wish.user_text) if name in named]
    if not chosen and wish.use_tools == "must":
        chosen = usable[:1]
    return chosen[:CALLS_MAX] if wish.parallel else chosen[:1]


def marked(text: str) -> Iterator[str]:
    """The names in the marks `[tool:NAME]` of a text, in order."""
    start = text.find(MARK)
    while start != -1:
        end = text.find("]", start)
        if end == -1:
            return
        yield text[start + len(MARK) : end]
        start = text.find(MARK, end)


def call(tool: Tool, draw: Draw) -> Call:
    """A call of a tool with arguments that satisfy its schema; arguments are always an object."""
    try:
        arguments = {} if tool.parameters is None else example(tool.parameters, word_source(draw))
    except SchemaError as error:
        raise ToolSchemaError(tool.name, str(error)) from error
    if not isinstance(arguments, dict):
        raise ToolSchemaError(tool.name, 'schema must be of "type": "object"')
    return Call(tool.name, arguments)


def word_source(draw: Draw) -> Callable[[], str]:
    """Draws bare words, without the space or the full stop that sentences have."""

    def word() -> str:
        return WORDS[draw.take(1)[0]].strip()

    return word


def until(tokens: list[str], sequences: tuple[str, ...]) -> tuple[list[str], str | None]:
    """The tokens up to the first stop sequence, which is left out, and that sequence."""
    text = "".join(tokens)
    found = [(text.find(sequence), sequence) for sequence in sequences if sequence and sequence in text]
    if not found:
        return tokens, None
    end, sequence = min(found)
    kept: list[str] = []
    for token in tokens:
        if end <= 0:
            break
        kept.append(token[:end])
        end -= len(token)
    return kept, sequence
