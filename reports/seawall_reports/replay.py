"""The command that runs a scenario again."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from seawall_chaos.recording import Manifest, ScenarioRecord
from seawall_reports.wording import plain

COMMAND_CHARS = 500


def replay_command(manifest: Manifest, scenario: ScenarioRecord) -> str:
    """What a person types to run one scenario again with the same seed and subjects."""
    # One that comes with the harness has a name anywhere; its file lies where the harness is installed.
    shipped = PurePosixPath(scenario.file).parts[-3:-1] == ("seawall_chaos", "scenarios")
    what = scenario.name if shipped else scenario.file
    subjects = ",".join(manifest.subjects)
    words = ["seawall", "chaos", "run", what, "--seed", str(manifest.seed), "--subjects", subjects]
    return plain(shlex.join(words), COMMAND_CHARS)
