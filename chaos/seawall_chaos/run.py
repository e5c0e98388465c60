"""A run: scenarios one after the other, all subjects side by side, everything into one recording."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from seawall_chaos.errors import StackError
from seawall_chaos.evidence import attempt_rows, call_rows, fault_rows
from seawall_chaos.halt import Halt, HaltedError
from seawall_chaos.lane import Lane
from seawall_chaos.loader import ScenarioFile
from seawall_chaos.machine import busy_share, cpu_times
from seawall_chaos.progress import Progress
from seawall_chaos.recording import (
    LoadPlan,
    Manifest,
    MethodEntry,
    ProviderRecord,
    RecordingWriter,
    ScenarioRecord,
)
from seawall_chaos.trial import Trial, TrialResult

UNFINISHED = "the run was still going on when this was written"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunPlan:
    """What to run. `command` is what a person would type to get the same again.

    `workers` are programs that stand for subjects which are not ours, by name.
    """

    scenarios: Sequence[ScenarioFile]
    subjects: Sequence[str]
    seed: int
    command: str
    workers: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)


def create_run_folder(out: Path, seed: int) -> Path:
    """A new folder in `out`, named after the time and the seed; never one that exists."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    out.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, 1000):
        folder = out / (f"{stamp}-{seed}" if attempt == 1 else f"{stamp}-{seed}-{attempt}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{out}: too many runs in this second")


class Run:
    """One run, and the recording it leaves in `folder`."""

    def __init__(self, plan: RunPlan, folder: Path, progress: Progress, halt: Halt) -> None:
        self._plan = plan
        self._folder = folder
        self._progress = progress
        self._halt = halt
        self._writer = RecordingWriter(folder)
        self._created = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._records: list[ScenarioRecord] = []
        self._versions: dict[str, str] = {}
        self._load_before = round(os.getloadavg()[0], 2)
        logs = folder / "logs"
        logs.mkdir()
        self._lanes = [
            Lane(subject, seed=plan.seed, logs=logs, halt=halt, argv=plan.workers.get(subject))
            for subject in plan.subjects
        ]

    async def carry_out(self) -> Manifest:
        """Run every scenario. What was seen is kept whenever and however this ends."""
        trouble: str | None = UNFINISHED
        try:
            trouble = await self._scenarios()
        finally:
            await asyncio.gather(*(lane.aclose() for lane in self._lanes))
            manifest = self._manifest(trouble)
            self._writer.write(manifest)
        return manifest

    async def _scenarios(self) -> str | None:
        """Why the run did not come to its end; None if it did."""
        self._writer.write(self._manifest(UNFINISHED))
        cpus = os.cpu_count() or 1
        if self._load_before > cpus:
            busy = f"this machine is busy (load {self._load_before:g} on {cpus} processors)"
            self._progress.say(f"{busy}: latencies will show it, those of heavy clients most")
        self._progress.say(f"starting {', '.join(self._plan.subjects)}, each with a stack of its own ...")
        try:
            await self._halt.unless_halted(self._start_workers())
        except (HaltedError, StackError) as error:
            return str(error)
        for file in self._plan.scenarios:
            self._progress.scenario_begins(file.name, file.scenario.path)
            trial = Trial(file, self._lanes, seed=self._plan.seed, halt=self._halt, tick=self._progress.tick)
            before = cpu_times()
            result = await trial.run()
            self._keep(file, trial, result, busy_share(before, cpu_times()))
            self._progress.scenario_ends(result)
            if result.partial:
                return result.partial
        return None

    async def _start_workers(self) -> None:
        await asyncio.gather(*(lane.start_worker() for lane in self._lanes))

    def _keep(self, file: ScenarioFile, trial: Trial, result: TrialResult, cpu_busy: float | None) -> None:
        for evidence in result.evidence.values():
            self._writer.add(call_rows(evidence))
            self._writer.add(attempt_rows(evidence))
            self._writer.add(fault_rows(evidence))
        for lane in self._lanes:
            self._versions.update(lane.versions)
        self._records.append(_record(file, trial, result, self._plan.subjects, cpu_busy))
        self._writer.write(self._manifest(UNFINISHED))

    def _manifest(self, trouble: str | None) -> Manifest:
        return Manifest(
            run=self._folder.name,
            created_utc=self._created,
            partial=trouble is not None,
            partial_reason=trouble,
            seed=self._plan.seed,
            subjects=list(self._plan.subjects),
            versions=dict(sorted(self._versions.items())),
            host={
                "system": platform.platform(),
                "machine": platform.machine(),
                "python": platform.python_version(),
                "cpus": os.cpu_count() or 0,
                "load_1m_before": self._load_before,
            },
            command=self._plan.command,
            scenarios=self._records,
        )


def _record(
    file: ScenarioFile, trial: Trial, result: TrialResult, subjects: Sequence[str], cpu_busy: float | None
) -> ScenarioRecord:
    scenario = file.scenario
    scale = scenario.time_scale
    return ScenarioRecord(
        name=file.name,
        title=scenario.title,
        description=scenario.description,
        file=_shown_path(file.file),
        sha256=file.sha256,
        path=scenario.path,
        duration_s=scenario.run_s,
        time_scale=scale,
        load=LoadPlan.model_validate(scenario.load.model_dump(exclude={"outstanding_max"})),
        providers={
            name: ProviderRecord(
                wire=provider.wire,
                model=provider.model or f"{name}-1",
                behaviour=provider.behaviour.model_dump(mode="json"),
            )
            for name, provider in scenario.providers.items()
        },
        subjects=[lane.subject for lane in trial.lanes],
        status="partial" if result.partial else "complete",
        steady_state=result.steady_state,
        load_count=result.load_count,
        cpu_busy=None if cpu_busy is None else round(cpu_busy, 3),
        method=[
            MethodEntry(
                entry=number,
                fault=entry.fault,
                on=entry.on,
                params=entry.params,
                at_s=entry.at * scale,
                for_s=entry.for_s * scale,
                every_s=None if entry.every is None else entry.every * scale,
                times=entry.times,
            )
            for number, entry in enumerate(scenario.method, 1)
        ],
        # A gate on a subject that was left out of the run cannot be judged, and is not.
        expect=[g for g in scenario.expect if g.subject in subjects and (g.times or g.subject) in subjects],
    )


def _shown_path(path: Path) -> str:
    """Relative to where the command was given; a path of this machine is nobody else's business."""
    resolved, here = path.resolve(), Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else path.name
