"""What a call costs with each contender: rounds of fresh processes, contenders in turn within a round."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from seawall_chaos.bench.contenders import CONTENDERS, IMPORTS, RUNS_AS
from seawall_chaos.bench.figures import Contender, Figures, Round, SimulatorRate
from seawall_chaos.bench.packages import installed, required
from seawall_chaos.machine import busy_share, cpu_times
from seawall_chaos.rivals import RIVALS, command, interpreter
from seawall_simulators.bench import Server, summarise
from seawall_simulators.bench import measure as measure_provider

CHILD_S_MAX = 300
CORE_ROUNDS = 3
MODEL = "m"
# Prints what an import takes, what memory is after it, and which providers' SDKs came with it.
_IMPORT = """
import os, sys, time
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
started = time.perf_counter()
import {module}
took = time.perf_counter() - started
rss = next((int(l.split()[1]) / 1024 for l in open("/proc/self/status") if l.startswith("VmRSS")), 0.0)
sdks = [name for name in ("openai", "anthropic", "google.genai") if name in sys.modules]
print(took * 1000, rss, ",".join(sdks))
"""

Progress = Callable[[str], None]


def child(argv: Sequence[str]) -> str:
    """What a fresh interpreter prints."""
    # Without -B: the import of a service is the import of compiled files.
    return subprocess.run(  # noqa: S603  (our own)
        argv, check=True, capture_output=True, text=True, timeout=CHILD_S_MAX
    ).stdout


def measure_costs(figures: Figures, rounds: int, progress: Progress) -> None:
    """Fill in what contenders cost; what is in `figures` is whole whenever this is interrupted."""
    names = [name for name in CONTENDERS if RUNS_AS.get(name) not in figures.skipped]
    before = cpu_times()
    with Server() as server:
        for number in range(rounds):
            imports: dict[str, Imported] = {}
            for name in names:
                progress(f"costs, round {number + 1} of {rounds}: {name} ...")
                speed = _measured(name, server.base_url, "speed")
                imported = _imported(name, imports)
                contender = figures.contenders.setdefault(name, _contender(name))
                contender.rounds.append(Round(import_ms=imported.ms, import_mb=imported.mb, **speed))
                contender.sdks = imported.sdks
            figures.cpu_busy = busy_share(before, cpu_times())
        for name in names:
            progress(f"memory over many calls: {name} ...")
            grown = _measured(name, server.base_url, "growth")
            figures.contenders[name].growth_mb = grown["growth_mb"]
            figures.contenders[name].growth_calls = int(grown["growth_calls"])
    for _ in range(CORE_ROUNDS):
        figures.core_us.append(float(child([sys.executable, "-m", "seawall_chaos.bench.policy_core"])))


def measure_simulators(figures: Figures, rounds: int, round_s: float, progress: Progress) -> None:
    """Fill in what a fake provider sustains."""
    with Server() as server:
        for what, stream in (("chat", False), ("stream of 10 tokens", True)):
            progress(f"fake provider: {what} ...")
            measured = measure_provider(server.base_url, MODEL, stream=stream, rounds=rounds, round_s=round_s)
            figures.simulators.append(SimulatorRate.model_validate(summarise(what, measured)))


class Imported(NamedTuple):
    """What an import takes in a fresh interpreter, memory after it, and the providers' SDKs that came with it."""

    ms: float
    mb: float
    sdks: list[str]


def _imported(name: str, known: dict[str, Imported]) -> Imported:
    """The import of a contender; those who import the same share one measurement of a round."""
    module = IMPORTS.get(name, name)
    if module not in known:
        python = str(interpreter(RUNS_AS.get(name, name)))
        took_ms, memory_mb, *sdks = child([python, "-c", _IMPORT.format(module=module)]).split()
        known[module] = Imported(float(took_ms), float(memory_mb), sdks[0].split(",") if sdks else [])
    return known[module]


def _measured(name: str, base_url: str, what: str) -> dict[str, Any]:
    arguments = ("seawall_chaos.bench.measure", name, base_url, MODEL, what)
    figures: dict[str, Any] = json.loads(child(command(RUNS_AS.get(name, name), *arguments)))
    return figures


def _contender(name: str) -> Contender:
    subject = RUNS_AS.get(name, name)
    if subject in RIVALS:
        return Contender(rounds=[], packages=installed(interpreter(subject)))
    return Contender(rounds=[], packages=len(required(name)))
