"""The command: it says when it is ready, refuses bad input in one line, and never outlives its parent."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from seawall_simulators.cli import providers
from seawall_simulators.config import Config, load_config
from seawall_simulators.faults import FAULTS
from seawall_simulators.payloads import catalogue

pytestmark = pytest.mark.real_processes
SERVE = [sys.executable, "-m", "seawall_simulators", "serve"]


@contextlib.contextmanager
def serving(*arguments, command=SERVE):
    with subprocess.Popen(
        [*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_it_says_where_everything_is():
    """One JSON line: the control URL, and each provider's wire and base URL as its SDK takes it."""
    with serving() as (process, ready):
        urls = {name: provider["base_url"] for name, provider in ready["providers"].items()}
        wires = {name: provider["wire"] for name, provider in ready["providers"].items()}
        with urllib.request.urlopen(ready["control"] + "/health", timeout=10) as response:
            health = json.loads(response.read())
        process.terminate()
        _, errors = process.communicate(timeout=10)

    assert wires == {"alpha": "openai", "beta": "anthropic", "gamma": "gemini", "delta": "azure"}
    assert urls["alpha"].endswith("/alpha/v1")
    assert urls["beta"].endswith("/beta")
    assert urls["gamma"].endswith("/gamma")
    assert urls["delta"].endswith("/delta/openai/v1")
    assert health["status"] == "ok"
    assert (process.returncode, errors) == (0, b"")


