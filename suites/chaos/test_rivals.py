"""Subjects from elsewhere: environments of their own, programs in any language, and one that knows the future."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from seawall_chaos import rivals
from seawall_chaos.bench.__main__ import Bench
from seawall_chaos.bench.__main__ import main as bench_command
from seawall_chaos.bench.cells import CELLS, PROVIDERS, scenario_of
from seawall_chaos.bench.figures import Figures
from seawall_chaos.cli import chaos
from seawall_chaos.environments import InstallError
from seawall_chaos.evidence import call_id_of
from seawall_chaos.halt import Halt
from seawall_chaos.lane import Lane
from seawall_chaos.loader import parse_scenario
from seawall_chaos.subjects import subject_names
from seawall_chaos.trial import Trial

ROOT = Path(__file__).parents[2]
FOREIGN = ROOT / "docs" / "examples" / "foreign_worker.py"
REFUSED = """\
title: The first provider refuses everything
path: direct
duration_s: 1.5
load: {rate_per_s: 10, arrivals: constant, stream_share: 0, deadline_s: 4}
steady_state: {for_s: 0.3}
providers:
  alpha: {wire: openai}
  beta: {wire: openai}
method:
  - {at: 0s, for: 1.5s, on: alpha, fault: http_status, status: 503}
"""


async def carried_out(tmp_path, *subjects, text=REFUSED):
    """The result of a scenario for subjects given as names, or as pairs of name and program."""
    halt = Halt()
    lanes = [
        Lane(name, seed=1, logs=tmp_path, halt=halt, argv=argv)
        for name, argv in (pair if isinstance(pair, tuple) else (pair, None) for pair in subjects)
    ]
    try:
        for lane in lanes:
            await lane.start_worker()
        file = parse_scenario(Path("refused.yaml"), text)
        return await Trial(file, lanes, seed=1, halt=halt, tick=lambda _: None).run()
    finally:
        for lane in lanes:
            await lane.aclose()


def providers_asked(evidence):
    """Who was asked in the scenario itself, not in the check before it."""
    ids = {call.call_id for call in evidence.plan}
    return [row["provider"] for row in evidence.journal if call_id_of(row["client_request_id"]) in ids]


@pytest.mark.real_processes
async def test_a_program_that_knows_nothing_of_the_harness_takes_part(tmp_path):
    """The example worker, in an interpreter that can import nothing of ours, is judged like any subject."""
    foreign = ("mine", [sys.executable, "-I", "-S", str(FOREIGN)])
    result = await carried_out(tmp_path, foreign)

    evidence = result.evidence["mine"]
    assert result.partial is None
    assert result.steady_state["mine"].met
    assert len(evidence.outcomes) == len(evidence.plan) == 15
    assert {outcome.failure for outcome in evidence.outcomes.values()} == {None}
    assert {outcome.text_sha256 for outcome in evidence.outcomes.values()} <= set().union(
        *evidence.answers().values()
    )
    asked = providers_asked(evidence)
    assert asked.count("alpha") == asked.count("beta") == 15


@pytest.mark.real_processes
async def test_the_oracle_never_asks_a_provider_while_its_fault_is_on(tmp_path):
    """It is told the timeline: every call is answered by the other provider, in one request."""
    foreign = ("mine", [sys.executable, "-I", "-S", str(FOREIGN)])
    result = await carried_out(tmp_path, foreign, "oracle")

    evidence = result.evidence["oracle"]
    assert {outcome.failure for outcome in evidence.outcomes.values()} == {None}
    assert providers_asked(evidence) == ["beta"] * 15
    # Two subjects at 10 calls per second take turns every 50 ms.
    firsts = [result.evidence[subject].plan[0].intended_s for subject in ("mine", "oracle")]
    assert firsts == pytest.approx([0.05, 0.1])


@pytest.mark.real_processes
async def test_a_fault_to_the_end_stays_until_the_last_call_has_ended(tmp_path):
    """Healed any earlier, it would spare the calls that still wait: here all of them, for they wait a second."""
    held = REFUSED.replace("fault: http_status, status: 503", "fault: delayed_head, delay_s: 1")
    held = held.replace("  beta: {wire: openai}\n", "")
    result = await carried_out(tmp_path, "openai-sdk", text=held)

    evidence = result.evidence["openai-sdk"]
    waited = [o.finished_s - o.started_s for o in evidence.outcomes.values()]
    (window,) = evidence.windows
    assert min(waited) > 1
    assert window.injection.healed_monotonic_s > max(o.finished_s for o in evidence.outcomes.values())


def test_every_rival_is_a_subject_with_a_lock():
    """A rival without a lock, or a lock without a rival, is a mistake."""
    assert set(rivals.RIVALS) <= set(subject_names())
    locks = {f"rival-{distribution}.txt" for distribution in rivals.RIVALS.values()}
    assert locks == {path.name for path in (ROOT / "requirements").glob("rival-*.txt")}


def lent(code):
    """What `code` prints in an interpreter without any package but ours, lent as to a rival's."""
    boot = rivals.LEND.replace("runpy.run_module(module,", "(lambda code, **_: exec(code))(module,")
    argv = [sys.executable, "-I", "-S", "-c", boot, str(rivals.HERE), code]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


