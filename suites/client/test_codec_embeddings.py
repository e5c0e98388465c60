"""Requests for embeddings and their answers, wire by wire."""

import json
from array import array

import pytest

from seawall.embeddings import EmbeddingRequest
from seawall.messages import Usage
from seawall.providers.limits import LimitOptions
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.secret import Secret
from seawall.providers.wires import embedding_codec_for
from seawall.resilience.failures import FailureKind

K = FailureKind
TWO = EmbeddingRequest(texts=("pier", "quay"))
ONE_AND_ZERO = "AACAPwAAAAA="  # 1.0 and 0.0 as little-endian float32


def written(wire, request=TWO, **options):
    given = {"name": "alpha", "wire": wire, "model": "chat", "api_key": Secret("sk-1"), **options}
    codec = embedding_codec_for(ProviderOptions(**given), DecoderContext(), model="vec")
    return codec.encode(request)


def openai(*rows, **more):
    return json.dumps({"object": "list", "data": list(rows), **more}).encode()


def row(index, embedding):
    return {"object": "embedding", "index": index, "embedding": embedding}


def gemini(*vectors):
    return json.dumps({"embeddings": [{"values": vector} for vector in vectors]}).encode()


def test_openai_is_asked_for_compact_vectors():
    """Base64, and shorter ones only where that is asked for."""
    request = written("openai_chat")
    shorter = written("openai_responses", EmbeddingRequest(texts=("pier",), dimensions=8))

    assert request.url == "https://api.openai.com/v1/embeddings"
    assert request.headers["Authorization"] == "Bearer sk-1"
    assert json.loads(request.body) == {
        "model": "vec",
        "input": ["pier", "quay"],
        "encoding_format": "base64",
    }
    assert json.loads(shorter.body)["dimensions"] == 8


@pytest.mark.parametrize(
    ("version", "path"),
    [
        (None, "/openai/v1/embeddings"),
        ("2024-10-21", "/openai/deployments/vec/embeddings?api-version=2024-10-21"),
    ],
)
def test_azure_is_asked_by_either_address(version, path):
    """By deployment, the path names the embedding model's and not the chat model's."""
    request = written("azure_openai", base_url="https://harbour.example", api_version=version)

    assert request.url == f"https://harbour.example{path}"
    assert request.headers["api-key"] == "sk-1"


def test_gemini_is_asked_for_a_batch():
    """Each text with the model's full name."""
    request = written("gemini", EmbeddingRequest(texts=("pier",), dimensions=8))

    assert request.url == "https://generativelanguage.googleapis.com/v1/models/vec:batchEmbedContents"
    assert json.loads(request.body) == {
        "requests": [
            {
                "model": "models/vec",
                "content": {"parts": [{"text": "pier"}]},
                "outputDimensionality": 8,
            }
        ]
    }


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("openai_chat", openai(row(0, ONE_AND_ZERO), row(1, [0.5, 1]))),
        ("openai_chat", openai(row(1, [0.5, 1]), row(0, ONE_AND_ZERO))),
        ("openai_chat", openai({"embedding": [1, 0]}, {"embedding": [0.5, 1]})),
        ("gemini", gemini([1, 0], [0.5, 1])),
    ],
    ids=["base64 and numbers", "out of order", "without indices", "gemini"],
)
def test_vectors_come_in_the_order_of_the_texts(embedding_wire, name, body):
    """However they were packed and numbered."""
    reply = embedding_wire(name, [body], texts=2, dimensions=2).reply

    assert reply.vectors == (array("f", [1, 0]), array("f", [0.5, 1]))


