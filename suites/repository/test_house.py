"""The house stands: import arrows, distributions, public names, targets."""

import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import seawall

BIN = Path(sys.executable).parent
PACKAGES_MAX = 15


def run(*command, cwd=None):
    return subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)


def test_imports_follow_the_arrows(root):
    """Every contract of the import linter is kept."""
    result = run(BIN / "lint-imports", "--no-cache", cwd=root)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_an_arrow_drawn_backwards_is_noticed(root, tmp_path):
    """The contracts bite: the client's own code importing the harness breaks them."""
    package = tmp_path / "seawall"
    package.mkdir()
    (package / "__init__.py").write_text("import seawall_chaos\n", encoding="utf-8")
    config = re.sub(
        r"(?s)^.*?(?=\[tool\.importlinter\])", "", (root / "pyproject.toml").read_text(encoding="utf-8")
    )
    config = config.partition('[[tool.importlinter.contracts]]\nname = "the core')[0]
    (tmp_path / "pyproject.toml").write_text(config, encoding="utf-8")

    result = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": str(BIN)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 broken" in result.stdout


def test_public_names_are_complete_and_sorted():
    """Everything reachable as seawall.NAME without an underscore is meant to be, and listed."""
    reachable = {
        name
        for name, value in vars(seawall).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert sorted(seawall.__all__) == list(seawall.__all__)
    assert reachable - {"annotations", "TYPE_CHECKING"} <= set(seawall.__all__)
    assert all(getattr(seawall, name) is not None for name in seawall.__all__)


def test_both_distributions_have_one_version():
    """The version is written in one file."""
    assert importlib.metadata.version("seawall") == importlib.metadata.version("seawall-harness")


@pytest.fixture(scope="module")
def client_alone(tmp_path_factory, root):
    """A clean virtual environment with nothing but the client's wheel and what it requires."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=root / "client")
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    uv, python = BIN / "uv", folder / "venv" / "bin" / "python"
    # The set-up has just filled uv's cache; a test does not ask a registry.
    pip = [uv, "pip", "--quiet", "--offline"]
    for command in (
        [uv, "venv", "--quiet", "--offline", "--python", sys.executable, folder / "venv"],
        [*pip, "sync", "--python", python, "--require-hashes", root / "requirements/client.txt"],
        [*pip, "install", "--python", python, "--no-deps", wheel],
        [*pip, "check", "--python", python],
    ):
        result = run(*command)
        assert result.returncode == 0, result.stderr
    return python


def test_the_client_installs_alone_and_lean(client_alone):
    """No SDK, nothing of the harness, at most fifteen packages, and it imports."""
    code = """
import importlib.metadata, importlib.util, json, seawall
print(json.dumps({
    "packages": sorted(d.name.lower() for d in importlib.metadata.distributions()),
    "harness": [n for n in ("seawall_chaos", "seawall_simulators", "seawall_reports") if importlib.util.find_spec(n)],
    "version": seawall.__version__,
}))
"""
    result = run(client_alone, "-I", "-c", code)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)

    assert found["harness"] == []
    assert len(found["packages"]) <= PACKAGES_MAX, found["packages"]
    assert not {"openai", "anthropic", "google-genai", "click", "httpx"} & set(found["packages"])


def test_without_its_extra_the_command_says_what_to_install(client_alone):
    """A missing `click` is one clear line, not a traceback."""
    result = run(client_alone.with_name("seawall"), "--help")

    assert result.returncode == 2
    assert "seawall[cli]" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_lists_every_target(root):
    """`make help` shows each target that the Makefile documents, and each documented one exists."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    shown = set(re.findall(r"^  make (\S+)", run("make", "help", cwd=root).stdout, re.MULTILINE))

    assert shown == phony
    assert {"chaos", "test", "lint", "security", "latency", "bench"} <= shown
