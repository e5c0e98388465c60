"""What the catalogue has, the official SDKs read, word by word, from every fake provider."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from types import SimpleNamespace

import anthropic
import openai
import pytest
from google import genai
from google.genai import types as gemini

from seawall_simulators.draw import Draw
from seawall_simulators.payloads import catalogue
from seawall_simulators.wire import ProviderView, Request
from seawall_simulators.wires import WIRES as WIRE_CLASSES

pytestmark = pytest.mark.real_processes

AT_ONCE = {"first_token_ms": {"median": 0}, "inter_token_ms": {"median": 0}}
SPOKEN = {id_: entry for id_, entry in catalogue().items() if entry.form != "body"}
WIRES = ["openai", "azure", "anthropic", "gemini"]


@pytest.fixture(scope="module")
def providers(tmp_path_factory):
    """A provider of each wire, with a model named after each payload that says it and nothing else."""
    faults = [{"fault": "payload", "payload": id_, "model": id_} for id_ in SPOKEN]
    provider = {"port": 0, "models": list(SPOKEN), "behaviour": AT_ONCE, "faults": faults}
    file = tmp_path_factory.mktemp("payloads") / "providers.json"
    file.write_text(
        json.dumps({"providers": {wire: {"wire": wire, **provider} for wire in WIRES}}), encoding="utf-8"
    )
    command = [sys.executable, "-m", "seawall_simulators", "serve", "--parent", "--config", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        ready = json.loads(process.stdout.readline())
        urls = {name: provider["base_url"] for name, provider in ready["providers"].items()}
        yield SimpleNamespace(urls=urls, control=ready["control"])
        process.stdin.close()
        process.wait(timeout=10)


class OpenAI:
    """Chat completions; of Azure by its v1 API."""

    def __init__(self, url):
        self.client = openai.OpenAI(base_url=url, api_key="key", max_retries=0, timeout=10)

    def whole(self, model):
        message = self.client.chat.completions.create(model=model, messages=ASK).choices[0].message
        calls = [
            (call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []
        ]
        return message.content or "", calls

    def streamed(self, model):
        pieces, calls = [], {}
        for chunk in self.client.chat.completions.create(model=model, messages=ASK, stream=True):
            for choice in chunk.choices:
                if choice.delta.content:
                    pieces.append(choice.delta.content)
                for call in choice.delta.tool_calls or []:
                    name, arguments = calls.get(call.index, ("", ""))
                    name = name + (call.function.name or "")
                    calls[call.index] = (name, arguments + (call.function.arguments or ""))
        return pieces, [(name, json.loads(arguments)) for name, arguments in calls.values()]


class Anthropic:
    """Messages."""

    def __init__(self, url):
        self.client = anthropic.Anthropic(base_url=url, api_key="key", max_retries=0, timeout=10)

    def whole(self, model):
        content = self.client.messages.create(model=model, max_tokens=999, messages=ASK).content
        return "".join(block.text for block in content if block.type == "text"), self.calls(content)

    def streamed(self, model):
        with self.client.messages.stream(model=model, max_tokens=999, messages=ASK) as stream:
            pieces = list(stream.text_stream)
            return pieces, self.calls(stream.get_final_message().content)

    @staticmethod
    def calls(content):
        return [(block.name, block.input) for block in content if block.type == "tool_use"]


class Gemini:
    """generateContent."""

    def __init__(self, url):
        self.client = genai.Client(
            api_key="key", http_options=gemini.HttpOptions(base_url=url, timeout=10_000)
        )

    def whole(self, model):
        return self.read([self.client.models.generate_content(model=model, contents="hi")], "".join)

    def streamed(self, model):
        return self.read(self.client.models.generate_content_stream(model=model, contents="hi"), list)

    @staticmethod
    def read(responses, join):
        parts = [part for response in responses for part in response.candidates[0].content.parts or []]
        calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
        return join(part.text for part in parts if part.text), calls


ASK = [{"role": "user", "content": "hi"}]
SDKS = {"openai": OpenAI, "azure": OpenAI, "anthropic": Anthropic, "gemini": Gemini}


CHAT = {"model": "m", "max_tokens": 9, "messages": ASK}
REQUESTS = {
    "openai": ("/v1/chat/completions", CHAT),
    "azure": ("/openai/v1/chat/completions", CHAT),
    "anthropic": ("/v1/messages", CHAT),
    "gemini": ("/v1/models/m:generateContent", {"contents": [{"parts": [{"text": "hi"}]}]}),
}


@pytest.fixture(params=WIRES)
def wire(request):
    return request.param


@pytest.fixture
def sdk(wire, providers):
    return SDKS[wire](providers.urls[wire])


def meant(entry):
    """The first thing that an entry has the model say."""
    reply = entry.replies()[0]
    return reply.tokens, [(call.name, call.arguments) for call in reply.calls]


def shares(wire, *, of):
    """All that is more than a text, and of the texts one in so many, other ones for each wire."""
    return {
        id_: entry
        for number, (id_, entry) in enumerate(SPOKEN.items())
        if entry.form in {"stream", "scored", "tool_call"} or number % of == WIRES.index(wire)
    }


def test_each_is_served_as_it_is_written(sdk, wire):
    """Whole: the text to the last character, the calls to the last argument; every text is read by one SDK or another."""
    wrong = []
    for id_, entry in shares(wire, of=len(WIRES)).items():
        tokens, calls = meant(entry)
        if sdk.whole(id_) != ("".join(tokens), calls):
            wrong.append(id_)

    assert wrong == []


def test_each_is_streamed_as_it_is_written(sdk, wire):
    """In the pieces that it has."""
    wrong = [id_ for id_, entry in shares(wire, of=16).items() if sdk.streamed(id_) != meant(entry)]

    assert wrong == []


def every_string(document):
    """All strings in a document, and in the JSON that its strings hold."""
    if isinstance(document, str):
        yield document
        with contextlib.suppress(ValueError):
            inner = json.loads(document)
            if isinstance(inner, dict):
                yield json.dumps(inner, sort_keys=True)
    elif isinstance(document, dict):
        yield json.dumps(document, sort_keys=True)
        for value in document.values():
            yield from every_string(value)
    elif isinstance(document, list):
        for value in document:
            yield from every_string(value)


def test_every_wire_has_every_payload(wire):
    """The body of each answer has the text, or each call's name and arguments, unchanged."""
    path, asked = REQUESTS[wire]
    request = Request("POST", path, "", {"anthropic-version": "2023-06-01"}, json.dumps(asked).encode())
    wrong = []
    for id_, entry in SPOKEN.items():
        for reply in entry.replies():
            body = (
                WIRE_CLASSES[wire].answer(request, ProviderView("p", ("m",), 9, told=reply), Draw(b"x")).body
            )
            said = set(every_string(json.loads(body)))
            wanted = {"".join(reply.tokens)} - {""} | {call.name for call in reply.calls}
            wanted |= {json.dumps(call.arguments, sort_keys=True) for call in reply.calls}
            if not wanted <= said:
                wrong.append(id_)

    assert wrong == []


