"""Runs from end to end: on real fake providers and proxies, stopped in the middle, and twice with one seed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from pathlib import Path

import pytest
import pytest_asyncio

from seawall_chaos.endpoints import ProviderSpec
from seawall_chaos.evidence import attempt_rows, call_rows, fault_rows
from seawall_chaos.faults import parse_fault
from seawall_chaos.halt import Halt
from seawall_chaos.lane import Lane
from seawall_chaos.loader import parse_scenario
from seawall_chaos.recording import Recording
from seawall_chaos.trial import Trial

pytestmark = [pytest.mark.chaos, pytest.mark.real_processes, pytest.mark.timeout(300)]

SHORT = """\
title: Half of the requests are refused for a second
path: {path}
duration_s: 1.5
load: {{rate_per_s: 12, arrivals: constant, deadline_s: 4}}
steady_state: {{for_s: 0.3}}
method:
  - {{at: 450ms, for: 750ms, on: {on}, fault: http_status, status: 503, probability: 0.5}}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lanes(tmp_path_factory):
    """All subjects, their workers started side by side and used by all tests here; stacks come with a trial."""
    logs, halt = tmp_path_factory.mktemp("logs"), Halt()
    lanes = {
        subject: Lane(subject, seed=5, logs=logs, halt=halt)
        for subject in ("baseline", "openai-sdk", "seawall")
    }
    await asyncio.gather(*(lane.start_worker() for lane in lanes.values()))
    yield lanes
    await asyncio.gather(*(lane.aclose() for lane in lanes.values()))
    assert halt.reason is None


@pytest.fixture
def carry_out(lanes):
    """Carries out a scenario for some subjects."""

    def trial(text, *subjects):
        file = parse_scenario(Path("short.yaml"), text)
        chosen = [lanes[subject] for subject in subjects]
        return Trial(file, chosen, seed=5, halt=Halt(), tick=lambda _: None).run()

    return trial


def provider_bytes(evidence):
    """What providers sent, for each call of the scenario, in no order of time."""
    return {
        call.call_id: Counter(
            (row["provider"], row["body_sha256"])
            for row in evidence.journal
            if row["client_request_id"].startswith(f"{call.call_id}-")
        )
        for call in evidence.plan
    }


@pytest.mark.parametrize("path", ["direct", "full"])
@pytest.mark.asyncio(loop_scope="module")
async def test_the_same_seed_gives_the_same_faults_and_bytes(carry_out, path):
    """Two runs of one scenario: the same calls hit by the same fault, the same bytes sent for each of them."""
    results = [await carry_out(SHORT.format(path=path, on="alpha"), "baseline") for _ in range(2)]

    assert [result.partial for result in results] == [None, None]
    first, second = (result.evidence["baseline"] for result in results)
    assert provider_bytes(first) == provider_bytes(second)
    hit = [
        Counter((row.client_request_id, row.fault) for row in attempt_rows(evidence) if row.side == "client")
        for evidence in (first, second)
    ]
    assert hit[0] == hit[1]
    assert {fault for _, fault in hit[0]} == {None, "http_status"}
    planned = [
        [(r.fault, r.on, r.planned_start_s, r.planned_end_s, r.fired) for r in fault_rows(e)]
        for e in (first, second)
    ]
    assert planned[0] == planned[1]
    assert planned[0][0][4] > 0


@pytest.mark.asyncio(loop_scope="module")
async def test_both_sides_agree_and_the_timeline_is_kept(carry_out):
    """All three subjects on both proxies: nothing is wrong or unfinished, windows open and close on time."""
    result = await carry_out(SHORT.format(path="full", on="alpha"), "baseline", "openai-sdk", "seawall")

    assert result.partial is None
    assert all(steady.met for steady in result.steady_state.values())
    assert {count.intended for count in result.load_count.values()} == {18}
    assert all(count.sent == count.intended for count in result.load_count.values())
    for evidence in result.evidence.values():
        assert {row.status for row in call_rows(evidence)} <= {"ok", "failed"}
        (window,) = fault_rows(evidence)
        assert window.fired > 0
        assert 0.45 <= window.applied_s < 0.8
        assert 1.2 <= window.healed_s < 1.5
    assert all(row.status == "ok" for row in call_rows(result.evidence["seawall"]))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_scenario_for_nobody_is_no_pass(carry_out):
    """A subject takes part only where it speaks the wire of a provider; without any, nothing was shown."""
    text = SHORT.format(path="direct", on="solo").replace("load:", "providers: {solo: {wire: gemini}}\nload:")

    result = await carry_out(text, "openai-sdk")

    assert result.partial == "no subject of this run speaks a wire of short"
    assert result.evidence == {}


async def test_a_stack_is_there_for_anyones_tests(chaos_stack, tmp_path):
    """The harness's pytest plugin lends one, with its endpoints and its faults."""
    specs = [ProviderSpec("solo", "openai", "solo-1")]

    async with chaos_stack(specs, path="direct", log_dir=tmp_path) as stack:
        await stack.inject("x", parse_fault({"fault": "http_status", "status": 503}), "solo")

        assert stack.endpoints["solo"].base_url.endswith("/v1")
        assert not stack.is_healed()


