"""The bench's report: a target is met only by enough calls that really met the fault, and missed in plain sight."""

import json
import math
import re
import shutil
import subprocess

import pytest

from seawall_chaos.bench.figures import Contender, Figures, Round, SimulatorRate
from seawall_chaos.recording import LoadCount, LoadPlan, ProviderRecord, Recording, SteadyState
from seawall_reports.bench.assemble import assemble, build
from seawall_reports.bench.document import Mark
from seawall_reports.bench.targets import CALLS_MIN, DEMANDS

HOST = {"cpus": 2}
LOAD = LoadPlan(rate_per_s=20, arrivals="constant", stream_share=0, deadline_s=10)
PROVIDERS = {name: ProviderRecord(wire="openai", model="m") for name in ("alpha", "beta", "gamma")}


def figures(**changes):
    return Figures(
        **{"created_utc": "2026-11-22T18:45:00+00:00", "seed": 1, "quick": False, "host": HOST} | changes
    )


def rounds(cpu_us, rate_per_s=1000.0, import_ms=100.0):
    return [
        Round(cpu_us=cpu_us * f, rate_per_s=rate_per_s, import_ms=import_ms, import_mb=30.0)
        for f in (1, 1.1, 0.9)
    ]


@pytest.fixture
def bench(rows, tmp_path):
    """A bench of the fault 503: calls of seawall as given, and an oracle that needs 50 ms for each."""

    def make(*, calls=CALLS_MIN, latency_ms=60.0, wrong=0, fired=3, met=True, status="complete"):
        both = {"seawall": latency_ms, "oracle": 50.0}
        written = []
        for subject, each_ms in both.items():
            for n in range(calls):
                call = {
                    "scenario": "503", "subject": subject, "call": n, "call_id": f"c{n}", "intended_s": n / 20,
                    "finished_s": n / 20 + each_ms / 1000, "latency_ms": each_ms, "provider": "beta",
                    "status": "wrong" if subject == "seawall" and n < wrong else "ok",
                }  # fmt: skip
                written.append(rows.call(**call))
                asked = {
                    "scenario": "503",
                    "subject": subject,
                    "call_id": f"c{n}",
                    "client_request_id": f"c{n}-1",
                }
                written.append(rows.attempt(**asked, provider="beta", started_s=n / 20))
            acted = fired if subject == "seawall" else 0
            written.append(rows.window(scenario="503", subject=subject, fired=acted))
        steady = SteadyState(met=met, calls=20, success_rate=1.0 if met else 0.5, at_least=0.9)
        scenario = rows.scenario(
            name="503", title="503 always", path="direct", load=LOAD, providers=PROVIDERS, subjects=list(both),
            steady_state=dict.fromkeys(both, steady), status=status, expect=[], cpu_busy=0.4,
            load_count=dict.fromkeys(both, LoadCount(intended=calls, sent=calls)),
        )  # fmt: skip
        return rows.write(tmp_path / "bench", written, [scenario])

    return make


def marks(folder, of="503"):
    report = assemble(figures(), Recording.open(folder), "run")
    return {target.what: target.mark for target in report.targets if target.of == of}


def test_enough_calls_that_keep_the_bounds_meet_the_targets(bench):
    """600 calls, all answered, the longest in 60 ms, one request each."""
    found = marks(bench())

    assert found.pop("p99 ÷ p99 of a healthy day") is Mark.UNMEASURED
    assert set(found.values()) == {Mark.MET}


def test_a_broken_bound_is_missed(bench):
    """A call of 301 ms misses 300 ms; nothing rounds it away."""
    assert marks(bench(latency_ms=301.0))["longest call"] is Mark.MISSED


def test_a_wrong_answer_is_not_answered(bench):
    """One fragment among 600 misses all calls answered."""
    assert marks(bench(wrong=1))["calls answered"] is Mark.MISSED


def test_too_few_calls_meet_nothing(bench):
    """One call less than needed decides nothing, however good."""
    assert set(marks(bench(calls=CALLS_MIN - 1)).values()) <= {Mark.TOO_FEW, Mark.UNMEASURED}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fired": 0}, "the fault never fired for it"),
        ({"met": False}, "not in its steady state"),
        ({"status": "partial"}, "cut short"),
    ],
)
def test_a_cell_in_doubt_is_inconclusive_and_says_why(bench, changes, why):
    """A fault that never fired proves nothing, whatever the latencies."""
    report = assemble(figures(), Recording.open(bench(**changes)), "run")

    assert why in report.faults[0].cells["seawall"].doubt
    assert {t.mark for t in report.targets if t.of == "503"} == {Mark.INCONCLUSIVE}


