"""`python -m seawall_chaos.bench`: runs all contenders in turn, several rounds, and writes what came out."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from seawall_chaos.bench.contenders import CONTENDERS, IMPORTS
from seawall_chaos.bench.table import markdown, rows
from seawall_simulators.bench import Server, measure, summarise

_IMPORT = """
import time, sys
started = time.perf_counter()
import {module}
took = time.perf_counter() - started
rss = next((int(l.split()[1]) / 1024 for l in open("/proc/self/status") if l.startswith("VmRSS")), 0.0)
print(took * 1000, rss)
"""


def contend(name: str, base_url: str) -> dict[str, float]:
    """One contender's figures of one round: a call's cost and rate, and what its import costs."""
    figures: dict[str, float] = json.loads(child(["-m", "seawall_chaos.bench.measure", name, base_url, "m"]))
    import_ms, import_mb = child(["-c", _IMPORT.format(module=IMPORTS[name])]).split()
    return figures | {"import_ms": float(import_ms), "import_mb": float(import_mb)}


def child(arguments: list[str]) -> str:
    """What a fresh interpreter prints."""
    # -B off: the import of a service is the import of compiled files.
    return subprocess.run(  # noqa: S603  (this interpreter)
        [sys.executable, *arguments], check=True, capture_output=True, text=True, timeout=300
    ).stdout


def run(rounds: int, round_s: float) -> dict[str, Any]:
    """All of it. Contenders take turns within a round, so that a slow minute of the machine hits all of them."""
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    simulators = []
    with Server() as server:
        for what, stream in (("chat", False), ("stream of 10 chunks", True)):
            click.echo(f"fake provider: {what} ...", err=True)
            simulators.append(
                summarise(what, measure(server.base_url, "m", stream=stream, rounds=rounds, round_s=round_s))
            )
        for number in range(rounds):
            for name, figures in measured.items():
                click.echo(f"round {number + 1} of {rounds}: {name} ...", err=True)
                figures.append(contend(name, server.base_url))
    contenders = {
        name: {key: statistics.median(each[key] for each in figures) for key in figures[0]}
        for name, figures in measured.items()
    }
    return {"schema": 1, "rounds": rounds, "contenders": contenders, "simulators": simulators}


@click.command()
@click.option("--rounds", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--round-s", type=click.FloatRange(0.2, 30), default=2.0, show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("reports/out/bench"))
def main(rounds: int, round_s: float, out: Path) -> None:
    """Measures the client beside bare HTTP and the official SDK, and the fake providers' own rates.

    Writes bench.json and bench.md. A target that is missed is said to be missed; it does not fail the command.
    """
    results = run(rounds, round_s)
    results["rows"] = rows(results)
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    text = markdown(results)
    (out / "bench.md").write_text(text, encoding="utf-8")
    click.echo(text)
    click.echo(f"written to {out / 'bench.md'}", err=True)


if __name__ == "__main__":
    main()
