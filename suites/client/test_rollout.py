"""The rollout from an old path to the client: who answers, what is observed, and how to go back."""

import asyncio
import random
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import CallTrace, Completion, ConfigurationError, LLMError, RequestBlocked, Settings
from seawall.rollout.options import RolloutOptions
from seawall.rollout.paths import RolloutPaths
from seawall.rollout.policy import RolloutPolicy, bucket_of, position_of_flag
from seawall.telemetry.observers import Observers

PERCENT = st.floats(0, 100)
OLD_TEXT, NEW_TEXT = "the old answer", "the new answer"


class BoomError(Exception):
    """What an old path raises."""


class Notes:
    """An observer that wants to know of rollouts."""

    def __init__(self):
        self.records = asyncio.Queue()

    def rollout_finished(self, record):
        self.records.put_nowait(record)


class Raising:
    """An observer that means ill."""

    def rollout_finished(self, record):
        raise BoomError(record.call_id)


class NewPath:
    """The new path: answers at once, or when it is let go, or fails."""

    def __init__(self):
        self.prompts, self.options, self.running = [], [], 0
        self.started = asyncio.Event()
        self.gate = None
        self.error = None

    async def __call__(self, prompt, **options):
        self.prompts.append(prompt)
        self.options.append(options)
        self.running += 1
        self.started.set()
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.running -= 1
        trace = CallTrace(
            call_id=options["call_id"], stream=False, deadline_s=1.0, duration_s=0.1, outcome="answered"
        )
        return Completion(text=NEW_TEXT, provider="alpha", model="m", trace=trace)


class World:
    """A rollout with a new path and an observer."""

    def __init__(self, **options):
        self.new, self.notes, self.raising = NewPath(), Notes(), Raising()
        self.policy = RolloutPolicy(RolloutOptions(**options), random.Random(1))
        self.paths = RolloutPaths(
            self.policy,
            self.new,
            deadline_s=lambda: 1.0,
            observers=Observers([self.raising, self.notes, object()]),
        )

    async def ask(self, prompt="hello", *, old=None, key=7, compare=None, **options):
        async def answer():
            return OLD_TEXT

        return await self.paths.answer(prompt, old or answer, key, compare, options)

    async def records(self, count=1):
        """What the observer is told, so many times and no more."""
        records = [await asyncio.wait_for(self.notes.records.get(), 5) for _ in range(count)]
        assert self.notes.records.empty()
        return records


@pytest.fixture
def world():
    """Make a rollout."""
    return World


async def fail():
    raise BoomError


# Who answers


@given(salt=st.text(max_size=8), key=st.text() | st.integers(), lower=PERCENT, higher=PERCENT)
def test_raising_the_percentage_moves_no_key_back(salt, key, lower, higher):
    """Whoever is answered by the new path stays there, whatever the key and the salt."""
    lower, higher = sorted((lower, higher))

    def path(percent):
        options = RolloutOptions(stage="percent", percent=percent, sticky_salt=salt)
        return RolloutPolicy(options, random.Random(percent)).choose(key).path

    assert (path(lower), path(higher)) != ("new", "old")
    assert path(0) == "old"
    assert path(100) == "new"


def test_a_key_has_one_path():
    """In every process and each time, whatever is drawn there."""
    policies = [
        RolloutPolicy(RolloutOptions(stage="percent", percent=50), random.Random(n)) for n in range(5)
    ]

    for key in ("user-1", "user-2", "", 7, -1, "\ud800"):
        assert len({policy.choose(key).path for policy in policies * 3}) == 1


def test_a_percentage_is_that_share_of_the_keys():
    """Keys lie evenly, and another salt puts others first."""
    buckets = [bucket_of(f"user-{n}", "a") for n in range(10_000)]

    for percent in (1, 10, 50, 90):
        assert abs(sum(bucket < percent for bucket in buckets) - percent * 100) < 200
    assert bucket_of("user-1", "a") != bucket_of("user-1", "b")
    assert bucket_of("user-1", "seawall") == pytest.approx(8.0899, abs=1e-4)  # the same in every version


def test_without_a_key_each_call_is_drawn():
    """About the percentage of calls go the new way."""
    policy = RolloutPolicy(RolloutOptions(stage="percent", percent=25), random.Random(3))

    assert 400 < sum(policy.choose(None).path == "new" for _ in range(2_000)) < 600


