"""The command: settings checked and shown, logs summed up, other packages' commands."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import click
import pytest
from click.testing import CliRunner

import seawall
from seawall.cli import root

KEY = "sk-very-secret-0123456789"
GOOD = """\
providers:
  - {name: alpha, wire: openai_chat, model: m, api_key_env: OPENAI_API_KEY, headers: {X-Team: hush}}
timeouts: {connect_s: 2}
http: {proxy: "http://user:hush@proxy:3128"}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in a folder of its own, with one key in the environment."""
    for name in [name for name in os.environ if name.startswith("SEAWALL_") and "LOOPBACK" not in name]:
        monkeypatch.delenv(name)
    for name in ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=None):
        result = CliRunner().invoke(root.root, arguments, input=stdin, prog_name="seawall")
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert KEY not in result.output
        return result

    return run


def test_version(run):
    """The one version there is."""
    assert run("--version").output == f"seawall {seawall.__version__}\n"


def test_good_settings(run, tmp_path):
    """From a file, and from the environment alone."""
    (tmp_path / "s.yaml").write_text(GOOD)

    assert run("config", "check", "s.yaml").output == "good: 1 provider (alpha)\n"
    assert run("config", "check").output == "good: 1 provider (openai)\n"


def test_bad_settings(run, tmp_path):
    """One line for each thing that is wrong, on stderr, and exit code 2."""
    (tmp_path / "s.yaml").write_text("deadline_s: 0\ntimeouts: {conect_s: 1}\n")
    result = run("config", "check", "s.yaml")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "seawall: s.yaml:1: deadline_s = 0: expected a number >= 0.05\n"
        "seawall: s.yaml:2: timeouts.conect_s is not a setting; did you mean connect_s?\n"
    )
    assert (
        run("config", "show", "nowhere.yaml").stderr == "seawall: nowhere.yaml: no such file or directory\n"
    )


def test_settings_are_shown_with_their_origin_and_without_secrets(run, tmp_path, monkeypatch):
    """Every value in force."""
    (tmp_path / "s.yaml").write_text(GOOD)
    monkeypatch.setenv("SEAWALL_RETRY__ATTEMPTS_MAX", "5")
    shown = run("config", "show", "s.yaml").output
    rows = {line.split(" = ")[0]: line for line in shown.splitlines()}
    document = json.loads(run("config", "show", "s.yaml", "--json").output)

    assert rows["timeouts.connect_s"].split() == ["timeouts.connect_s", "=", "2.0", "#", "s.yaml:3"]
    assert rows["retry.attempts_max"].endswith("# SEAWALL_RETRY__ATTEMPTS_MAX")
    assert rows["deadline_s"].endswith("# default")
    assert document["providers.alpha.api_key"] == {"value": "***", "origin": "OPENAI_API_KEY"}
    assert document["providers.alpha.headers"]["value"] == {"X-Team": "***"}
    assert document["http.proxy"]["value"] == "***@proxy:3128"
    assert "hush" not in shown + json.dumps(document)
    assert set(rows) == set(document)


@pytest.fixture
def plugins(monkeypatch):
    """Pretend that other packages add these commands."""

    def plugins(**values):
        points = [EntryPoint(name, value, root.GROUP) for name, value in values.items()]
        monkeypatch.setattr(root, "entry_points", lambda group: points if group == root.GROUP else [])

    return plugins


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module_anywhere:x", "No module named 'no_such_module_anywhere'"),
        ("json:no_such_name", "has no attribute 'no_such_name'"),
        ("json:dumps", "is no click command"),
    ],
)
def test_a_broken_plugin_is_one_clear_line(run, plugins, value, reason):
    """It names the command and the reason, and the other commands work."""
    plugins(broken=value)
    result = run("broken", "--help")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"seawall: the command broken ({value}) ")
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert run("--version").exit_code == 0


@click.command()
def hello():
    """A command of another package."""
    click.echo("hello")


def test_plugins_are_imported_only_when_called(run, plugins, monkeypatch):
    """Listing them does not; our own commands cannot be replaced."""
    monkeypatch.setattr(json, "hello", hello, raising=False)
    plugins(hello="json:hello", broken="no_such_module_anywhere:x", config="json:hello")

    shown = run("--help").output
    assert [line.split()[0] for line in shown.partition("Commands:")[2].split("\n") if line.strip()] == [
        "broken", "config", "hello", "logs", "scan",
    ]  # fmt: skip
    assert run("hello").output == "hello\n"
    assert "Check and show the settings" in run("config", "--help").output


def test_an_unknown_command(run):
    """As click says it, exit code 2."""
    assert run("cofnig").exit_code == 2


def test_the_installed_command_and_what_importing_costs():
    """`seawall` works as a process; `import seawall` loads no library that a first call may load, nor any extra."""
    heavy = {
        "click",
        "aiohttp",
        "yaml",
        "ssl",
        "pybreaker",
        "redis",
        "re2",
        "prometheus_client",
        "opentelemetry",
    }
    code = f"import seawall, sys; print({heavy} & set(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown = subprocess.run(
        [sys.executable, "-c", "from seawall.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert imported.stdout.strip() in {"set()", "{'ssl'}"}  # asyncio imports ssl where there is one
    assert shown.stdout == f"seawall {seawall.__version__}\n"
