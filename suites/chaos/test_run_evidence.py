"""What both sides saw, joined: which calls count as answered, and which faults as having acted."""

import hashlib

import pytest

from seawall_chaos.endpoints import Firing, Injection
from seawall_chaos.evidence import (
    Evidence,
    InjectedWindow,
    attempt_rows,
    call_rows,
    fault_rows,
    success_rate,
)
from seawall_chaos.faults import parse_fault
from seawall_chaos.load import PlannedCall
from seawall_chaos.outcome import AttemptNote, Outcome
from seawall_chaos.timeline import Window

START_S = 1000.0


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def note(request_id, provider="alpha", **changes):
    given = {"started_s": START_S + 0.5, "finished_s": START_S + 0.6, "outcome": "answered"}
    return AttemptNote(client_request_id=request_id, provider=provider, **given | changes)


def outcome(number=1, text="hello", **changes):
    given = {
        "started_s": START_S + 0.51,
        "finished_s": START_S + 0.75,
        "first_token_s": START_S + 0.6,
        "gave_up": False,
        "failure": None,
        "restarts": 0,
        "attempts": (note(f"outage.{number:05d}-1"),),
    }
    return Outcome(number=number, text_sha256=sha256(text), chars=len(text), **given | changes)


def journal_row(request_id, text="hello", **changes):
    row = {
        "client_request_id": request_id,
        "provider": "alpha",
        "arrived_monotonic_s": START_S + 0.52,
        "first_byte_monotonic_s": START_S + 0.6,
        "finished_monotonic_s": START_S + 0.74,
        "status": 200,
        "outcome": "complete",
        "faults": [],
        "tokens_sent": 3,
        "answer_sha256": None if text is None else sha256(text),
    }
    return row | changes


def evidence(outcomes, journal=(), *, sent=(), windows=(), calls=1):
    plan = [
        PlannedCall(number, f"outage.{number:05d}", "stream", "Hello", 0.5) for number in range(1, calls + 1)
    ]
    started = {o.number: o.started_s for o in outcomes} | dict.fromkeys(sent, START_S + 0.51)
    return Evidence(
        scenario="outage",
        subject="seawall",
        start_s=START_S,
        end_s=START_S + 9,
        plan=plan,
        started=started,
        outcomes={o.number: o for o in outcomes},
        journal=journal,
        windows=windows,
    )


@pytest.mark.parametrize(
    ("ended", "journal", "status"),
    [
        (outcome(), [journal_row("outage.00001-1")], "ok"),
        (outcome(), [journal_row("outage.00001-1", None), journal_row("outage.00001-2")], "ok"),
        (outcome(text="hel"), [journal_row("outage.00001-1")], "wrong"),
        (outcome(text=""), [journal_row("outage.00001-1")], "wrong"),
        (outcome(), [], "wrong"),
        (outcome(), [journal_row("outage.00002-1")], "wrong"),
        (outcome(), [journal_row(None)], "wrong"),
        (outcome(), None, "unfinished"),
        (outcome(failure="APIError 503"), None, "failed"),
        (outcome(failure="APIError 503"), [journal_row("outage.00001-1")], "failed"),
        (outcome(failure="gave up", gave_up=True), [journal_row("outage.00001-1")], "unfinished"),
    ],
)
def test_a_call_is_ok_only_if_its_text_is_what_its_provider_meant(ended, journal, status):
    """Fragments, empty answers and the answers of other calls are wrong, however content the client is."""
    (row,) = call_rows(evidence([ended], journal))

    assert row.status == status
    assert row.provider == ("alpha" if status in {"ok", "wrong"} else None)


def test_latency_counts_from_the_intended_start():
    """A call that was started late was waited for all the same."""
    (row,) = call_rows(evidence([outcome()], [journal_row("outage.00001-1")]))

    assert row.latency_ms == pytest.approx(250)
    assert row.first_token_ms == pytest.approx(100)
    assert row.started_s == pytest.approx(0.51)


def test_a_call_without_news_is_unfinished_and_an_unsent_one_is_no_row():
    """What a dead worker left open has lasted until the end; what was never sent shows in the count alone."""
    seen = evidence([outcome()], [journal_row("outage.00001-1")], sent=[2], calls=3)

    assert [(row.call, row.status) for row in call_rows(seen)] == [(1, "ok"), (2, "unfinished")]
    assert list(call_rows(seen))[1].latency_ms == pytest.approx(8500)
    assert success_rate(seen) == pytest.approx(1 / 3)


def window(fault="http_status", *firings, injected=True):
    injection = Injection("1.1", fault, "alpha", "mitmproxy", START_S + 0.4, START_S + 2)
    return InjectedWindow(
        window=Window(1, 1, fault, "alpha", 0.4, 2.0),
        fault=parse_fault({"fault": fault}),
        carrier="mitmproxy",
        injection=injection if injected else None,
        firings=firings,
    )


def test_attempts_of_both_sides_are_kept_with_the_fault_that_hit_them():
    """Calls of the steady-state check, and whatever else reached a provider, are not the scenario's."""
    hit = window("http_status", Firing(START_S + 0.5, "outage.00001-1", "journal"))
    ended = outcome(attempts=(note("outage.00001-1", outcome="failed"), note("outage.00001-2", "beta")))
    journal = [
        journal_row("outage.00001-2", provider="beta"),
        journal_row("outage.steady.00001-1"),
        journal_row(None),
    ]

    rows = list(attempt_rows(evidence([ended], journal, windows=[hit])))

    assert [(row.side, row.provider, row.fault) for row in rows] == [
        ("client", "alpha", "http_status"),
        ("client", "beta", None),
        ("provider", "beta", None),
    ]
    assert {row.call_id for row in rows} == {"outage.00001"}


def test_a_fault_that_nobody_saw_act_has_not_fired():
    """Neither one that was in force for nothing, nor one that never came into force."""
    for silent in (window(), window(injected=False)):
        (row,) = fault_rows(evidence([outcome()], windows=[silent]))
        assert row.fired == 0
    assert row.applied_s is None


def test_firings_are_counted_without_canaries():
    """The stack's own test connection is no client that was hit."""
    firings = [
        Firing(START_S + 1, "outage.00001-1", "journal"),
        Firing(START_S + 1, None, "probe", canary=True),
    ]

    (row,) = fault_rows(evidence([outcome()], windows=[window("http_status", *firings)]))

    assert (row.fired, row.evidence) == (1, "journal")
    assert (row.applied_s, row.healed_s) == (pytest.approx(0.4), pytest.approx(2.0))


@pytest.mark.parametrize(
    ("attempt", "fired"),
    [
        (note("outage.00001-1", outcome="failed"), 1),
        (note("outage.00001-1", outcome="failed", status=503), 0),
        (note("outage.00001-1", "beta", outcome="failed"), 0),
        (note("outage.00001-1", started_s=START_S + 3, outcome="failed"), 0),
        (note("outage.00001-9", outcome="failed"), 0),
    ],
)
def test_refused_connections_are_counted_by_those_who_met_them(attempt, fired):
    """A canary proves the fault; attempts in its window that got no answer and reached nobody are the count."""
    canary = Firing(START_S + 0.4, None, "refused", canary=True)
    seen = evidence(
        [outcome(attempts=(attempt,))],
        [journal_row("outage.00001-9")],
        windows=[window("connection_refused", canary)],
    )

    (row,) = fault_rows(seen)

    assert row.fired == fired