def test_the_oracle_needs_no_fault_to_fire(bench):
    """Keeping away is what it is for; ratios are to its p99."""
    (fault,) = assemble(figures(), Recording.open(bench()), "run").faults

    assert fault.cells["oracle"].doubt is None
    assert fault.cells["oracle"].p99_to_oracle == 1
    assert fault.cells["seawall"].p99_to_oracle == pytest.approx(1.2)


def test_a_cell_has_its_intervals(bench):
    """600 of 600 prove 99.4 %, no more (Wilson)."""
    (fault,) = assemble(figures(), Recording.open(bench()), "run").faults
    interval = fault.cells["seawall"].intervals["success_rate"]

    assert interval.low == pytest.approx(0.9936, abs=1e-4)
    assert interval.high == 1
    assert {"p50_ms", "p95_ms", "p99_ms", "over_500_share"} <= set(fault.cells["seawall"].intervals)


def cost_marks(**changes):
    given = {
        "contenders": {
            "aiohttp": Contender(rounds=rounds(100, 4000)),
            "httpx2": Contender(rounds=rounds(400, 800)),
            "openai": Contender(rounds=rounds(1000, 500, import_ms=1000)),
            "litellm.Router": Contender(rounds=rounds(5000, 150)),
            "seawall": Contender(rounds=rounds(150, 2500), growth_mb=0.5, growth_calls=10_000, packages=15),
        },
        "core_us": [15.0, 16.0, 17.0],
    }
    return {t.what: t for t in assemble(figures(**given | changes), None, "run").targets}


def test_costs_are_ratios_of_the_same_round():
    """A slow round slows both: the ratio stays, and the least and most of the rounds stand beside it."""
    found = cost_marks()["CPU per call ÷ bare aiohttp"]

    assert (found.mark, found.measured) == (Mark.MET, pytest.approx(1.5))
    assert found.interval.low == pytest.approx(found.interval.high)
    assert {target.mark for target in cost_marks().values()} == {Mark.MET}


def test_a_contender_that_was_left_out_leaves_its_ratio_unmeasured():
    """No rival, no ratio, and no target met by default."""
    known = {name: Contender(rounds=rounds(100)) for name in ("aiohttp", "seawall")}

    assert cost_marks(contenders=known)["CPU per call ÷ litellm.Router"].mark is Mark.UNMEASURED


def test_a_quick_round_and_short_growth_decide_nothing():
    """What was measured is shown; it is not called met."""
    short = {"seawall": Contender(rounds=rounds(150), growth_mb=0.0, growth_calls=9_999)}

    assert cost_marks(quick=True)["CPU per call ÷ bare aiohttp"].mark is Mark.INCONCLUSIVE
    growth = next(t for what, t in cost_marks(contenders=short).items() if "growth" in what)
    assert (growth.mark, growth.note) == (Mark.INCONCLUSIVE, "9999 calls; 10000 are needed")


def test_every_target_has_a_bound_and_a_relation():
    """A demand nobody can miss is none."""
    for name, demands in DEMANDS.items():
        assert demands, name
        assert all(
            math.isfinite(bound) and relation in {"at_most", "at_least"} for *_, relation, bound in demands
        )


def test_the_report_is_written_and_shows_what_is_missed(bench):
    """bench.json, bench.md and bench.html say the same; rivals left out are named."""
    folder = bench(latency_ms=400.0)
    simulator = SimulatorRate(what="chat", rate_per_s=100.0, p50_ms=1.0, p99_ms=2.0, rounds=3)
    figures(skipped={"avadhika": "no such <package>"}, simulators=[simulator]).write(folder)
    report = build(folder)

    document = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    page = (folder / "bench.html").read_text(encoding="utf-8")
    text = (folder / "bench.md").read_text(encoding="utf-8")
    assert document["schema"] == 2
    assert document["headline"] == report.headline
    assert "missed: 503, longest call: 400" in page
    assert "❌ missed" in text
    assert "no such &lt;package&gt;" in page
    assert "no such &lt;package>" in text
    assert (folder / "plots" / "bench.png").read_bytes().startswith(b"\x89PNG")


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.real_processes
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH to look at the report with")
def test_a_browser_has_nothing_to_complain_about(bench, tmp_path):
    """The page asks for nothing outside, and its console stays empty."""
    folder = bench()
    figures().write(folder)
    build(folder)
    argv = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    argv += ["--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    result = subprocess.run(
        [*argv, f"file://{folder}/bench.html"], capture_output=True, text=True, timeout=60, check=True
    )

    assert "CONSOLE" not in result.stderr
    assert not re.findall(r'(?:src|href)="(?!data:|#)', result.stdout)
