"""The command: settings checked and shown, logs summed up, other packages' commands."""

import gzip
import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import click
import pytest
from click.testing import CliRunner

import seawall
from seawall.cli import log_summary, logs, root

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


def attempt(provider="alpha", outcome="answered", **more):
    line = {"event": "llm.attempt", "time": "2026-11-22T12:00:00Z", "provider": provider, "model": "m"}
    return json.dumps(
        {**line, "outcome": outcome, "why": "first", "latency_ms": 10.0, **more}, separators=(",", ":")
    )


def call(latency_ms, outcome="answered", **more):
    line = {"event": "llm.call", "time": "2026-11-22T12:00:01Z", "outcome": outcome, "attempts": 1}
    return json.dumps({**line, "provider": "alpha", "latency_ms": latency_ms, **more}, separators=(",", ":"))


LINES = [
    *(call(float(n), first_token_ms=n / 2) for n in range(1, 101)),
    call(5_000.0, "failed", error="AllProvidersFailed", provider=None, attempts=3, retries=1),
    call(3.0, "cancelled", provider=None),
    call(7.0, provider="beta", fell_back=True, attempts=2, hedges=1, restarts=1),
    attempt(latency_ms=20.0, input_tokens=5, output_tokens=6),
    attempt(outcome="failed", failure="overloaded"),
    attempt("beta", why="fallback"),
]


def test_a_log_summed_up(run, tmp_path):
    """Success, quantiles, who answered, what failed."""
    (tmp_path / "a.log").write_text("\n".join(LINES) + "\n")
    document = json.loads(run("logs", "summarize", "a.log", "--json").output)
    calls, (alpha, beta) = document["calls"], document["providers"]

    assert (calls["count"], calls["answered"], calls["failed"], calls["cancelled"]) == (103, 101, 1, 1)
    assert calls["success_rate"] == pytest.approx(101 / 102)
    assert calls["latency_ms"] == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    assert calls["first_token_ms"]["p50"] == 25.0
    assert calls["attempts_per_call"] == pytest.approx(106 / 103)
    assert (calls["fell_back"], calls["retries"], calls["hedges"], calls["restarts"]) == (1, 1, 1, 1)
    assert calls["answered_by"] == {"alpha": 100, "beta": 1}
    assert calls["errors"] == {"AllProvidersFailed": 1}
    assert (alpha["attempts"], alpha["failures"], alpha["latency_ms"]["p50"]) == (2, {"overloaded": 1}, 20.0)
    assert (alpha["input_tokens"], beta["whys"]) == (5, {"fallback": 1})


def test_the_table_says_the_same(run, tmp_path):
    """For reading at three in the morning."""
    (tmp_path / "a.log").write_text("\n".join(LINES) + "\n")
    shown = run("logs", "summarize", "a.log").output

    assert "103: 101 answered, 1 failed, 1 cancelled; success 99.02%" in shown
    assert "p50 50 ms  p95 95 ms  p99 99 ms  max 100 ms" in shown
    assert "answered by alpha 100, beta 1" in shown
    assert "alpha m failed by overloaded 1" in shown
    assert shown.rstrip().endswith("106 lines read")


def test_many_files_plain_gzip_and_standard_input(run, tmp_path):
    """Compression is seen from the content, not the name; rotated logs are given all at once."""
    (tmp_path / "a.log").write_text("\n".join(LINES[:50]) + "\n")
    (tmp_path / "b.log").write_bytes(gzip.compress("\n".join(LINES[50:100]).encode()))
    document = json.loads(
        run("logs", "summarize", "a.log", "b.log", "-", "--json", stdin="\n".join(LINES[100:])).output
    )

    assert document["lines"] == len(LINES)
    assert document["calls"]["count"] == 103
    assert json.loads(run("logs", "summarize", "--json", stdin=LINES[0]).output)["calls"]["count"] == 1


def test_torn_and_foreign_lines_are_counted(run, tmp_path, monkeypatch):
    """What other programs wrote, what was cut while being written, what is absurdly long."""
    monkeypatch.setattr(logs, "LINE_BYTES_MAX", 2_000)
    odd = [
        "Starting up ...",
        '{"event":"other"}',
        '{"event":"llm.unknown"}',
        "",
        LINES[0][:40],
        LINES[0].replace("1.0", '"fast"'),
        LINES[0][:-1] + ',"x":"' + "y" * 5_000 + '"}',
        "\x00\xff{",
    ]
    (tmp_path / "a.log").write_text("\n".join([*odd, f"INFO seawall {LINES[1]}", LINES[2][:50]]))
    document = json.loads(run("logs", "summarize", "a.log", "--json").output)

    assert document["calls"]["count"] == 1
    assert (document["foreign_lines"], document["torn_lines"]) == (4, 4)
    assert "4 not Seawall's, 4 torn" in run("logs", "summarize", "a.log").output


def test_a_gzip_file_that_is_cut(run, tmp_path):
    """What is whole of it counts."""
    packed = gzip.compress("\n".join(LINES).encode() * 20)
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    document = json.loads(run("logs", "summarize", "a.gz", "--json").output)

    assert document["calls"]["count"] > 0
    assert document["torn_lines"] >= 1


def test_a_log_with_nothing_of_ours(run, tmp_path):
    """No evidence is no good news: exit code 3."""
    (tmp_path / "a.log").write_text("hello\n")
    result = run("logs", "summarize", "a.log")

    assert result.exit_code == 3
    assert "no call and no attempt among them" in result.output


@pytest.mark.parametrize("name", ["nowhere.log", "."])
def test_a_log_that_cannot_be_read(run, name):
    """One line, exit code 2."""
    result = run("logs", "summarize", name)

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"seawall: {name}: ")


def test_quantiles_are_values_that_were_measured():
    """Nearest rank, also of one value and of none."""
    assert log_summary.quantiles([4.0]) == log_summary.Quantiles(4.0, 4.0, 4.0, 4.0)
    assert log_summary.quantiles([1.0, 2.0]).p50 == 1.0
    assert log_summary.quantiles([]).p50 is None


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
        "broken", "config", "hello", "logs",
    ]  # fmt: skip
    assert run("hello").output == "hello\n"
    assert "Check and show the settings" in run("config", "--help").output


def test_an_unknown_command(run):
    """As click says it, exit code 2."""
    assert run("cofnig").exit_code == 2


def test_the_installed_command_and_what_importing_costs():
    """`seawall` works as a process; `import seawall` loads neither click nor aiohttp nor yaml."""
    code = "import seawall, sys; print({'click', 'aiohttp', 'yaml', 'ssl'} & set(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown = subprocess.run(
        [sys.executable, "-c", "from seawall.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert imported.stdout.strip() in {"set()", "{'ssl'}"}  # asyncio imports ssl where there is one
    assert shown.stdout == f"seawall {seawall.__version__}\n"