def test_counts_and_names_are_taken_over(embedding_wire):
    """Tokens, model and the provider's id of the request."""
    body = openai(row(0, ONE_AND_ZERO), model="vec-3", usage={"prompt_tokens": 7, "total_tokens": 7})
    headers = {"content-type": "application/json", "x-request-id": "req_1"}
    reply = embedding_wire("openai_chat", [body], texts=1, headers=headers).reply

    assert (reply.usage, reply.model, reply.request_id) == (Usage(input_tokens=7), "vec-3", "req_1")


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("openai_chat", openai(row(0, ONE_AND_ZERO)), "1 vectors for 2 texts"),
        ("openai_chat", openai(*(row(n, [1]) for n in range(3))), "3 vectors for 2 texts"),
        ("openai_chat", openai(row(0, [1]), row(0, [1])), "which text"),
        ("openai_chat", openai(row(0, [1]), row(2, [1])), "which text"),
        ("openai_chat", openai(row(0, [1]), {"embedding": [1]}), "which text"),
        ("openai_chat", openai(row(0, [1, 2]), row(1, [1])), "vectors of 1, 2 dimensions"),
        ("openai_chat", openai(row(0, []), row(1, [])), "vectors of 0 dimensions"),
        ("openai_chat", openai(row(0, "not base64!"), row(1, [1])), "no base64"),
        ("openai_chat", openai(row(0, "AAA="), row(1, [1])), "inside a number"),
        ("openai_chat", openai(row(0, "AADAfw=="), row(1, [1])), "no number"),
        ("openai_chat", openai(row(0, [1e300]), row(1, [1])), "no number"),
        ("openai_chat", openai(row(0, None), row(1, [1])), "unexpected shape"),
        ("openai_chat", b'{"object": "list"}', "without vectors"),
        ("openai_chat", b"", "empty body"),
        ("gemini", gemini([1, 0]), "1 vectors for 2 texts"),
        ("gemini", gemini([1, 0], [1]), "vectors of 1, 2 dimensions"),
        ("gemini", b"{}", "without vectors"),
        ("gemini", b'{"embeddings": [{}, {}]}', "unexpected shape"),
    ],
)
def test_vectors_that_do_not_fit_are_a_bad_response(embedding_wire, name, body, said):
    """A wrong number, order, length or value would go unseen into somebody's index."""
    failure = embedding_wire(name, [body], texts=2).failure

    assert failure.kind is K.BAD_RESPONSE
    assert said in failure.detail


def test_a_length_that_was_not_asked_for_is_a_bad_response(embedding_wire):
    """Where the caller named one."""
    failure = embedding_wire("gemini", [gemini([1, 0], [1, 0])], texts=2, dimensions=3).failure

    assert (failure.kind, failure.detail) == (
        K.BAD_RESPONSE,
        "vectors of 2 dimensions where 3 were asked for",
    )


@pytest.mark.parametrize(
    ("name", "status", "error", "kind"),
    [
        ("openai_chat", 429, {"message": "x", "code": "insufficient_quota"}, K.QUOTA_EXHAUSTED),
        ("openai_chat", 400, {"message": "maximum context length is 8192 tokens"}, K.CONTEXT_LENGTH),
        ("openai_chat", 200, {"message": "x", "type": "server_error"}, K.SERVER_ERROR),
        ("gemini", 429, {"code": 429, "status": "RESOURCE_EXHAUSTED"}, K.RATE_LIMITED),
        ("gemini", 200, {"code": 503, "status": "UNAVAILABLE"}, K.OVERLOADED),
    ],
)
def test_errors_are_those_of_the_wire(embedding_wire, name, status, error, kind):
    """The same tables as for answers."""
    body = json.dumps({"error": error}).encode()

    assert embedding_wire(name, [body], texts=1, status=status).failure.kind is kind


def test_vectors_have_a_size_limit_of_their_own(embedding_wire):
    """Larger than that of an answer, and still one."""
    limits = LimitOptions(body_bytes_max=1_024, embedding_bytes_max=8_192)
    fits = gemini([0.5] * 1_000)
    endless = [b"[" + b"0.5, " * 1_000] * 40

    assert embedding_wire("gemini", [fits], texts=1, limits=limits).failure is None
    assert embedding_wire("gemini", endless, texts=1, limits=limits).failure.code == "oversized"
