"""What a second provider writes is joined to the text before: nothing twice, nothing lost."""

import asyncio
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.continuation import Continuation
from seawall.messages import CompletionRequest, Message, ProviderReply, TextDelta, ToolCallDelta
from seawall.providers.options import ProviderOptions
from seawall.providers.prefill import prefilled, takes_prefill

BEFORE = "The boats lie in the harbour, and the tide is going out. "
AFTER = "By noon the quay will be dry, and nobody will sail."


def join(before, pieces):
    """What the consumer gets besides what it has, and the whole text of the answer."""
    continuation = Continuation(before)
    got = [delta for piece in pieces for delta in continuation.feed([TextDelta(piece)])]
    kept, reply = asyncio.run(continuation.close(ProviderReply(text="".join(pieces))))
    return "".join(delta.text for delta in [*got, *kept]), reply.text


def pieces(text, cuts):
    at = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(at)]


CUTS = st.lists(st.integers(min_value=0, max_value=500), max_size=8)


@given(CUTS)
def test_a_plain_continuation_is_handed_on(cuts):
    """A model that just goes on is joined as it is, in whatever pieces it comes."""
    assert join(BEFORE, pieces(AFTER, cuts)) == (AFTER, BEFORE + AFTER)


@given(CUTS, st.integers(min_value=16, max_value=len(BEFORE)))
def test_words_said_again_are_dropped(cuts, again):
    """A model that begins a few words back, or all over, repeats nothing to the consumer."""
    assert join(BEFORE, pieces(BEFORE[-again:] + AFTER, cuts)) == (AFTER, BEFORE + AFTER)


@given(CUTS, st.text(min_size=300, max_size=2000), st.text(min_size=1, max_size=50))
def test_a_long_answer_given_anew_is_dropped_as_far_as_it_is_known(cuts, before, after):
    """However long the text before is, one that repeats all of it adds only what is new."""
    got, whole = join(before, pieces(before + after, cuts))

    assert whole == before + got
    assert got == after or after.startswith(before[-16:])


@given(CUTS, st.text(max_size=60), st.text(max_size=60))
def test_the_answer_is_what_was_handed_out(cuts, before, after):
    """Whatever is joined: the whole text is the text before and what the consumer got, nothing else."""
    got, whole = join(before, pieces(after, cuts))

    assert whole == before + got


def test_a_short_agreement_is_no_repetition():
    """A figure that goes on with the digit it ended with, a word said twice on purpose, are kept."""
    assert join("It costs 100", ["0 crowns"])[1] == "It costs 1000 crowns"
    assert join("Never, never", [", never again"])[1] == "Never, never, never again"


def test_white_space_is_neither_lost_nor_doubled():
    """The text was sent without the space it ended in; a model that writes it adds none."""
    assert join("A boat \n", [" \n", "sails"])[1] == "A boat \nsails"
    assert join("A boat ", ["sails"])[1] == "A boat sails"


def test_text_is_not_held_back_for_nothing():
    """The first piece that cannot be a repetition is handed on at once."""
    assert Continuation(BEFORE).feed([TextDelta("By ")]) == [TextDelta("By ")]


def test_a_tool_call_frees_what_is_held_back():
    """Text that looked like a repetition comes before the call that followed it."""
    tool = ToolCallDelta(index=0, id="1", name="look")
    continuation = Continuation(BEFORE)

    assert continuation.feed([TextDelta(BEFORE[:10])]) == []
    assert continuation.feed([tool]) == [TextDelta(BEFORE[:10]), tool]


@pytest.mark.parametrize(
    ("wire", "model", "takes"),
    [
        ("anthropic", "claude-sonnet-4-5", True),
        ("anthropic", "claude-sonnet-4-5-20250929", True),
        ("anthropic", "claude-opus-4-20250514", True),
        ("anthropic", "claude-3-5-haiku-latest", True),
        ("anthropic", "claude-opus-4-6", False),
        ("anthropic", "claude-sonnet-5-5", False),
        ("openai_chat", "claude-sonnet-4-5", False),
        ("gemini", "gemini-3.8-flash", False),
    ],
)
def test_only_models_known_to_go_on_are_asked_to(wire, model, takes):
    """Unless the settings say otherwise."""
    options = ProviderOptions(name="a", wire=wire, model=model)

    assert takes_prefill(options) is takes
    assert takes_prefill(ProviderOptions(name="a", wire=wire, model=model, prefill=True))
    assert not takes_prefill(ProviderOptions(name="a", wire=wire, model=model, prefill=False))


def test_the_request_ends_with_the_text_so_far():
    """Without the white space at its end, and not at all where there is nothing else."""
    request = CompletionRequest(messages=(Message(role="user", content="hello"),))

    assert prefilled(request, "So far \n").messages[-1] == Message(role="assistant", content="So far")
    assert prefilled(request, " \n") == request


@pytest.mark.parametrize(
    ("flag", "in_message", "in_request"),
    [
        ("none", {}, {}),
        ("prefix", {"prefix": True}, {}),
        ("continue_final_message", {}, {"continue_final_message": True, "add_generation_prompt": False}),
    ],
)
def test_servers_of_openais_wire_are_told_in_their_own_way(samples, flag, in_message, in_request):
    """A text to go on from is marked as the settings say, and nothing else is."""
    asked = CompletionRequest(messages=(Message(role="user", content="hello"),))
    codec = samples["openai_chat"].codec(prefill_flag=flag)
    plain, marked = (
        json.loads(codec.encode(request, stream=True).body) for request in (asked, prefilled(asked, "So far"))
    )

    assert marked["messages"][-1] == {"role": "assistant", "content": "So far", **in_message}
    assert marked == {**plain, **in_request, "messages": marked["messages"]}


def test_anthropic_is_given_the_text_as_the_last_turn(samples):
    """No mark is needed there."""
    asked = CompletionRequest(messages=(Message(role="user", content="hello"),))
    body = json.loads(samples["anthropic"].codec().encode(prefilled(asked, "So far"), stream=True).body)

    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant"]
