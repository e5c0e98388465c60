"""PASS, FAIL or INCONCLUSIVE: decided from the recording alone, with the reason in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_chaos.recording import LoadCount, SteadyState
from seawall_reports.summarise import compared, summarise
from seawall_reports.verdict import Verdict, worst


@pytest.fixture
def judged(recorded, rows):
    """The summary of a run of one scenario; `changed` replaces rows of a run that passes."""

    def judge(call=None, attempt=None, window=None, manifest=None, **scenario):
        parts = [(rows.call, call), (rows.attempt, attempt), (rows.window, window)]
        some = [make(**(changes or {})) for make, changes in parts if changes is not False]
        return summarise(recorded(rows=some, scenarios=[rows.scenario(**scenario)], **(manifest or {})))

    return judge


def test_a_run_that_meets_its_gates_passes(judged):
    """The fault fired, the load arrived, every gate was met."""
    summary = judged()

    assert (summary.verdict, summary.exit_code, summary.reasons) == (Verdict.PASS, 0, [])
    assert summary.scenarios[0].faults[0].fired == 3


def test_a_missed_gate_fails_the_run(judged):
    """The reason says what was measured and what was demanded."""
    summary = judged(call={"status": "failed", "provider": None, "failure": "APIError 503"})

    assert (summary.verdict, summary.exit_code) == (Verdict.FAIL, 1)
    assert summary.reasons == [
        "primary-503: seawall: success rate is 0\u202f%; not as demanded, at least 100\u202f%"
    ]


STEADY = SteadyState(met=False, calls=16, success_rate=0.5, at_least=0.99)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"window": {"fired": 0}}, "fault 1 (http_status on alpha) never fired for seawall"),
        ({"window": False}, "fault 1 (http_status on alpha) was never recorded as applied"),
        ({"attempt": False}, "no request of seawall reached a provider"),
        ({"attempt": {"side": "client"}}, "no request of seawall reached a provider"),
        ({"call": False}, "of 1 call that seawall was given, only 0 were recorded"),
        ({"load_count": {}}, "only 0 of the 0 intended calls of seawall were sent"),
        ({"load_count": {"seawall": LoadCount(intended=100, sent=94)}}, "only 94 of the 100 intended calls"),
        ({"steady_state": {"seawall": STEADY}}, "seawall was not in its steady state"),
        ({"steady_state": {}}, "the steady state of seawall was not checked"),
        ({"status": "partial"}, "the scenario was cut short"),
        ({"expect": []}, "no gate demands anything"),
        ({"subjects": []}, "no subject took part"),
    ],
)
def test_what_proves_nothing_is_inconclusive(judged, change, reason):
    """Nothing injected, no load, no steady state, no gate: never a pass, and the reason is said."""
    summary = judged(**change)

    assert (summary.verdict, summary.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert any(reason in each for each in summary.reasons), summary.reasons


def test_a_missed_gate_does_not_hide_a_fault_that_never_fired(judged):
    """A failure under conditions that were not those demanded proves nothing either, and both are named."""
    summary = judged(call={"status": "failed"}, window={"fired": 0})

    assert summary.verdict is Verdict.INCONCLUSIVE
    assert len(summary.reasons) == 2


def test_load_that_all_but_arrived_is_load(judged):
    """95 of 100 calls sent are enough."""
    calls = {"load_count": {"seawall": LoadCount(intended=100, sent=95)}}

    assert "only 95" not in " ".join(judged(**calls).reasons)


def test_every_subject_that_has_the_provider_must_have_met_the_fault(recorded, rows):
    """One subject's firings do not vouch for another's; a subject without the provider owes none."""
    scenario = rows.scenario(subjects=["baseline", "seawall", "openai-sdk"])
    everyone = [make(subject=name) for name in scenario.subjects for make in (rows.call, rows.attempt)]
    beta = [rows.attempt(subject="openai-sdk", provider="beta")]
    met, missed = rows.window(subject="seawall"), rows.window(subject="baseline", fired=0)
    fine = rows.window(subject="baseline", fired=1)

    def reasons(*windows, also=()):
        return summarise(recorded(rows=[*everyone, *also, *windows], scenarios=[scenario])).reasons

    assert reasons(met, missed, rows.window(subject="openai-sdk")) == [
        "primary-503: fault 1 (http_status on alpha) never fired for baseline"
    ]
    assert "for openai-sdk" in reasons(met, fine)[0]
    no_alpha = [row for row in everyone if not (row.subject == "openai-sdk" and hasattr(row, "side"))]
    recording = recorded(rows=[*no_alpha, *beta, met, fine], scenarios=[scenario])
    assert summarise(recording).verdict is Verdict.PASS


def test_windows_of_one_entry_vouch_for_each_other(recorded, rows):
    """A fault that comes three times has fired if it fired in any of its windows."""
    windows = [rows.window(window=n, fired=int(n == 2)) for n in (1, 2, 3)]

    assert summarise(recorded(rows=[rows.call(), rows.attempt(), *windows])).verdict is Verdict.PASS


def test_a_partial_run_is_inconclusive(judged):
    """What was seen is judged, but a run cut short signs nothing, and says why it ended."""
    summary = judged(manifest={"partial": True, "partial_reason": "toxiproxy died"})

    assert (summary.verdict, summary.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert "the run was cut short: toxiproxy died" in summary.reasons
    assert summary.scenarios[0].verdict is Verdict.PASS


def test_failure_outweighs_doubt(recorded, rows):
    """A run with a scenario that failed has failed, whatever another one could not tell."""
    scenarios = [
        rows.scenario(name="doubtful"),
        rows.scenario(name="missed"),
    ]
    some = [make(scenario=scenario.name) for scenario in scenarios for make in (rows.attempt, rows.window)]
    summary = summarise(
        recorded(rows=[*some, rows.call(scenario="missed", status="wrong")], scenarios=scenarios)
    )

    assert [scenario.verdict for scenario in summary.scenarios] == [Verdict.INCONCLUSIVE, Verdict.FAIL]
    assert summary.verdict is Verdict.FAIL
    assert summary.reasons[0].startswith("missed:")


@given(st.lists(st.sampled_from(list(Verdict))))
def test_the_worst_verdict_wins_in_any_order(verdicts):
    """FAIL, then INCONCLUSIVE, then PASS; nothing at all is inconclusive."""
    expected = next((v for v in (Verdict.FAIL, Verdict.INCONCLUSIVE) if v in verdicts), Verdict.PASS)

    assert worst(verdicts) is (expected if verdicts else Verdict.INCONCLUSIVE)
    assert worst(reversed(verdicts)) is worst(verdicts)


@pytest.mark.parametrize(
    ("subjects", "pair"),
    [
        (["baseline", "openai-sdk", "seawall"], ("baseline", "seawall")),
        (["seawall", "litellm"], ("litellm", "seawall")),
        (["baseline", "mine"], ("baseline", "mine")),
        (["seawall"], (None, "seawall")),
        ([], (None, None)),
    ],
)
def test_seawall_is_compared_with_the_baseline_where_they_are(subjects, pair):
    """Otherwise the last subject with the first."""
    assert compared(subjects) == pair