def test_ctrl_c_stops_it_cleanly():
    """Exit code 0, nothing on stderr, the port free again."""
    with serving() as (process, ready):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)

    assert (process.returncode, errors) == (0, b"")
    port = int(ready["control"].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_it_dies_with_its_parent():
    """A parent that is killed outright leaves nothing behind."""
    parent = f"import subprocess, sys; subprocess.run({[*SERVE, '--parent']}, stdin=subprocess.PIPE)"
    parent = parent.replace("run(", "Popen(") + ".wait()"
    with serving(command=[sys.executable, "-c", parent]) as (process, ready):
        process.kill()
        process.wait(timeout=10)
        assert process.stdout.read() == b""  # the grandchild held its end open until it was gone

    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(ready["control"] + "/health", timeout=10)


def test_a_file_says_what_is_served(tmp_path):
    """YAML or JSON."""
    (tmp_path / "a.yaml").write_text(
        "seed: 3\nproviders:\n  one: {wire: openai, port: 0}\n  two: {wire: gemini, models: [g]}\n",
        encoding="utf-8",
    )
    (tmp_path / "a.json").write_text('{"providers": {"one": {"wire": "openai"}}}', encoding="utf-8")

    with serving("--config", str(tmp_path / "a.yaml"), "--control-port", "0") as (_, ready):
        pass

    assert set(ready["providers"]) == {"one", "two"}
    assert ready["providers"]["one"]["base_url"].endswith("/v1")
    assert ready["providers"]["two"]["base_url"].endswith("/two")
    assert load_config(tmp_path / "a.json").providers["one"].wire == "openai"


def test_the_configuration_in_the_help_is_the_default_one(tmp_path):
    """Word for word: whoever copies it gets what it says."""
    shown = CliRunner().invoke(providers, ["serve", "--help"], terminal_width=100).output
    file = tmp_path / "shown.yaml"
    file.write_text("seed: 1\n" + textwrap.dedent(shown.partition("seed: 1\n")[2]), encoding="utf-8")

    shown_config = load_config(file)
    default = Config(providers={"alpha": {"wire": "openai"}})

    assert shown_config.providers["alpha"].models == default.providers["alpha"].served_models("alpha")
    assert shown_config.model_dump(exclude={"providers": {"alpha": {"models"}}}) == default.model_dump(
        exclude={"providers": {"alpha": {"models"}}}
    )


def test_every_fault_is_listed():
    """With its parameters and their defaults."""
    listed = CliRunner().invoke(providers, ["faults"]).output

    assert "stall(after_tokens=3, ping=False, ping_every_s=1.0, for_s=None)\n" in listed
    assert all(f"{name}(" in listed for name in FAULTS)


def test_every_payload_is_listed():
    """As a table, or as JSON with all there is, of one family or of all."""
    table = CliRunner().invoke(providers, ["payloads"]).output.splitlines()
    some = CliRunner().invoke(providers, ["payloads", "--family", "benign", "--json"]).output.splitlines()
    leak = next(line for line in table if line.startswith("leak-repeat-above "))

    assert len(table) == 1 + len(catalogue())
    assert leak.split() == [
        "leak-repeat-above",
        "prompt-leak",
        "user",
        "block",
        "medium",
        "LLM07",
        "LLM08",
        "AML.T0056",
    ]
    assert {json.loads(row)["expect"] for row in some} == {"allow"}
    assert json.loads(some[0])["content"] == catalogue()["benign-plain-answer"].content


def test_a_family_that_is_none_is_told():
    """With exit code 2 and the nearest that is one."""
    result = CliRunner().invoke(providers, ["payloads", "--family", "bengin"])

    assert result.exit_code == 2
    assert result.output.strip() == "Error: --family 'bengin': no such family; did you mean 'benign'?"


@pytest.fixture
def refuse(tmp_path):
    """What the command says to a configuration, or to arguments, that it refuses."""

    def run(text=None, *arguments):
        file = tmp_path / "p.yaml"
        if text is not None:
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
            arguments = ("--config", str(file), *arguments)
        result = CliRunner().invoke(providers, ["serve", *arguments])
        assert result.exit_code == 2, result.output
        assert isinstance(result.exception, SystemExit)
        return result.output.replace(str(file), "FILE").strip()

    return run


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "providers:\n  a: {wire: opnai}\n",
            "Error: FILE:2: providers.a.wire: no such wire; did you mean 'openai'?",
        ),
        ("sed: 1\nproviders: {a: {wire: openai}}\n", "Error: FILE:1: sed: no such key; did you mean 'seed'?"),
        (
            "providers:\n  a:\n    wire: openai\n    behaviour:\n      tokns: 1\n",
            "Error: FILE:5: providers.a.behaviour.tokns: no such key; did you mean 'tokens'?",
        ),
        (
            "providers:\n  a:\n    wire: openai\n    behaviour:\n      first_token_ms: {median: 1, sgma: 2}\n",
            "Error: FILE:5: providers.a.behaviour.first_token_ms.sgma: no such key; did you mean 'sigma'?",
        ),
        (
            "port: 70000\nproviders: {a: {wire: openai}}\n",
            "Error: FILE:1: port: Input should be less than or equal to 65535, not 70000",
        ),
        (
            "providers:\n  a: {wire: openai}\n  b: {wire: openai, port: http}\n",
            "Error: FILE:3: providers.b.port: Input should be a valid integer, unable to parse string as an integer, not 'http'",
        ),
        ("providers:\n  a: {}\n", "Error: FILE:2: providers.a.wire: Field required"),
        ("seed: 1\n", "Error: FILE:1: providers: Field required"),
        ("", "Error: FILE: providers: Field required"),
        (
            "- 1\n",
            "Error: FILE:1: the document: Input should be a valid dictionary or instance of Config, not [1]",
        ),
        ("seed: 1\nseed: 2\n", "Error: FILE:2: 'seed' is written twice"),
        ("a: [1\n", "Error: FILE:2: not YAML: did not find expected ',' or ']'"),
        ("a: &x [1]\nb: *x\n", "Error: FILE:2: aliases are not supported"),
        (b"a: \xff\n", "Error: FILE: not UTF-8 at byte 3"),
        (
            "port: 8000\nproviders: {a: {wire: openai, port: 8000}}\n",
            "Error: FILE: port 8000 is asked for twice",
        ),
        (
            "providers:\n  a:\n    wire: openai\n    faults:\n    - {fault: stal}\n",
            "Error: FILE:4: providers.a.faults: fault: 'stal' is no fault; did you mean 'stall'?",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line(refuse, text, said):
    """File, line, key and value, and what is near; exit code 2."""
    assert refuse(text) == said


def test_every_mistake_is_named_at_once(refuse):
    """One line each."""
    said = refuse("sed: 1\nprot: 2\nproviders: {a: {wire: openai}}\n").splitlines()

    assert len(said) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--config", "/nowhere/p.yaml"),
            "Error: /nowhere/p.yaml: cannot be read: No such file or directory",
        ),
        (("--config", "/"), "Error: /: cannot be read: Is a directory"),
        (("--port", "70000"), "Error: --port '70000': a whole number from 0 to 65535 is wanted"),
        (("--port", "http"), "Error: --port 'http': a whole number from 0 to 65535 is wanted"),
        (("--port", "-1"), "Error: --port '-1': a whole number from 0 to 65535 is wanted"),
        (("--seed", "x"), "Error: --seed 'x': a whole number from 0 to 9223372036854775807 is wanted"),
        (("--host", "0.0.0.0"), "Error: --host 0.0.0.0: beyond loopback --token is required"),
        (("--host", "::"), "Error: --host ::: beyond loopback --token is required"),
    ],
)
def test_arguments_that_are_wrong_are_refused_in_one_line(refuse, arguments, said):
    """The option, the value and what is wanted; exit code 2."""
    assert refuse(None, *arguments) == said


def test_a_port_that_is_taken_is_named(refuse):
    """By number."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert (
            refuse(None, "--port", str(port))
            == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use"
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to the superuser")
def test_a_file_that_may_not_be_read_is_named(refuse, tmp_path):
    """Permission denied, in one line."""
    secret = Path(tmp_path / "secret.yaml")
    secret.touch(mode=0)

    assert refuse(None, "--config", str(secret)).endswith("cannot be read: Permission denied")


def test_a_bomb_of_a_file_is_refused(refuse):
    """Too long, or too deep."""
    assert "longer than" in refuse("a" * 1_000_001)
    assert refuse("[" * 50_000) == "Error: FILE:1: nested deeper than 20 levels"
