"""The fault `payload`, as a client of bare sockets meets it, and as the journal proves it."""

import gzip
import json

import pytest

from seawall_simulators.payloads import catalogue
from seawall_simulators.wires import WIRES

READ_BYTES = 300_000
ENDLESS = [
    id_ for id_, e in catalogue().items() if e.form == "body" and e.content.generator.startswith("endless")
]


async def under(serve, payload, wire="openai", **more):
    """A provider that says this payload, and a client of it."""
    served = await serve(alpha={"wire": wire, **more})
    await served.fault(fault="payload", payload=payload)
    return served, await served.connect()


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_answer_is_the_payload_and_the_journal_says_so(serve, wire, stream):
    """On every wire, in the frame of a healthy answer."""
    served, client = await under(serve, "exfil-stream-scheme-split", wire)

    response = await client.chat(wire, stream=stream)

    body = b"".join(response.frames) if stream else response.body
    (row,) = await served.finished(1)
    assert response.status == 200
    assert b"//go.attacker" in body
    assert row["faults"] == [{"id": "payload", "fault": "payload"}]
    assert row["outcome"] == "faulted"


async def test_ids_and_headers_are_those_of_the_answer_it_replaces(serve):
    """Only what the model says is another."""
    served = await serve()
    client = await served.connect()
    healthy = await client.chat()
    await served.control("POST", "/reset")
    await served.fault(fault="payload")
    client = await served.connect()
    afflicted = await client.chat()

    assert afflicted.headers["x-request-id"] == healthy.headers["x-request-id"]
    assert afflicted.json["id"] == healthy.json["id"]
    assert afflicted.json["choices"][0]["message"]["content"] == catalogue()["benign-plain-answer"].content
    assert afflicted.json["choices"] != healthy.json["choices"]


async def test_the_same_seed_says_the_same_bytes(serve):
    """A payload draws nothing; of samples each asking gets the next."""
    bodies = []
    for _ in range(2):
        _, client = await under(serve, "samples-yes-and-no")
        bodies.append([(await client.chat()).body for _ in range(3)])

    said = [json.loads(body)["choices"][0]["message"]["content"] for body in bodies[0]]
    yes, no = catalogue()["samples-yes-and-no"].content
    assert bodies[0] == bodies[1]
    assert said == [yes, no, yes]


async def test_what_is_no_answer_of_a_model_is_left_alone(serve):
    """Lists of models, embeddings and refusals say nothing of it, and the journal claims nothing."""
    served, client = await under(serve, "exfil-html-img")
    models = await client.ask("GET", "/v1/models")
    vector = await client.ask("POST", "/v1/embeddings", {"model": "m", "input": "x", "dimensions": 2})
    nobody = await client.chat(model="nobody")

    rows = await served.finished(3)
    assert [models.status, vector.status, nobody.status] == [200, 200, 404]
    assert [row["faults"] for row in rows] == [[], [], []]


async def test_a_gzip_bomb_says_that_it_is_gzip(serve):
    """With the true length of what is sent, which is a small part of what it holds."""
    served, client = await under(serve, "bomb-gzip-small")

    response = await client.chat()

    assert response.headers["content-encoding"] == "gzip"
    assert int(response.headers["content-length"]) == len(response.body) < 100_000
    assert len(gzip.decompress(response.body)) == 20_000 * 1024
    (row,) = await served.finished(1)
    assert row["faults"]


async def test_a_redirect_is_one(serve):
    """Its status and where it leads."""
    _, client = await under(serve, "body-redirect-metadata")

    response = await client.chat()

    assert (response.status, response.headers["location"]) == (
        302,
        "http://169.254.169.254/latest/meta-data/",
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("payload", ENDLESS)
async def test_what_is_endless_goes_on_until_the_client_leaves(serve, payload, stream):
    """And it is counted although it never ended."""
    served, client = await under(serve, payload)
    await client.begin_chat(stream=stream)

    seen = await client.reader.readexactly(READ_BYTES)
    client.close()

    (row,) = await served.finished(1)
    assert len(seen) == READ_BYTES
    assert row["outcome"] == "client_left"
    assert row["faults"] == [{"id": "payload", "fault": "payload"}]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ("exfil-html-imgg", "did you mean 'exfil-html-img'?"),
        ("12", "`seawall providers payloads` lists them"),
    ],
)
async def test_a_payload_that_is_none_is_refused(serve, payload, told):
    """By one line that helps."""
    served = await serve()
    answer = await served.control("PUT", "/providers/alpha/fault", {"fault": "payload", "payload": payload})

    assert answer.status == 422
    assert told in str(answer.json)
