"""House rules that a script can hold."""

import ast
import re

import pytest

FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400
# What a module is called when nobody decided what it holds. The mission names llm_manager.
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
ROLE_FOLDERS = {
    "client": {"seawall", "pyproject.toml", "README.md"},
    "simulators": {"seawall_simulators"},
    "chaos": {"seawall_chaos"},
    "reports": {"seawall_reports", "out"},
}


def functions(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_functions_fit_on_a_screen(modules):
    """No function is longer than the limit, docstring included."""
    long = {
        f"{path}:{node.lineno} {node.name}": length
        for path, tree in modules.items()
        for node in functions(tree)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    }

    assert long == {}


def test_modules_hold_one_noun(modules, root):
    """No module outgrows what one sitting can read."""
    long = {
        str(path): lines
        for path in modules
        if (lines := len((root / path).read_text(encoding="utf-8").splitlines())) > MODULE_LINES_MAX
    }

    assert long == {}


def test_modules_are_named_after_what_they_hold(modules):
    """A vague name is a decision not taken."""
    assert [str(path) for path in modules if path.stem.strip("_") in VAGUE] == []


@pytest.mark.parametrize("folder", ROLE_FOLDERS)
def test_role_folders_hold_nothing_but_their_package(root, folder):
    """`import client` can never work by accident, and a newcomer finds one thing where it is expected."""
    found = {path.name for path in (root / folder).iterdir()} - {"__pycache__"}

    assert found <= ROLE_FOLDERS[folder]


def test_every_module_says_what_it_is_for(modules):
    """A module docstring is the first thing a newcomer reads."""
    assert [str(path) for path, tree in modules.items() if not ast.get_docstring(tree)] == []


def test_nothing_catches_everything(modules):
    """A broad except hides the failure it was not written for; cleaning up and re-raising is no hiding."""
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node) and not reraises(node)
    ]

    # Subjects and observers are other people's code: whatever they raise is their failure, recorded as such. What
    # becomes of a call whose security stage fails, whatever the bug, is a setting.
    recorded = ("/subjects/", "worker.py", "telemetry/observers.py", "security/stage.py")
    assert [place for place in broad if not any(name in place for name in recorded)] == []


def is_broad(handler):
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        n is None or (isinstance(n, ast.Name) and n.id in {"Exception", "BaseException"}) for n in names
    )


def reraises(handler):
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def test_locks_carry_hashes_and_no_hosts(root):
    """Requirements are pinned with hashes and name no place to download from."""
    for lock in (root / "requirements").glob("*.txt"):
        lines = lock.read_text(encoding="utf-8").splitlines()
        pins = [line for line in lines if re.match(r"[a-z0-9]", line)]

        assert pins, lock.name
        assert all("==" in line for line in pins), lock.name
        assert sum("--hash=sha256:" in line for line in lines) >= len(pins), lock.name
        assert not [line for line in lines if "://" in line or line.startswith("--")], lock.name


def test_no_machine_is_written_into_the_project(tracked, root):
    """A home folder in a file is somebody's machine, not the project."""
    home = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+)/")
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in tracked
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".txt"} or path.name == "Makefile"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if home.search(line) and path.name != "test_tidy.py"
    ]

    assert found == []