@pytest.mark.parametrize(
    ("stage", "path", "asked"),
    [("off", "old", 0), ("shadow", "old", 1), ("percent", "new", 1), ("on", "new", 1)],
)
async def test_each_stage_has_its_path(world, stage, path, asked):
    """The answer is that path's, and says so."""
    rollout = world(stage=stage, percent=100, shadow_share=1)
    answer = await rollout.ask()
    (record,) = await rollout.records()

    assert answer.path == path
    assert answer.text == {"old": OLD_TEXT, "new": NEW_TEXT}[path]
    assert len(rollout.new.prompts) == asked
    assert (record.path, record.stage, record.decided_by) == (path, stage, "settings")
    assert (record.old is not None) == (path == "old")
    assert (record.new is not None) == bool(asked)


async def test_the_old_paths_answer_is_handed_on_as_it_is(world):
    """Whatever it is; text is looked for only where it is asked for."""
    rollout = world()
    value = {"no": "text"}

    async def old():
        return value

    answer = await rollout.ask(old=old)

    assert answer.value is value
    with pytest.raises(TypeError, match="dict has no text"):
        _ = answer.text


async def test_the_old_paths_error_is_handed_on_as_it_is(world):
    """The caller's own handlers fit; the record has its name."""
    rollout = world()
    with pytest.raises(BoomError):
        await rollout.ask(old=fail)
    (record,) = await rollout.records()

    assert (record.path, record.old.outcome, record.old.error) == ("old", "failed", "BoomError")


async def test_an_old_path_that_is_no_async_function_is_told_so(world):
    """It is the mistake that everybody makes once; Python's own words do not say whose function is meant."""
    with pytest.raises(ConfigurationError, match=r"`old` is an async function.* it gave str"):
        await world().ask(old=lambda: "legacy")


# Falling back


@pytest.mark.parametrize("error", [LLMError("all failed"), ValueError("a bug")])
async def test_in_stage_percent_the_old_path_stands_in(world, error):
    """For failures and bugs of the new one; both outcomes are on record."""
    rollout = world(stage="percent", percent=100)
    rollout.new.error = error
    answer = await rollout.ask()
    (record,) = await rollout.records()

    assert answer.text == OLD_TEXT
    assert answer.record == record
    assert (record.path, record.fell_back) == ("old", True)
    assert (record.new.outcome, record.new.error) == ("failed", type(error).__name__)
    assert record.old.outcome == "answered"


@pytest.mark.parametrize(
    "options", [{"stage": "percent", "percent": 100, "fallback": False}, {"stage": "on"}]
)
async def test_otherwise_the_new_paths_error_reaches_the_caller(world, options):
    """With the fallback off, and in stage on, where the old path is not called any more."""
    rollout = world(**options)
    rollout.new.error = LLMError("all failed")
    with pytest.raises(LLMError, match="all failed"):
        await rollout.ask(old=lambda: pytest.fail("called"))
    (record,) = await rollout.records()

    assert (record.path, record.fell_back, record.new.error) == ("new", False, "LLMError")


async def test_a_blocked_request_does_not_get_round_by_the_old_path(world):
    """No is an answer: the old path, which nobody guards, is not asked."""
    rollout = world(stage="percent", percent=100)
    rollout.new.error = RequestBlocked("the firewall takes what the user says for an attack")
    with pytest.raises(RequestBlocked):
        await rollout.ask(old=lambda: pytest.fail("called"))
    (record,) = await rollout.records()

    assert (record.path, record.fell_back, record.new.error) == ("new", False, "RequestBlocked")


async def test_an_observer_that_raises_is_logged_once(world, caplog):
    """The others are told all the same, and the log is not filled."""
    rollout = world(stage="on")
    with caplog.at_level("ERROR"):
        for _ in range(3):
            await rollout.ask()
        assert len(await rollout.records(3)) == 3
    assert [record.name for record in caplog.records] == ["seawall"]


async def test_a_caller_who_leaves_is_no_failure(world):
    """Cancelling ends the new path, does not fall back, and is on record as such."""
    rollout = world(stage="percent", percent=100)
    rollout.new.gate = asyncio.Event()
    task = asyncio.create_task(rollout.ask(old=lambda: pytest.fail("called")))
    await rollout.new.started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (record,) = await rollout.records()

    assert task.cancelled()
    assert rollout.new.running == 0
    assert record.new.outcome == "cancelled"


# Shadows


