"""What an entry of the payload catalogue says: an attack, or its harmless look-alike, and what must become of it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from seawall_simulators.raw_body import RawBody
from seawall_simulators.reply import Call, Reply, cut

Severity = Literal["low", "medium", "high", "critical"]
Verdict = Literal["allow", "flag", "block", "neutralise", "reject", "hold"]
Text = Annotated[str, StringConstraints(max_length=20_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(_Part):
    """What the request held, where the verdict depends on it."""

    system: Text | None = None
    question: Text | None = None
    json_schema: Any = None
    """The JSON Schema that the answer has to satisfy."""
    sources: tuple[Text, ...] = ()
    tools: tuple[Text, ...] = ()
    """The names of the tools that were declared."""


class ToolUse(_Part):
    """A call as the model makes it."""

    name: Text
    arguments: dict[str, Any] = {}


class Token(_Part):
    """A piece of an answer and how sure the model was of it."""

    text: Text
    logprob: float = Field(le=0)


class _Entry(_Part):
    """What every entry says. A subclass adds its `form` and its `content`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,79}$")
    family: str
    """A family of the taxonomy, which has the numbers of the published lists."""
    expect: Verdict
    """`allow`: passes unchanged. `flag`: passes, and is told. `block`: goes no further. `neutralise`: goes on without
    what `absent` lists. `reject`: no answer, so the call is tried again. `hold`: waits for somebody's consent."""
    absent: tuple[Text, ...] = ()
    """Strings of which none may be left, whatever the verdict."""
    severity: Severity = "medium"
    source: str = Field(default="own", min_length=1, max_length=100)
    """Where the idea comes from, in a word: an incident, a paper, or our own."""
    given: Given = Given()

    def replies(self) -> list[Reply]:
        """What the model says, one for each time it is asked; empty for what no model says."""
        return []


class AnswerPayload(_Entry):
    """An answer's text, streamed in pieces of a token's usual length."""

    form: Literal["answer"]
    content: Text

    def replies(self) -> list[Reply]:
        """The text."""
        return [Reply(cut(self.content))]


class StreamPayload(_Entry):
    """An answer's text in the very pieces in which it is streamed."""

    form: Literal["stream"]
    content: tuple[Text, ...] = Field(min_length=1)

    def replies(self) -> list[Reply]:
        """The pieces."""
        return [Reply(list(self.content))]


class ScoredPayload(_Entry):
    """An answer whose tokens have logprobs, told to those who ask for them."""

    form: Literal["scored"]
    content: tuple[Token, ...] = Field(min_length=1)

    def replies(self) -> list[Reply]:
        """The tokens."""
        scores = tuple(token.logprob for token in self.content)
        return [Reply([token.text for token in self.content], logprobs=scores)]


class SamplesPayload(_Entry):
    """Another answer each time the very same is asked."""

    form: Literal["samples"]
    content: tuple[Text, ...] = Field(min_length=2)

    def replies(self) -> list[Reply]:
        """One for each sample."""
        return [Reply(cut(text)) for text in self.content]


class ToolCallPayload(_Entry):
    """A call of one tool or of several at once."""

    form: Literal["tool_call"]
    content: tuple[ToolUse, ...] = Field(min_length=1)

    def replies(self) -> list[Reply]:
        """The calls."""
        return [Reply([], tuple(Call(use.name, use.arguments) for use in self.content), "calls")]


class BodyPayload(_Entry):
    """Bytes of a response in no family's form."""

    form: Literal["body"]
    content: RawBody


class InputPayload(_Entry):
    """What goes into a request: from its user, from a document that was retrieved, from a tool. A fake says it back.

    A list is a conversation's messages, or several pieces of retrieved text.
    """

    form: Literal["user", "document", "tool_result"]
    content: Text | tuple[Text, ...]

    def texts(self) -> tuple[str, ...]:
        """The messages or pieces."""
        return (self.content,) if isinstance(self.content, str) else self.content

    def replies(self) -> list[Reply]:
        """The echo of it, as of a model that repeats what it reads."""
        return [Reply(cut("\n\n".join(self.texts())))]


Payload = Annotated[
    AnswerPayload
    | StreamPayload
    | ScoredPayload
    | SamplesPayload
    | ToolCallPayload
    | BodyPayload
    | InputPayload,
    Field(discriminator="form"),
]
