"""`seawall chaos` as people type it, when what they typed is wrong, or asks for no run."""

import pytest
from click.testing import CliRunner

from seawall_chaos.cli import chaos

GOOD = """\
title: Short
duration_s: 2
method:
  - {at: 500ms, for: 250ms, every: 500ms, times: 2, on: beta, fault: http_status, status: 429, retry_after: 3}
"""


@pytest.fixture
def seawall_chaos(tmp_path, monkeypatch):
    """Runs a command in an empty folder; every command, however it ends, prints no traceback."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        result = CliRunner().invoke(chaos, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_good_file_is_said_to_be_good(seawall_chaos, good):
    """With what it would do."""
    result = seawall_chaos("check", str(good))

    assert result.exit_code == 0
    assert result.stdout == f"{good}: ok, 2s, about 24 calls, fault windows: 2, gates: 0\n"


def test_the_timeline_is_printed(seawall_chaos, good):
    """Each change at its time, windows of a repeated entry one by one."""
    result = seawall_chaos("timeline", str(good))

    assert result.exit_code == 0
    assert [" ".join(line.split()) for line in result.stdout.splitlines()] == [
        "good: 2s on path full",
        "0.500s inject beta http_status status=429 retry_after=3 (entry 1, window 1)",
        "0.750s heal beta http_status (entry 1, window 1)",
        "1.000s inject beta http_status status=429 retry_after=3 (entry 1, window 2)",
        "1.250s heal beta http_status (entry 1, window 2)",
    ]


def test_shipped_scenarios_are_listed(seawall_chaos):
    """One line each, with the sets it is in."""
    result = seawall_chaos("list")

    assert result.exit_code == 0
    assert len([line for line in result.stdout.splitlines() if "[quick]" in line]) == 9


@pytest.mark.parametrize("command", [(), ("run",), ("list",), ("check",), ("timeline",), ("provision",)])
def test_every_command_has_help(seawall_chaos, command):
    """And it costs nothing to ask."""
    assert seawall_chaos(*command, "--help").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nowhere.yaml"], "error: nowhere.yaml: cannot be read: No such file or directory"),
        (["run", "primary-530"], "did you mean 'primary-503'?"),
        (["run", "bad.yaml"], "error: bad.yaml:1: unknown key 'titel'; did you mean 'title'?"),
        (["run", "bad.yaml", "also-bad.yaml"], "error: also-bad.yaml:1: not a scenario"),
        (["run", "empty"], "error: empty: no scenario files (*.yaml) in this folder"),
        (["run", "--subjects", "basline"], "no subject 'basline'; did you mean 'baseline'?"),
        (["run", "--subjects", "baseline,baseline"], "each subject once"),
        (["run", "--subjects", ""], "at least one"),
        (["run", "--seed", "-1"], "-1 is not in the range"),
        (["run", "--seed", "one"], "'one' is not a valid integer"),
        (["run", "healthy", "--out", "bad.yaml/out"], "bad.yaml/out"),
        (["run", "--sed", "1"], "--seed"),
        (["check"], "Missing argument"),
        (["check", "nowhere.yaml"], "error: nowhere.yaml: cannot be read"),
        (["timeline", "bad.yaml"], "error: bad.yaml:1: unknown key 'titel'"),
        (["rnu"], "No such command 'rnu'"),
    ],
)
def test_bad_input_is_one_clear_message(seawall_chaos, tmp_path, arguments, said):
    """Exit code 2, what is wrong and where, and nothing is left behind."""
    (tmp_path / "bad.yaml").write_text("titel: x\nduration_s: 1\n", encoding="utf-8")
    (tmp_path / "also-bad.yaml").write_text("[]\n", encoding="utf-8")
    (tmp_path / "empty").mkdir()

    result = seawall_chaos(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"bad.yaml", "also-bad.yaml", "empty"}
