"""What a caller gets wrong is said at once and in words, whatever it is: nothing of it goes to a provider."""

import pytest

from seawall import CompletionRequest, ConfigurationError, Image, Message
from seawall.embed_options import embedding_request_of
from seawall.prompts import request_of


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (5, "a prompt is text, a list of messages or a CompletionRequest, not int"),
        (None, "not NoneType"),
        (b"hello", "not bytes"),
        (Message(role="user", content="hi"), "not Message"),
        ({"role": "user", "content": "hi"}, "not dict"),
        (
            [{"role": "user", "contents": "hi"}],
            "message 1: .* unknown field `contents` .*a message has role, content",
        ),
        ([{"role": "user", "content": [{"type": "text", "text": "hi"}]}], "message 1: .*its content is text"),
        (
            [{"role": "user", "content": "", "images": [{"path": "a.png"}]}],
            "message 1: .* unknown field `path`",
        ),
        ([Message(role="user", content=5)], "message 1: content: expected text .*, got int"),
        (
            [Message(role="user"), Message(role="robot", content="hi")],
            "message 2: role 'robot': expected one of",
        ),
        (
            [Message(role="user", images=("a.png",))],
            "message 1: a member of images: expected an Image, got str",
        ),
        ([Message(role="user", images=(Image(url=3),))], "the url of an image: expected text, got int"),
        (
            [Message(role="user", images=(Image(media_type="image/png", data="x"),))],
            "expected bytes, got str",
        ),
        (
            [Message(role="assistant", tool_calls=({"id": "1"},))],
            "a member of tool_calls: expected a ToolCall",
        ),
        (CompletionRequest(messages=(Message(role="user", content=None),)), "content: .*, got NoneType"),
    ],
)
def test_a_prompt_that_is_none(prompt, said):
    """It is a `ConfigurationError` that names the message and what was expected."""
    with pytest.raises(ConfigurationError, match=said):
        request_of(prompt, {})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"system": 3}, "system: expected text, got int"),
        ({"sources": 3}, "sources: expected a list of Source or text, got int"),
        ({"sources": ["a", 3]}, "sources, number 2: expected a Source or text, got int"),
        ({"tools": {"name": "look"}}, "tools: expected a list of Tool, got dict"),
        ({"tools": "look"}, "tools, number 1: expected a Tool, got str"),
        ({"tools": [{"name": "look"}]}, "tools, number 1: expected a Tool, got dict"),
        ({"tool_choice": 3}, "tool_choice: expected text, got int"),
        ({"response_schema": "text"}, "response_schema: expected a JSON Schema as a dict, got str"),
        ({"max_output_tokens": "5"}, "max_output_tokens: expected a whole number, got str"),
        ({"max_output_tokens": 5.5}, "max_output_tokens: expected a whole number, got float"),
        ({"temperature": "hot"}, "temperature: expected a number, got str"),
        ({"stop": [3]}, "stop, number 1: expected text, got int"),
        ({"deadline_s": "5"}, "deadline_s: expected a number of seconds, got str"),
        ({"call_id": 5}, "call_id: expected text, got int"),
        ({"require_tags": 5}, "require_tags: expected a list of texts, got int"),
        ({"require_tags": ["eu", 5]}, "require_tags, number 2: expected text, got int"),
    ],
)
def test_an_option_of_another_type(options, said):
    """It is a `ConfigurationError` that names the option, what was expected and what came."""
    with pytest.raises(ConfigurationError, match=said):
        request_of("hello", options)


@pytest.mark.parametrize(
    ("texts", "options", "said"),
    [
        (None, {}, "embed takes a list of texts, not NoneType"),
        ((text for text in ["a"]), {}, "embed takes a list of texts, not generator"),
        (["a"], {"dimensions": "5"}, "dimensions: expected a whole number, got str"),
        (["a"], {"dimensions": 2.5}, "dimensions: expected a whole number, got float"),
        (["a"], {"space": 3}, "space: expected text, got int"),
    ],
)
def test_texts_that_cannot_be_embedded(texts, options, said):
    """They are a `ConfigurationError` as well; a generator was looked at once and then sent empty."""
    with pytest.raises(ConfigurationError, match=said):
        embedding_request_of(texts, options)


def test_what_may_be_short_may_be_short():
    """One text does where a list of texts is expected, and a message may be a plain mapping."""
    request = request_of(
        [{"role": "user", "content": "hi"}], {"stop": "END", "sources": "a text", "require_tags": "eu"}
    )

    assert request.stop == ("END",)
    assert [source.text for source in request.sources] == ["a text"]