def test_fake_providers_are_there_for_anyones_tests(fake_providers):
    """And the providers alone: faults, a journal, and a reset."""
    fake_providers.set_fault("alpha", "http_status", status=503)
    url = f"{fake_providers.base_urls['alpha']}/models"

    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(url)
    refusal.value.close()

    assert refusal.value.code == 503
    assert [row["status"] for row in fake_providers.journal()] == [503]
    fake_providers.reset()
    assert fake_providers.journal() == []


def until(condition, limit_s):
    """Wait for what another process does, which cannot be waited for otherwise."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


# Seconds on a quiet machine; this is for one that runs all suites at once.
LIMIT_S = 100


class Command:
    """`seawall chaos run` as a process, with a mark that all its descendants inherit."""

    def __init__(self, tmp_path, text, *options):
        self.mark = f"SEAWALL_TEST_MARK={uuid.uuid4()}"
        (tmp_path / "short.yaml").write_text(text, encoding="utf-8")
        self.out = tmp_path / "out"
        name, _, value = self.mark.partition("=")
        command = [sys.executable, "-c", "from seawall.cli import main; main()", "chaos", "run", "short.yaml"]
        self._stderr = tmp_path / "stderr"
        with self._stderr.open("w", encoding="utf-8") as stderr:
            self.process = subprocess.Popen(
                [*command, *options, "--out", "out"],
                cwd=tmp_path,
                env=os.environ | {name: value},
                stderr=stderr,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def said(self):
        return self._stderr.read_text(encoding="utf-8")

    def wait_for(self, words):
        """Until it has said this."""
        until(lambda: words in self.said or self.process.poll() is not None, LIMIT_S)
        assert words in self.said, self.said

    def wait(self):
        """Its exit code, at its end."""
        return self.process.wait(timeout=LIMIT_S)

    def family(self):
        """The processes that bear the mark: its name by process id."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                    found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def recording(self):
        """What it left; nothing half-written beside it."""
        (folder,) = (path for path in self.out.iterdir() if not path.is_symlink())
        assert not list(folder.rglob("*.part"))
        return Recording.open(folder)


LONG = SHORT.replace("duration_s: 1.5", "duration_s: 60")


@pytest.fixture
def command(tmp_path):
    """Begins a run of Seawall alone; whatever becomes of the test, it ends."""
    begun = []

    def begin(text):
        begun.append(Command(tmp_path, text, "--subjects", "seawall"))
        return begun[-1]

    yield begin
    for each in begun:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def under_load(command):
    """A long run whose first calls have been answered."""

    def begin(path):
        begun = command(LONG.format(path=path, on="alpha"))
        begun.wait_for("under load")
        return begun

    return begin


def test_a_fault_that_hits_nobody_is_no_pass(command):
    """It was in force on a provider that no call reached: every answer was right, and nothing was shown."""
    run = command(SHORT.format(path="direct", on="gamma"))

    assert run.wait() == 3, run.said
    recording = run.recording()
    assert set(recording.calls["status"]) == {"ok"}
    assert not recording.manifest.partial
    assert recording.faults["fired"].tolist() == [0]
    assert recording.faults["applied_s"].notna().all()
    summary = json.loads((run.out / "latest" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["verdict"], summary["scenarios"][0]["verdict"]) == ("INCONCLUSIVE", "INCONCLUSIVE")
    assert run.family() == {}


def test_ctrl_c_leaves_a_partial_recording_and_nothing_else(under_load):
    """Faults healed, no process or port left, what was seen kept and marked."""
    run = under_load("full")
    assert len(run.family()) >= 4, run.family()

    run.process.send_signal(signal.SIGINT)

    assert run.wait() == 130, run.said
    assert run.family() == {}
    recording = run.recording()
    assert (recording.manifest.partial, recording.manifest.partial_reason) == (True, "interrupted")
    assert recording.manifest.scenarios[0].status == "partial"
    assert len(recording.calls) > 0
    assert (run.out / "latest").resolve() == (run.out / recording.manifest.run).resolve()
    assert "Traceback" not in run.said


def test_the_death_of_a_child_ends_the_run_in_order(under_load):
    """The run says which process died, keeps what was seen, and is inconclusive."""
    run = under_load("direct")
    (victim,) = (pid for pid, words in run.family().items() if "seawall_simulators" in words)

    os.kill(victim, signal.SIGKILL)

    assert run.wait() == 3, run.said
    assert run.family() == {}
    assert "ended unexpectedly" in run.recording().manifest.partial_reason
    assert "Traceback" not in run.said


def test_children_do_not_outlive_a_killed_run(under_load):
    """Even SIGKILL leaves nothing running, and a whole recording that says it is none of a finished run."""
    run = under_load("direct")

    run.process.kill()
    run.process.wait()

    until(lambda: not run.family(), 10)
    assert run.recording().manifest.partial
