"""The control API does what it is told, and refuses by name what it cannot understand."""

import pytest

from seawall_simulators.faults import FAULTS
from seawall_simulators.wires import WIRES


@pytest.mark.parametrize("wire", WIRES)
async def test_a_provider_is_one_document(serve, wire):
    """What is read can be written back, changed, and holds from the next request on."""
    served = await serve(alpha={"wire": wire})
    await served.fault(fault="stall", after_tokens=1)
    document = (await served.control("GET", "/providers/alpha")).json

    assert (await served.control("PUT", "/providers/alpha", document)).json == document
    assert (await served.control("GET", "/providers")).json == {"alpha": document}
    changed = document | {"faults": [], "behaviour": document["behaviour"] | {"tokens": 3}}
    assert (await served.control("PUT", "/providers/alpha", changed)).json == changed

    await (await served.connect()).chat(wire)
    assert [row["output_tokens"] for row in await served.finished(1)] == [3]


async def test_a_document_need_not_say_everything(serve):
    """What it leaves out is as by default, the faults included."""
    served = await serve()
    await served.fault(fault="stall")

    document = (await served.control("PUT", "/providers/alpha", {"wire": "openai"})).json

    assert (document["faults"], document["models"]) == ([], ["alpha-1"])
    assert document["behaviour"]["first_token_ms"] == {"median": 30.0, "sigma": 0.3}


@pytest.mark.parametrize(
    ("method", "path", "document", "refused"),
    [
        ("GET", "/nothing", None, (404, "/journal")),
        ("GET", "/providers/alpa", None, (404, "did you mean 'alpha'?")),
        ("POST", "/health", None, (405, "takes GET, not POST")),
        ("DELETE", "/providers/alpha", None, (405, "takes GET, PUT")),
        ("PUT", "/providers/alpha", {"wire": "opnai"}, (422, "did you mean 'openai'?")),
        ("PUT", "/providers/alpha", {"wire": "gemini"}, (422, "'openai' for good")),
        ("PUT", "/providers/alpha", {"wire": "openai", "behavior": {}}, (422, "did you mean 'behaviour'?")),
        (
            "PUT", "/providers/alpha", {"wire": "openai", "behaviour": {"first_token_ms": {"medan": 1}}},
            (422, "behaviour.first_token_ms.medan: no such key; did you mean 'median'?"),
        ),
        ("PUT", "/providers/alpha", {"wire": "openai", "behaviour": {"capacity": 0}}, (422, "behaviour.capacity")),
        ("PUT", "/providers/alpha", {"wire": "openai", "faults": [{"fault": "stal"}]}, (422, "did you mean 'stall'?")),
        ("PUT", "/providers/alpha", [], (422, "the document")),
        ("PUT", "/providers/alpha/fault", {"fault": "stal"}, (422, "did you mean 'stall'?")),
        ("PUT", "/providers/alpha/fault", {}, (422, "None is no fault")),
        ("PUT", "/providers/alpha/fault", "stall", (422, "a fault is an object")),
        ("PUT", "/providers/alpha/fault", {"fault": "stall", "after": 3}, (422, "did you mean 'after_tokens'?")),
        ("PUT", "/providers/alpha/fault", {"fault": "stall", "after_tokens": -1}, (422, "after_tokens")),
        ("PUT", "/providers/alpha/fault", {"fault": "cut", "how": "bang"}, (422, "how: Input should be 'fin' or 'rst'")),
        ("PUT", "/providers/alpha/fault", {"fault": "http_status", "status": 99}, (422, "status")),
        (
            "PUT", "/providers/alpha/fault", {"fault": "http_status", "retry_after": "1\r\nx: y"},
            (422, "printable ASCII"),
        ),
        ("GET", "/journal?since=x", None, (422, "since: a sequence number, not 'x'")),
    ],
)  # fmt: skip
async def test_what_cannot_be_understood_is_refused_by_name(serve, method, path, document, refused):
    """One sentence that says what is wrong and what would be right; nothing is changed."""
    served = await serve()
    before = (await served.control("GET", "/providers")).json

    response = await served.control(method, path, document)

    status, said = refused
    assert response.status == status
    assert said in response.json["error"]
    assert (await served.control("GET", "/providers")).json == before


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"nul"])
async def test_a_body_that_is_no_json_is_refused(serve, body):
    """However broken or deep."""
    served = await serve()

    response = await (await served.connect(None)).ask("PUT", "/providers/alpha/fault", body=body)

    assert response.status == 400
    assert "the body is not JSON" in response.json["error"]


@pytest.mark.parametrize("name", FAULTS)
async def test_every_fault_can_be_set_with_its_defaults_alone(serve, name):
    """And is then in the document with every parameter."""
    served = await serve()
    await served.fault(fault=name)

    (fault,) = (await served.control("GET", "/providers/alpha")).json["faults"]

    assert set(fault) == set(FAULTS[name].model_fields)


async def test_a_reset_is_a_fresh_start(serve):
    """Connections dropped, faults, journal and allowances as at first; the rest of the document stays."""
    served = await serve(alpha={"behaviour": {"requests_per_minute": 1}})
    await served.fault(fault="delayed_head", delay_s=0)
    client = await served.connect()
    assert [(await client.chat()).status for _ in range(2)] == [200, 429]
    hanging = await served.connect()
    await served.fault(fault="blackhole")
    await hanging.begin_chat()
    while not (await served.control("GET", "/journal")).json["unfinished"]:
        pass

    assert (await served.control("POST", "/reset")).status == 200

    assert (await client.rest())[0] == b""
    assert (await hanging.rest())[0] == b""
    journal = (await served.control("GET", "/journal")).json
    assert (journal["rows"], journal["unfinished"]) == ([], [])
    assert (await (await served.connect()).chat()).status == 200


async def test_a_token_is_wanted_where_there_is_one(serve):
    """Without it, or with another, nothing is told; providers are asked without it."""
    served = await serve(token="sesame")

    assert (await served.control("GET", "/journal")).status == 401
    assert (await served.control("GET", "/journal", headers={"authorization": "Bearer nope"})).status == 401
    assert (await served.control("GET", "/journal", headers={"authorization": "Bearer sesame"})).status == 200
    assert (await (await served.connect()).chat()).status == 200


async def test_web_pages_have_no_say(serve):
    """A browser sends an origin with what a page makes it ask; that is refused."""
    served = await serve()

    response = await served.control("POST", "/reset", headers={"origin": "http://evil.test"})

    assert response.status == 403


async def test_providers_share_a_port_under_their_names(serve):
    """Those without a port of their own; an unknown name is told which there are."""
    served = await serve(alpha={"port": None}, beta={"port": None, "wire": "anthropic"}, own={})
    client = await served.connect("beta")

    assert served.urls["alpha"].endswith("/alpha/v1")
    assert served.urls["beta"].endswith("/beta")
    assert served.urls["own"].count("/") == 3
    assert (await client.ask("GET", "/alpha/v1/models")).json["data"][0]["id"] == "m"
    response = await client.ask("GET", "/delta/v1/models")
    assert (response.status, "/alpha, /beta" in response.json["error"]) == (404, True)


async def test_a_key_is_wanted_where_there_is_one(serve):
    """Refused as the provider does, and journalled."""
    served = await serve(alpha={"api_key": "k"})
    client = await served.connect()

    statuses = [
        (await client.chat(headers=headers)).status for headers in ({}, {"authorization": "Bearer k"})
    ]

    assert statuses == [401, 200]
    assert [row["outcome"] for row in await served.finished(2)] == ["rejected", "complete"]