def test_the_package_is_lent_without_what_is_installed_beside_it():
    """In a rival's interpreter there is our package, and no other of this environment."""
    code = "from importlib.util import find_spec as f; print(f('pydantic'), f('seawall'), bool(f('seawall_chaos.outcome')))"

    assert lent(code) == ["None", "None", "True"]


@pytest.mark.parametrize("module", ["worker", "bench.measure", "bench.contenders"])
def test_what_runs_beside_a_rival_needs_the_standard_library_alone(module):
    """A rival's environment holds nothing of ours that it could import."""
    assert lent(f"import seawall_chaos.{module}; print('here')") == ["here"]


def test_a_rival_that_cannot_be_installed_is_left_out_with_the_reason(tmp_path, monkeypatch, capsys):
    """The bench goes on without it, and says why."""

    def interpreter(subject, progress):
        if subject == "avadhika":
            raise InstallError("uv pip sync ... failed: error: no such package")
        return Path(sys.executable)

    monkeypatch.setattr("seawall_chaos.bench.__main__.interpreter", interpreter)
    figures = Figures(created_utc="now", seed=1, quick=True, host={})
    Bench(figures, tmp_path, ["cost"], "make bench").provision()

    assert figures.skipped == {"avadhika": "uv pip sync ... failed: error: no such package"}
    assert "avadhika is left out: uv pip sync" in capsys.readouterr().err


def test_a_missing_lock_is_named(monkeypatch, tmp_path):
    """An installation without it says what is missing."""
    monkeypatch.setattr(rivals, "LOCK_FOLDERS", (tmp_path,))
    with pytest.raises(InstallError, match=r"rival-litellm\.txt"):
        rivals.interpreter("litellm")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("mine", "wanted is NAME=COMMAND"),
        ("Mine=python", "wanted is NAME=COMMAND"),
        ("seawall=python", "'seawall' is one of the harness's own subjects"),
        ("mine=no-such-program --fast", "no program 'no-such-program'"),
    ],
)
def test_a_worker_that_cannot_be_is_refused_in_one_line(value, said):
    """The value and what is wrong with it; exit code 2."""
    result = CliRunner().invoke(chaos, ["run", "--worker", value])

    assert result.exit_code == 2
    assert said in result.output


def test_a_part_of_the_bench_that_does_not_exist_is_refused():
    """The nearest one is named."""
    result = CliRunner().invoke(bench_command, ["--only", "hangs"])

    assert result.exit_code == 2
    assert "no part 'hangs'; did you mean 'hang'?" in result.output


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_makes_enough_calls_and_a_quick_one_does_not(name):
    """600 calls at constant intervals; the fault is on the first provider, or on all."""
    file, quick = (scenario_of(name, quick=is_quick) for is_quick in (False, True))

    assert file.scenario.run_s * file.scenario.load.rate_per_s == 600
    assert quick.scenario.run_s * quick.scenario.load.rate_per_s < 600
    assert {entry.on for entry in file.scenario.method} <= (
        {"alpha"} if name != "all-hang" else set(PROVIDERS)
    )
    assert file.scenario.path == "direct"