async def test_a_shadow_never_holds_up_the_answer(world):
    """The old path's answer is there while the new one hangs; the record comes when both are known."""
    rollout = world(stage="shadow", shadow_share=1)
    rollout.new.gate = asyncio.Event()
    answer = await rollout.ask(call_id="c1")

    assert answer.text == OLD_TEXT
    assert (answer.record.shadow, answer.record.new) == ("observed", None)
    assert rollout.notes.records.empty()
    rollout.new.gate.set()
    (record,) = await rollout.records()
    assert record.call_id == rollout.new.options[0]["call_id"] == "c1-shadow"
    assert (record.new.outcome, record.agreement) == ("answered", 0.0)


@pytest.mark.parametrize("prompt", ["", [], [{"role": "robot"}], None, 7])
@pytest.mark.parametrize("call_id", ["two\nlines", 7, "x" * 500])
async def test_what_only_the_new_path_cannot_use_is_its_failure(world, prompt, call_id):
    """An option or a prompt that cannot work, or an error, is on record and reaches nobody."""
    rollout = world(stage="shadow", shadow_share=1)
    rollout.new.error = ValueError("a bug")

    assert (await rollout.ask(prompt, no_such_option=1)).text == OLD_TEXT
    assert (await rollout.ask(prompt, call_id=call_id)).text == OLD_TEXT
    records = await rollout.records(2)
    assert [record.new.outcome for record in records] == ["failed", "failed"]
    assert all(record.agreement is None for record in records)


async def test_a_shadow_sees_the_prompt_as_it_was(world):
    """A caller who goes on writing in its list of messages does not change what the shadow is asked."""
    rollout = world(stage="shadow", shadow_share=1)
    messages = [{"role": "user", "content": "first"}]
    await rollout.ask(messages)
    messages.append({"role": "assistant", "content": "second"})
    await rollout.records()

    (request,) = rollout.new.prompts
    assert [message.content for message in request.messages] == ["first"]


async def test_a_shadow_runs_where_the_old_path_failed(world):
    """It would have answered: that is what one wants to know."""
    rollout = world(stage="shadow", shadow_share=1)
    with pytest.raises(BoomError):
        await rollout.ask(old=fail)
    (record,) = await rollout.records()

    assert (record.old.outcome, record.new.outcome, record.agreement) == ("failed", "answered", None)


