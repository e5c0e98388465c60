"""What providers said in real incidents, from the bytes on the wire to the answer that another provider gave."""

import json
import random

import pytest

from seawall.resilience.call import Call
from seawall.resilience.failures import FailureKind
from seawall.resilience.fleet import Fleet
from seawall.trace import CallContext

BAD_REQUEST = {"error": {"message": "Unsupported value", "type": "invalid_request_error", "code": None}}
TOO_MANY = {"error": {"message": "Requests have exceeded the call rate limit", "code": "429"}}
BILLING = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}


@pytest.fixture
def play(samples):
    """Play a call against canned error responses by provider; others answer. Returns whom it asked, and the call."""

    def made(models, responses):
        fleet = Fleet(models, rng=random.Random(0))
        call = Call(fleet, CallContext(call_id="c", stream=False, deadline_s=30.0))
        names, actions = [], call.start(0.0)
        while not call.over:
            starts = [action for action in actions if type(action).__name__ == "StartAttempt"]
            if not starts:
                actions = call.timer(actions[-1].at)
                continue
            (start,) = starts
            names.append(start.provider)
            if start.provider not in responses:
                actions = call.attempt_succeeded(0.1, start.number)
                continue
            wire, status, document = responses[start.provider]
            outcome = samples[wire].decode([json.dumps(document).encode()], stream=False, status=status)
            actions = call.attempt_failed(0.1, start.number, outcome.failure)
        return names, call

    return made


@pytest.mark.parametrize("second", [(400, BAD_REQUEST), (429, TOO_MANY)])
def test_a_bad_rollout_of_one_model_in_every_region(play, second):
    """Azure, March 2026: 400 and 429 from all deployments of one model. Another model answers."""
    names, call = play(
        [("west", "gpt-5.2"), ("east", "gpt-5.2"), ("other", "claude")],
        {"west": ("azure_openai", 400, BAD_REQUEST), "east": ("azure_openai", *second)},
    )

    assert names == ["west", "east", "other"]
    assert call.trace.provider == "other"


def test_two_models_that_agree_are_believed(play):
    """A request that both find fault with is at fault; a third one is not bothered."""
    names, call = play(
        [("west", "gpt-5.2"), ("claude", "claude"), ("third", "gemini")],
        {
            "west": ("azure_openai", 400, BAD_REQUEST),
            "claude": ("anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error"}}),
        },
    )

    assert names == ["west", "claude"]
    assert call.trace.error == "InvalidRequest"


@pytest.mark.parametrize(
    ("wire", "status", "document"),
    [
        ("openai_chat", 429, BILLING),
        ("azure_openai", 429, BILLING),
        ("anthropic", 402, {"type": "error", "error": {"type": "billing_error", "message": "x"}}),
        (
            "anthropic",
            400,
            {
                "type": "error",
                "error": {"type": "invalid_request_error", "message": "Your credit balance is too low"},
            },
        ),
        ("gemini", 429, {"error": {"status": "X", "details": [{"reason": "BILLING_DISABLED"}]}}),
    ],
)
def test_an_unpaid_bill_is_never_retried(play, wire, status, document):
    """Waiting does not mend it: one request, then the next provider; with no other, an error at once."""
    names, call = play([("alpha", "m"), ("beta", "n")], {"alpha": (wire, status, document)})
    assert names == ["alpha", "beta"]
    assert call.records[0].failure.kind is FailureKind.QUOTA_EXHAUSTED

    names, call = play([("alpha", "m")], {"alpha": (wire, status, document)})
    assert names == ["alpha"]
    assert call.trace.error == "AllProvidersFailed"


def test_an_edge_that_answers_for_everybody(play):
    """A 400 and a 429 without the provider's own words blame no request, and others answer."""
    names, _ = play(
        [("alpha", "m"), ("beta", "n"), ("gamma", "o")],
        {"alpha": ("openai_chat", 400, "<html>"), "beta": ("anthropic", 429, "<html>")},
    )

    assert names == ["alpha", "beta", "gamma"]
