"""How sure a model was, read from every wire that tells it; nonsense is no reason to lose an answer."""

import json

import pytest

from seawall import CompletionRequest, Message

CHAT = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi there"}}
TOKENS = [
    {"token": "Hi", "logprob": -0.5, "bytes": None, "top_logprobs": []},
    {"token": " there", "logprob": -1.5},
]


def chat(logprobs):
    return {"id": "1", "object": "chat.completion", "model": "m", "choices": [{**CHAT, "logprobs": logprobs}]}


def responses(logprobs):
    content = {"type": "output_text", "text": "Hi there", "logprobs": logprobs}
    message = {"type": "message", "role": "assistant", "content": [content]}
    return {"id": "1", "object": "response", "status": "completed", "model": "m", "output": [message]}


def gemini(average):
    content = {"role": "model", "parts": [{"text": "Hi there"}]}
    return {"candidates": [{"content": content, "finishReason": "STOP", "avgLogprobs": average}]}


ANSWERS = [
    ("openai_chat", chat({"content": TOKENS}), -1.0),
    ("openai_chat", chat(None), None),
    ("openai_chat", chat({"content": None, "refusal": None}), None),
    ("openai_chat", chat({"content": [{"logprob": "high"}]}), None),
    ("openai_chat", chat([1, 2]), None),
    ("openai_chat", chat({"content": [{"logprob": 7}, {"logprob": -9999.0}, {"logprob": -2}]}), -2.0),
    ("openai_responses", responses(TOKENS), -1.0),
    ("openai_responses", responses("nonsense"), None),
    ("gemini", gemini(-0.25), -0.25),
    ("gemini", gemini("nonsense"), None),
    ("gemini", gemini(None), None),
]


@pytest.mark.parametrize(("name", "document", "mean"), ANSWERS)
def test_the_mean_of_what_a_provider_tells(samples, name, document, mean):
    """The mean of the tokens' logarithms; None where nothing usable was said. The text is there either way."""
    wire = samples[name]
    outcome = wire.decode([json.dumps(document).encode()], stream=False)
    assert outcome.reply.text == "Hi there"
    assert outcome.reply.mean_logprob == mean


def test_a_streams_probabilities_add_up(samples):
    """Chunk by chunk, as the tokens come."""
    wire = samples["openai_chat"]
    frames = []
    for token in TOKENS:
        choice = {"index": 0, "delta": {"content": token["token"]}, "logprobs": {"content": [token]}}
        frames.append({"object": "chat.completion.chunk", "model": "m", "choices": [choice]})
    frames.append(
        {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    )
    data = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames) + "data: [DONE]\n\n"
    assert wire.decode([data.encode()]).reply.mean_logprob == -1.0


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("openai_chat", '"logprobs":true'),
        ("openai_responses", "output_text.logprobs"),
        ("gemini", '"responseLogprobs":true'),
    ],
)
def test_probabilities_are_asked_for_only_where_wanted(samples, name, asked):
    """Each wire in its own words."""
    codec = samples[name].codec()
    messages = (Message(role="user", content="Hello"),)
    assert (
        asked in codec.encode(CompletionRequest(messages=messages, logprobs=True), stream=False).body.decode()
    )
    assert "ogprobs" not in codec.encode(CompletionRequest(messages=messages), stream=False).body.decode()
