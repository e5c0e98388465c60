"""Open-loop load: settled beforehand by the seed, and true to its rate."""

import dataclasses
import itertools
import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from seawall_chaos.load import LoadShape, plan_calls

SHAPE = LoadShape(
    name="outage", seed=1, duration_s=10.0, rate_per_s=20.0, arrivals="poisson", stream_share=0.5
)

shapes = st.builds(
    LoadShape,
    name=st.sampled_from(["outage", "other"]),
    seed=st.integers(0, 2**31),
    duration_s=st.floats(0.01, 20),
    rate_per_s=st.floats(0.1, 100),
    arrivals=st.sampled_from(["poisson", "constant"]),
    stream_share=st.floats(0, 1),
)


@given(shapes)
def test_calls_are_numbered_in_order_and_within_the_time(shape):
    """Every call starts within the duration, in order, with a number and an id of its own."""
    calls = plan_calls(shape)

    assert [call.number for call in calls] == list(range(1, len(calls) + 1))
    assert len({call.call_id for call in calls}) == len(calls)
    assert all(0 <= call.intended_s <= shape.duration_s for call in calls)
    assert [call.intended_s for call in calls] == sorted(call.intended_s for call in calls)


@given(shapes)
def test_the_same_shape_gives_the_same_calls(shape):
    """Times, kinds and prompts are a function of the shape alone."""
    assert plan_calls(shape) == plan_calls(dataclasses.replace(shape))


def test_another_seed_or_name_gives_other_calls():
    """Scenarios do not repeat each other's arrivals or prompts."""
    prompts = {
        tuple(call.prompt for call in plan_calls(dataclasses.replace(SHAPE, seed=seed, name=name)))
        for seed in (1, 2)
        for name in ("outage", "other")
    }

    assert len(prompts) == 4


def test_poisson_arrivals_are_poisson():
    """The mean gap is the inverse of the rate, and gaps vary as much as they are long."""
    calls = plan_calls(dataclasses.replace(SHAPE, duration_s=1000.0))
    gaps = [b.intended_s - a.intended_s for a, b in itertools.pairwise(calls)]

    assert math.isclose(statistics.mean(gaps), 0.05, rel_tol=0.03)
    assert math.isclose(statistics.stdev(gaps), 0.05, rel_tol=0.05)


def test_constant_arrivals_are_evenly_spaced():
    """The first call comes after half a gap, so that no call falls on a whole second."""
    calls = plan_calls(dataclasses.replace(SHAPE, arrivals="constant", duration_s=1.0, rate_per_s=4.0))

    assert [call.intended_s for call in calls] == [0.125, 0.375, 0.625, 0.875]


def test_the_share_of_streams_is_kept():
    """None, all, and about as many as asked for."""

    def share(wanted):
        calls = plan_calls(dataclasses.replace(SHAPE, stream_share=wanted, duration_s=200.0))
        return sum(call.kind == "stream" for call in calls) / len(calls)

    assert share(0.0) == 0.0
    assert share(1.0) == 1.0
    assert abs(share(0.3) - 0.3) < 0.03
