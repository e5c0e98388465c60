"""A run as a command: signals, the folder, the pointer to the newest run, and the report at the end."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from seawall_chaos.halt import Halt
from seawall_chaos.loader import ScenarioFile
from seawall_chaos.progress import Progress
from seawall_chaos.recording import Manifest
from seawall_chaos.run import Run, RunPlan

INTERRUPTED = 130
INCONCLUSIVE = 3
LATEST = "latest"
SUMMARY = "summary.json"


def run_to_report(
    files: Sequence[ScenarioFile],
    subjects: Sequence[str],
    *,
    seed: int,
    folder: Path,
    command: str,
    workers: Mapping[str, Sequence[str]],
) -> int:
    """Run into `folder`, point `latest` beside it to it, build its report; returns the command's exit code.

    `workers` are the programs of those subjects that are not ours.

    Ctrl-C ends the run in order: faults healed, processes ended, what was seen kept and marked as partial, and
    the report built from it. A second Ctrl-C skips the report.
    """
    progress = Progress(sys.stderr, len(files))
    plan = RunPlan(scenarios=files, subjects=subjects, seed=seed, command=command, workers=workers)
    try:
        manifest, interrupted = asyncio.run(_run(plan, folder, progress))
    except KeyboardInterrupt:
        progress.say(f"stopped; what was seen until then is in {folder}")
        return INTERRUPTED
    try:
        point_latest(folder)
    except OSError as error:
        progress.say(f"{folder.with_name(LATEST)}: does not point to this run: {error.strerror}")
    if manifest.partial:
        progress.say(f"partial: {manifest.partial_reason}; what was seen is kept and marked")
    code = build_report(folder, progress)
    if interrupted:
        return INTERRUPTED
    return code or (INCONCLUSIVE if manifest.partial else 0)


def run_to_recording(plan: RunPlan, folder: Path) -> tuple[Manifest, bool]:
    """Run into `folder` and leave the recording there; also whether a person ended it.

    Raises KeyboardInterrupt on a second Ctrl-C.
    """
    return asyncio.run(_run(plan, folder, Progress(sys.stderr, len(plan.scenarios))))


async def _run(plan: RunPlan, folder: Path, progress: Progress) -> tuple[Manifest, bool]:
    halt = Halt()
    loop, this = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if halt.reason is None:
            progress.say("stopping: healing faults and ending processes ...")
            halt.set("interrupted", interrupted=True)
        elif this is not None:
            this.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        manifest = await Run(plan, folder, progress, halt).carry_out()
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    return manifest, halt.interrupted


def point_latest(folder: Path) -> None:
    """Make `latest` beside `folder` point to it, in one step. Raises OSError."""
    link = folder.with_name(f".{LATEST}-{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name, target_is_directory=True)
    link.replace(folder.with_name(LATEST))


def build_report(folder: Path, progress: Progress) -> int:
    """Build the report of the run in `folder` by the command of that name; returns its exit code.

    A report that could not be built leaves the run without a verdict, which is inconclusive.
    """
    arguments = ["report", "build", str(folder)]
    # By command and not by import: the harness does not read its own reports.
    command = [sys.executable, "-c", "from seawall.cli import main; main()", *arguments]
    try:
        code = subprocess.run(command, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return INTERRUPTED
    if not (folder / SUMMARY).exists():
        progress.say(f"no report (exit code {code}); build it with: seawall {shlex.join(arguments)}")
        return INCONCLUSIVE
    return code
