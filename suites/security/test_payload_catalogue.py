"""The whole payload catalogue against a guarded client: what gets through is listed, and the list only shrinks."""

import json

import aiohttp
import pytest
import rates
from catalogue_attack import carry_out, fake_provider, wire_of
from catalogue_judge import miss
from catalogue_run import known_misses

from seawall_simulators.payloads import catalogue

pytestmark = pytest.mark.security
ENTRIES = list(catalogue().values())
KNOWN = known_misses()


@pytest.mark.parametrize("place", range(len(ENTRIES)), ids=[entry.id for entry in ENTRIES])
async def test_an_entry_gets_its_verdict(place):
    """Whole and streamed; `python suites/security/catalogue_run.py --write-misses` lists anew what does not."""
    entry = ENTRIES[place]
    wire = wire_of(entry, place)
    missed = [
        f"{'streamed' if stream else 'whole'} over {wire}: {why}"
        for stream in (False, True)
        if (why := miss(entry, await carry_out(entry, wire=wire, stream=stream)))
    ]
    if entry.id in KNOWN:
        assert missed, f"{entry.id} is no miss any more: take it off known_misses.yaml"
    else:
        assert missed == []


def test_the_list_of_misses_names_nothing_else():
    """An entry that was renamed or taken away cannot stay on it, and each says what is wrong."""
    assert set(KNOWN) <= set(catalogue())
    assert all(KNOWN.values())


def test_the_document_shows_the_rates_that_runs_are_held_to():
    """`python suites/security/measure.py --write-baseline` writes both."""
    assert rates.document() == rates.DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("remainder", range(4))
async def test_without_the_pipeline_every_attack_gets_through(remainder):
    """Or its verdict would be no merit of the guards; and what is harmless passes."""
    stopped = []
    for place, entry in list(enumerate(ENTRIES))[remainder::4]:
        if entry.form != "body" and entry.id not in STOPPED_BY_THE_WIRE:
            observed = await carry_out(
                entry, wire=wire_of(entry, place), stream=False, security={"mode": "off"}
            )
            if (miss(entry, observed) is None) is not (entry.expect == "allow"):
                stopped.append(entry.id)
    assert stopped == []


# No wire has a call of a tool without a name.
STOPPED_BY_THE_WIRE = {"tool-empty-name"}
OFF = {
    "firewall": ["direct-fake-turn", "direct-chatml-marker", "indirect-web-comment"],
    "redaction": ["pii-sent-by-user", "pii-in-tool-result"],
    "grounding": ["schema-missing-key", "fabrication-figure-changed", "fabrication-no-such-source"],
    "verification": ["confidence-every-token-unlikely", "confidence-falls-off"],
    "tools": ["tool-undeclared", "tool-metadata-aws", "tool-exfil-mail", "tool-path-traversal"],
    "output": ["exfil-markdown-image", "active-script-tag", "hidden-tag-characters"],
}


@pytest.mark.parametrize(("stage", "id_"), [(stage, id_) for stage, ids in OFF.items() for id_ in ids])
async def test_the_suite_notices_that_a_stage_is_off(stage, id_):
    """The attack is real: without the stage, and with all others, it gets through; with it, it does not."""
    place = list(catalogue()).index(id_)
    entry, security = ENTRIES[place], {"mode": "enforce", stage: {"mode": "off"}}
    wire = wire_of(entry, place)
    assert miss(entry, await carry_out(entry, wire=wire, stream=False, security=security))
    assert not miss(entry, await carry_out(entry, wire=wire, stream=False))


ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("id_", ["bomb-gzip-small", "bomb-deep-arrays"])
async def test_a_client_without_a_wire_guard_is_hit(id_):
    """The guard of the wire has no switch, so an ordinary client shows that there is something to guard against."""
    entry = catalogue()[id_]
    async with fake_provider(entry, "openai") as simulators, aiohttp.ClientSession() as session:
        response = await session.post(f"{simulators.base_urls['mallory']}/chat/completions", json=ASKED)
        body = await response.read()
    if id_ == "bomb-deep-arrays":
        with pytest.raises(RecursionError):
            json.loads(body)
    else:
        assert len(body) > 16 * 1024 * 1024
    assert not miss(entry, await carry_out(entry, wire="openai", stream=False))


async def test_a_client_that_follows_redirects_takes_the_prompt_elsewhere(forgive_loopback):
    """An ordinary client asks for the attacker's address; the guarded one does not, or this run would fail."""
    entry = catalogue()["body-redirect-other-host"]
    async with fake_provider(entry, "openai") as simulators, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.post(f"{simulators.base_urls['mallory']}/chat/completions", json=ASKED)
    forgive_loopback()
    assert not miss(entry, await carry_out(entry, wire="openai", stream=False))