async def test_a_shadow_is_left_out_where_the_caller_left(world):
    """Nobody pays for an answer that nobody waits for."""
    rollout = world(stage="shadow", shadow_share=1)
    task = asyncio.create_task(rollout.ask(old=asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (record,) = await rollout.records()

    assert (record.old.outcome, record.shadow) == ("cancelled", "not_sampled")
    assert rollout.new.prompts == []


@given(share=st.floats(0, 1), calls=st.integers(1, 300))
def test_shadows_stay_within_their_share(share, calls):
    """Over any number of calls, and not much below it."""
    policy = RolloutPolicy(RolloutOptions(shadow_share=share), random.Random(0))
    taken = sum(policy.samples_shadow() for _ in range(calls))

    assert share * calls - 1 - 1e-6 <= taken <= share * calls + 1e-6


async def test_shadows_are_bounded_in_number(world):
    """Those beyond the limit are left out, not queued."""
    rollout = world(stage="shadow", shadow_share=1, shadow_concurrent_max=2)
    rollout.new.gate = asyncio.Event()
    answers = [await rollout.ask() for _ in range(5)]

    assert [answer.record.shadow for answer in answers] == ["observed"] * 2 + ["at_limit"] * 3
    rollout.new.gate.set()
    await rollout.records(5)
    assert len(rollout.new.prompts) == 2


async def test_shadows_are_left_out_beyond_their_share(world):
    """One call in four is asked twice, the others say so."""
    rollout = world(stage="shadow", shadow_share=0.25)
    answers = [await rollout.ask() for _ in range(8)]

    assert [answer.record.shadow for answer in answers].count("observed") == 2
    await rollout.records(8)


@pytest.mark.parametrize(
    ("compare", "agreement"),
    [
        (lambda old, new: (old, new.text) == (OLD_TEXT, NEW_TEXT), 1.0),
        (lambda old, new: 0.25, 0.25),
        (lambda old, new: 9, 1.0),
        (lambda old, new: float("nan"), None),
        (lambda old, new: 1 / 0, None),
        (lambda old, new: "much", None),
        (lambda old, new: threading.current_thread() is not threading.main_thread(), 1.0),
        (None, 0.0),
    ],
)
async def test_how_well_the_answers_agree(world, compare, agreement):
    """By the caller's function, in a thread; without one by their texts."""
    rollout = world(stage="shadow", shadow_share=1)
    await rollout.ask(compare=compare)
    (record,) = await rollout.records()
    await rollout.paths.aclose()

    assert record.agreement == agreement


async def test_a_compare_function_that_hangs_ends_with_the_deadline(world):
    """The shadow's place is free again."""
    rollout = world(stage="shadow", shadow_share=1)
    let_go = threading.Event()
    await rollout.ask(compare=lambda old, new: let_go.wait(10), deadline_s=0.01)
    (record,) = await rollout.records()
    let_go.set()
    await rollout.paths.aclose()

    assert (record.new.outcome, record.agreement) == ("answered", None)


async def test_a_shadow_that_is_cancelled_before_it_began_is_on_record(world):
    """No call goes without its record."""
    rollout = world(stage="shadow", shadow_share=1)
    await rollout.ask()
    rollout.paths.stop_shadows()
    (record,) = await rollout.records()

    assert (record.shadow, record.new.outcome, rollout.new.prompts) == ("observed", "cancelled", [])


async def test_closing_leaves_no_shadow(world):
    """They are cancelled, and closing again does nothing."""
    rollout = world(stage="shadow", shadow_share=1)
    rollout.new.gate = asyncio.Event()
    await rollout.ask()
    await rollout.new.started.wait()
    await rollout.paths.aclose()
    await rollout.paths.aclose()
    (record,) = await rollout.records()

    assert rollout.new.running == 0
    assert record.new.outcome == "cancelled"


# The kill switch and the flag


@pytest.mark.parametrize("stage", ["off", "shadow", "percent", "on"])
async def test_killed_every_call_takes_the_old_path(world, stage):
    """At once, whatever the stage; shadows are cancelled; reviving goes on as before."""
    rollout = world(stage=stage, percent=100, shadow_share=1)
    rollout.policy.killed = True
    answer = await rollout.ask()

    assert (answer.text, answer.record.decided_by, answer.record.stage) == (OLD_TEXT, "kill", "off")
    assert rollout.new.prompts == []
    rollout.policy.killed = False
    assert (await rollout.ask()).record.decided_by == "settings"
    await rollout.records(2)


async def test_a_call_that_is_killed_meanwhile_starts_no_shadow(world):
    """The switch is thrown while the old path works."""
    rollout = world(stage="shadow", shadow_share=1)

    async def old():
        rollout.policy.killed = True
        return OLD_TEXT

    assert (await rollout.ask(old=old)).record.shadow == "not_sampled"
    await rollout.records()
    assert rollout.new.prompts == []


def test_who_decides():
    """The kill switches before the flag, the flag before the settings; another flag's word does not count."""
    policy = RolloutPolicy(RolloutOptions(stage="percent", percent=5, flag="f"), random.Random(0))
    seen = [policy.position]
    policy.flag_position = position_of_flag("on")
    seen.append(policy.position)
    policy.reconfigure(msgspec.structs.replace(policy.options, killed=True))
    seen.append(policy.position)
    policy.reconfigure(msgspec.structs.replace(policy.options, killed=False, flag="g"))
    seen.append(policy.position)

    assert [(position.stage, position.decided_by) for position in seen] == [
        ("percent", "settings"),
        ("on", "flag"),
        ("off", "kill"),
        ("percent", "settings"),
    ]


@pytest.mark.parametrize(
    ("value", "stage", "percent"),
    [
        ("off", "off", 0),
        (" ON ", "on", 0),
        ("shadow", "shadow", 0),
        ("25", "percent", 25),
        ("0.5 %", "percent", 0.5),
    ],
)
def test_what_a_flag_may_say(value, stage, percent):
    """A stage or a percentage."""
    position = position_of_flag(value)

    assert (position.stage, position.percent, position.decided_by) == (stage, percent, "flag")


@given(
    st.text()
    | st.integers()
    | st.none()
    | st.sampled_from(["101", "-1", "1e3", "nan", "\u0661", ".", "percent", ""])
)
def test_a_flag_that_lies_says_nothing(value):
    """Whatever it is, it is a stage, a percentage in its range, or nothing."""
    position = position_of_flag(value)

    assert position is None or (
        position.stage in {"off", "on", "shadow", "percent"} and 0 <= position.percent <= 100
    )
    assert value not in {"101", "-1", "1e3", "nan", "\u0661", ".", "percent", ""} or position is None


def test_the_defaults_change_nothing_for_anybody():
    """A service that has never heard of the rollout is not in it."""
    assert Settings().rollout.stage == "off"
    assert not Settings().rollout.killed