@pytest.mark.parametrize("family", ["openai", "azure"])
def test_responses_say_them_too(providers, family):
    """OpenAI's other operation, whole and streamed."""
    client = SDKS[family](providers.urls[family]).client
    wrong = []
    for id_, entry in shares(family, of=32).items():
        tokens, calls = meant(entry)
        whole = client.responses.create(model=id_, input="hi")
        with client.responses.stream(model=id_, input="hi") as stream:
            pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
            streamed = stream.get_final_response()
        for response in (whole, streamed):
            made = [(i.name, json.loads(i.arguments)) for i in response.output if i.type == "function_call"]
            if (response.output_text, made) != ("".join(tokens), calls) or pieces != tokens:
                wrong.append(id_)

    assert wrong == []


def test_every_one_of_them_is_proven(providers, sdk):
    """The journal says of each request that the fault fired."""
    sdk.whole("exfil-markdown-image")
    sdk.streamed("leak-answer-streamed")
    with urllib.request.urlopen(providers.control + "/journal", timeout=10) as response:
        rows = json.loads(response.read())["rows"]

    assert {mark["fault"] for row in rows for mark in row["faults"]} == {"payload"}
    assert all(row["faults"] for row in rows)


def test_how_sure_the_model_was_is_told_to_who_asks(providers):
    """As the APIs tell it that have it, whole and streamed."""
    id_ = "confidence-only-the-figure-unlikely"
    scores = [token.logprob for token in catalogue()[id_].content]
    for wire in ("openai", "azure"):
        asked = {"model": id_, "messages": ASK, "logprobs": True}
        client = SDKS[wire](providers.urls[wire]).client
        whole = client.chat.completions.create(**asked).choices[0].logprobs.content
        chunks = [
            c.choices[0].logprobs for c in client.chat.completions.create(**asked, stream=True) if c.choices
        ]

        response = client.responses.create(model=id_, input="hi", include=["message.output_text.logprobs"])

        assert [token.logprob for token in whole] == scores
        assert [token.logprob for token in response.output[0].content[0].logprobs] == scores
        assert [token.logprob for chunk in chunks if chunk for token in chunk.content] == scores
    config = gemini.GenerateContentConfig(response_logprobs=True)
    client = Gemini(providers.urls["gemini"]).client
    candidate = client.models.generate_content(model=id_, contents="hi", config=config).candidates[0]

    assert [token.log_probability for token in candidate.logprobs_result.chosen_candidates] == scores
    assert candidate.avg_logprobs == pytest.approx(sum(scores) / len(scores))


def test_samples_differ_from_one_asking_to_the_next(sdk):
    """The very same question gets each of them in turn."""
    id_ = "samples-three-years"
    answers = {sdk.whole(id_)[0] for _ in catalogue()[id_].content}

    assert answers == set(catalogue()[id_].content)
