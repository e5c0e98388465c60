"""`seawall report`: exit codes, messages, and what it prints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from seawall_chaos.recording import FOLDER
from seawall_reports.cli import report


@pytest.fixture
def run():
    """Runs the command as it would be typed."""
    return lambda *words, **settings: CliRunner().invoke(report, list(map(str, words)), **settings)


@pytest.fixture
def folder(tmp_path, rows):
    """Writes the recording of a run that passes, with changed calls."""

    def write(**changes):
        some = [
            rows.call(**changes),
            rows.attempt(),
            rows.window(fired=changes.pop("fired", 3) if changes else 3),
        ]
        return rows.write(tmp_path / "run", some, [rows.scenario()])

    return write


def test_build_and_show_end_with_the_verdict(run, folder):
    """0 for PASS, 1 for FAIL, and both say so first."""
    passed = run("build", folder())
    assert passed.exit_code == 0
    assert passed.output.startswith("PASS  1 of 1 gate met in 1 scenario; every fault fired")
    assert "report.html" in passed.output

    failed = run("build", folder(status="failed"))
    assert failed.exit_code == 1
    shown = run("show", folder(status="failed"))
    assert shown.exit_code == 1
    assert shown.output.startswith("FAIL  1 of 1 gate missed")
    assert "success rate is 0" in shown.output
    assert "seawall" in shown.output


def test_an_inconclusive_run_ends_with_three(run, tmp_path, rows):
    """A fault that never fired is no success."""
    path = rows.write(tmp_path, [rows.call(), rows.attempt(), rows.window(fired=0)], [rows.scenario()])
    result = run("build", path)

    assert result.exit_code == 3
    assert "never fired for seawall" in result.output


def test_bad_input_is_named_in_one_line(run, folder, tmp_path):
    """A folder without a recording, a broken table, a foreign manifest, a summary that is none: 2, and the file."""
    path = folder()
    cases = [
        ("build", tmp_path / "nowhere", None, "manifest.json"),
        ("build", path, path / FOLDER / "calls.parquet", "calls.parquet"),
        ("build", path, path / FOLDER / "manifest.json", "manifest.json"),
        ("show", path, None, "summary.json"),
        ("show", path, path / "summary.json", "summary.json"),
    ]
    for command, where, broken, named in cases:
        if broken:
            broken.write_text("{}", encoding="utf-8")
        result = run(command, where)

        assert result.exit_code == 2, (command, named)
        assert result.stdout == ""
        assert result.stderr.startswith("error: ")
        assert named in result.stderr
        assert result.stderr.count("\n") == 1


def test_colours_are_for_terminals(run, folder, monkeypatch):
    """None in a pipe; none where NO_COLOR is set; else the verdict has one."""
    run("build", folder())
    path = folder()

    assert "\x1b" not in run("show", path).output
    assert "\x1b[32m" in run("show", path, color=True).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("show", path, color=True).output


def test_a_folder_that_cannot_be_written_is_named(run, folder, monkeypatch):
    """A report that cannot be written is bad input, not a traceback."""
    path = folder()
    (path / "plots").write_text("in the way", encoding="utf-8")
    result = run("build", path)

    assert result.exit_code == 2
    assert "plots" in result.stderr


def test_help_does_not_wait_for_what_only_building_needs():
    """Neither data frames nor matplotlib are imported before they are used."""
    code = "import sys, seawall_reports.cli; print([m for m in ('pandas', 'matplotlib', 'numpy') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


def test_the_command_is_found_under_seawall(folder):
    """`seawall report build RUN_DIR` is what other programs call; the exit code is all they need."""
    seawall = Path(sys.executable).with_name("seawall")
    result = subprocess.run(
        [seawall, "report", "build", folder(status="failed")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )

    assert (result.returncode, result.stderr) == (1, "")
