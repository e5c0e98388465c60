"""Faults are pure transformations of scripts: whatever the answer, the result can be played and proves itself."""

from hypothesis import given
from hypothesis import strategies as st

from seawall_simulators.behaviour import Behaviour, script_of
from seawall_simulators.draw import Draw
from seawall_simulators.fault import Context, afflict
from seawall_simulators.faults import FAULTS, parse
from seawall_simulators.script import Close, End, Hang, Head, Mark, Send, Wait, split
from seawall_simulators.wire import Answer
from seawall_simulators.wires import WIRES

FRAME = b'data: {"a": "b"}\n\n'
frames = st.integers(0, 4).map(lambda n: (FRAME,) * n)


@st.composite
def answers(draw):
    """Answers whole and streamed, with any number of frames, ping or none."""
    common = {
        "operation": "o",
        "request_id": "r",
        "output_tokens": draw(st.integers(0, 5)),
        "input_tokens": 1,
    }
    if draw(st.booleans()):
        return Answer(body=b'{"a": "b"}', **common)
    return Answer(
        stream=True, head_chunks=draw(frames), token_chunks=draw(frames), tail_chunks=draw(frames),
        ping=draw(st.sampled_from([None, b": ping\n\n"])), error_frame=lambda _: FRAME, **common,
    )  # fmt: skip


@st.composite
def faults(draw):
    """Any fault, with its own parameters where they change its form."""
    name = draw(st.sampled_from(sorted(FAULTS)))
    fields = FAULTS[name].model_fields
    choices = {
        "after_tokens": st.integers(0, 6), "ping": st.booleans(), "how": st.sampled_from(["fin", "rst"]),
        "for_s": st.sampled_from([None, 0.0, 2.5]), "id": st.sampled_from([None, "x"]),
    }  # fmt: skip
    return parse({"fault": name} | {key: draw(value) for key, value in choices.items() if key in fields})


scripts = st.builds(
    lambda answer, ms: (
        answer,
        script_of(
            answer,
            b"",
            Behaviour(first_token_ms={"median": ms}, inter_token_ms={"median": ms}),
            Draw(b"k"),
        ),
    ),
    answers(),
    st.sampled_from([0, 5]),
)


def sent(script):
    return b"".join(step.data for step in script if isinstance(step, Send))


def is_playable(script):
    """One head at most, nothing sent before it, one end, the length true where the response ends cleanly."""
    steps = [step for step in script if not isinstance(step, Mark | Wait)]
    *body, last = steps
    heads = [index for index, step in enumerate(body) if isinstance(step, Head)]
    assert isinstance(last, End | Close | Hang)
    assert not any(isinstance(step, End | Close | Hang) for step in body)
    assert heads in ([], [0])
    assert heads or not body
    if isinstance(last, End) and body[0].length is not None:
        assert body[0].length == len(sent(script))


@given(case=scripts, chosen=st.lists(faults(), min_size=1, max_size=3), wire=st.sampled_from(sorted(WIRES)))
def test_every_response_under_every_fault_can_be_played(case, chosen, wire):
    """However many faults come together."""
    answer, script = case

    is_playable(script)
    is_playable(afflict(script, tuple(chosen), Context(WIRES[wire], "r", answer, "m"), Draw(b"k")))


@given(case=scripts, fault=faults())
def test_the_mark_stands_where_the_response_changes(case, fault):
    """Before it, all is as it would have been; without a change there is no mark."""
    answer, script = case
    afflicted = afflict(script, (fault,), Context(WIRES["openai"], "r", answer, "m"), Draw(b"k"))

    marks = [index for index, step in enumerate(afflicted) if isinstance(step, Mark)]
    if not marks:
        assert afflicted == script
        return
    (at,) = marks
    assert afflicted[:at] == script[:at]
    assert afflicted[at + 1 :] != script[at:]
    assert afflicted[at] == Mark(fault.fault, fault.id or fault.fault)


@given(case=scripts, after_tokens=st.integers(0, 6))
def test_the_parts_of_a_response_are_its_whole(case, after_tokens):
    """Nothing is lost or said twice where it is split, and the first part has so many tokens."""
    answer, script = case

    before, after = split(script, after_tokens)

    assert sent(before) + sent(after) == sent(script)
    if answer.stream and answer.token_chunks:
        tokens = sum(isinstance(step, Send) and step.role == "token" for step in before)
        assert tokens == min(after_tokens, len(answer.token_chunks))
