"""Rivals: subjects whose packages get an environment of their own, and how a module of ours runs inside it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from seawall_chaos.environments import InstallError, environment, pinned

HERE = Path(__file__).parent
# In a wheel the locks lie in the package; in the repository they have their place with the others.
LOCK_FOLDERS = (HERE / "locks", HERE.parents[1] / "requirements")
# By subject: the distribution that its lock is named after. All other subjects run in the project's own environment.
RIVALS = {
    "avadhika": "avadhika",
    "litellm": "litellm",
    "litellm-order": "litellm",
    "pydantic-ai": "pydantic-ai-slim",
}
# Makes this package, and nothing that is installed beside it, known to an interpreter that has never heard of it.
LEND = """
import importlib.util, runpy, sys
folder, module = sys.argv[1:3]
spec = importlib.util.spec_from_file_location(
    "seawall_chaos", folder + "/__init__.py", submodule_search_locations=[folder]
)
package = importlib.util.module_from_spec(spec)
sys.modules["seawall_chaos"] = package
spec.loader.exec_module(package)
sys.argv[:3] = [module]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def lock_file(distribution: str) -> Path:
    """What the environment of a rival is made from. InstallError where it is missing."""
    name = f"rival-{distribution}.txt"
    for folder in LOCK_FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise InstallError(f"{name} is missing from this installation")


def interpreter(subject: str, progress: Callable[[str], None] = lambda _: None) -> Path:
    """The interpreter that the packages of `subject` are installed for; a rival's is made if need be.

    Raises InstallError where it cannot be made.
    """
    distribution = RIVALS.get(subject)
    if distribution is None:
        return Path(sys.executable)
    lock = lock_file(distribution)
    version = pinned(lock, distribution)
    return environment(
        f"rival-{distribution}",
        lock,
        lambda: progress(f"{distribution} {version}: making its environment ..."),
    )


def command(subject: str, module: str, *arguments: str) -> Sequence[str]:
    """What runs `module` of this package where the packages of `subject` are.

    In a rival's environment it may import nothing but the standard library, the rival, and its like of this package.
    """
    if subject not in RIVALS:
        return [sys.executable, "-m", module, *arguments]
    return [str(interpreter(subject)), "-c", LEND, str(HERE), module, *arguments]
