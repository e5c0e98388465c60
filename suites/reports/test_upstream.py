"""What calls cost upstream, counted from both sides."""

import pytest

from seawall_reports.upstream import with_upstream


@pytest.fixture
def counted(recorded, rows):
    """Counts for calls and attempts that share a call id unless they say otherwise."""

    def count(*some, calls=({},)):
        calls = [rows.call(**changes) for changes in calls]
        recording = recorded(rows=[*calls, *some])
        return with_upstream(recording.calls, recording.attempts)

    return count


def test_requests_are_counted_at_the_providers(counted, rows):
    """A client that forgets its hidden retries cannot hide them: the provider saw three requests of one attempt."""
    calls = counted(rows.attempt(side="client", outcome="answered"), *[rows.attempt()] * 3)

    assert calls["requests"].tolist() == [3]
    assert calls["provider_requests"].tolist() == [3]


def test_requests_that_reach_nobody_count_too(counted, rows):
    """A refused connection is a request that the outage cost, though no provider saw it."""
    refused = rows.attempt(side="client", client_request_id="c0-1", outcome="failed")
    answered = rows.attempt(side="client", client_request_id="c0-2", outcome="answered")
    calls = counted(refused, answered, rows.attempt(client_request_id="c0-2"))

    assert calls["requests"].tolist() == [2]
    assert calls["provider_requests"].tolist() == [1]


def test_subjects_with_the_same_call_ids_are_apart(counted, rows):
    """The load plan gives every subject the same ids; what one provider saw of one proves nothing of the other."""
    attempts = [
        rows.attempt(subject="baseline", side="client", outcome="failed"),
        rows.attempt(subject="seawall", side="client", outcome="answered"),
        rows.attempt(subject="seawall"),
    ]
    calls = counted(*attempts, calls=[{"subject": "baseline", "status": "failed"}, {"subject": "seawall"}])

    assert calls["requests"].tolist() == [1, 1]
    assert calls["provider_requests"].tolist() == [0, 1]
    assert calls["wasted_tokens"].tolist() == [0, 0]


def test_tokens_beside_the_answer_are_wasted(counted, rows):
    """Three tokens before the cut and a hedge's twelve are waste; the answer's twelve are not."""
    calls = counted(
        rows.attempt(client_request_id="c0-1", tokens=3, outcome="faulted"),
        rows.attempt(client_request_id="c0-2", tokens=12),
        rows.attempt(client_request_id="c0-3", tokens=12),
        rows.attempt(side="client", client_request_id="c0-1", outcome="failed"),
        rows.attempt(side="client", client_request_id="c0-2", outcome="answered"),
        rows.attempt(side="client", client_request_id="c0-3", outcome="cancelled"),
    )

    assert calls[["tokens", "wasted_tokens"]].to_numpy().tolist() == [[27, 15]]


@pytest.mark.parametrize("status", ["failed", "wrong", "unfinished"])
def test_without_a_right_answer_all_tokens_are_wasted(counted, rows, status):
    """What the client calls answered is no answer if the text was wrong."""
    calls = counted(
        rows.attempt(tokens=3), rows.attempt(side="client", outcome="answered"), calls=[{"status": status}]
    )

    assert calls["wasted_tokens"].tolist() == [3]


def test_a_client_without_records_is_credited_with_its_last_complete_attempt(counted, rows):
    """A foreign client tells nothing of its attempts; the last whole answer is the one it can have used."""
    calls = counted(
        rows.attempt(client_request_id="c0-1", started_s=0.0, tokens=9),
        rows.attempt(client_request_id="c0-2", started_s=0.5, tokens=12),
        rows.attempt(client_request_id="c0-3", started_s=0.9, tokens=1, outcome="client_left"),
    )

    assert calls["wasted_tokens"].tolist() == [10]


def test_a_call_without_attempts_costs_nothing(counted):
    """A client that sheds load asks nobody."""
    calls = counted()

    assert calls[["requests", "tokens", "wasted_tokens"]].to_numpy().tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("call", "attempt", "early"),
    [
        ({"first_token_s": 1.0}, {"outcome": "failed", "finished_s": 0.9}, True),
        ({"first_token_s": 1.0}, {"outcome": "failed", "finished_s": 1.5}, False),
        ({"first_token_s": 1.0}, {"outcome": "answered", "finished_s": 0.9}, False),
        ({"first_token_s": None, "status": "failed"}, {"outcome": "failed", "finished_s": 0.9}, True),
        ({"first_token_s": 1.0, "kind": "complete"}, {"outcome": "failed", "finished_s": 0.9}, False),
    ],
)
def test_streams_that_failed_before_their_first_token_are_told_apart(counted, rows, call, attempt, early):
    """Only until its first token can a stream be saved without its reader noticing."""
    calls = counted(rows.attempt(side="client", **attempt), calls=[{"kind": "stream"} | call])

    assert calls["failed_early"].tolist() == [early]


def test_what_a_provider_had_sent_before_a_cut_is_no_early_failure(counted, rows):
    """The caller had its first token after the provider was done, and before the client met the cut."""
    cut = rows.attempt(fault="cut", finished_s=0.9)
    opened = rows.attempt(side="client", outcome="answered", finished_s=0.5)
    calls = counted(cut, opened, calls=[{"kind": "stream", "first_token_s": 1.0, "status": "failed"}])

    assert calls["failed_early"].tolist() == [False]


@pytest.mark.parametrize(("again_s", "early"), [(0.5, True), (1.5, False)])
def test_a_client_without_records_tells_by_asking_again(counted, rows, again_s, early):
    """A second request before the first token: the first attempt had failed by then. One alone says nothing."""
    first, second = rows.attempt(started_s=0.1), rows.attempt(client_request_id="c0-2", started_s=again_s)
    stream = {"kind": "stream", "first_token_s": 1.0}

    assert counted(first, second, calls=[stream])["failed_early"].tolist() == [early]
    assert counted(first, calls=[stream])["failed_early"].tolist() == [False]
