"""Latency as distributions, beside the baseline in one run, with mitmproxy left out of the path."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.latency, pytest.mark.real_processes, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    """What a run of the latency scenarios came to."""
    out = tmp_path_factory.mktemp("latency")
    command = [
        Path(sys.executable).with_name("seawall"),
        "chaos",
        "run",
        "latency",
        "--subjects",
        "baseline,seawall",
    ]
    run = subprocess.run([*command, "--out", out], capture_output=True, text=True, check=False)
    assert run.returncode in {0, 1, 3}, run.stderr
    return json.loads((out / "latest" / "summary.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["latency-healthy", "latency-slow-link"])
def test_latency_keeps_its_ratio_to_the_baseline(summary, name):
    """The gates of the scenario hold; they are ratios of figures taken side by side."""
    (scenario,) = (each for each in summary["scenarios"] if each["name"] == name)
    missed = [gate for gate in scenario["gates"] if gate["verdict"] != "PASS"]

    assert scenario["gates"]
    assert missed == [], scenario["reasons"]
    assert scenario["verdict"] == "PASS"
    assert all(fault["fired"] for fault in scenario["faults"])
