"""mitmproxy's own environment: its pins exclude what the official SDKs need, so the two never share one."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seawall_chaos.cache import cache_folder, locked
from seawall_chaos.errors import StackError

LOCK_NAME = "mitmproxy-py311.txt" if sys.version_info < (3, 12) else "mitmproxy.txt"
HERE = Path(__file__).parent
# In a wheel the lock lies beside this module; in the repository it has its place with the others.
LOCK_FOLDERS = (HERE, HERE.parents[2] / "requirements")
COMPLETE = "complete"


class InstallError(StackError):
    """mitmproxy's environment cannot be made; the message ends with what the installer said."""


@dataclass(frozen=True, slots=True)
class MitmproxyEnvironment:
    """A complete environment: its interpreter, and the version of mitmproxy in it."""

    python: Path
    version: str


def lock_file() -> Path:
    """The pinned requirements for this Python."""
    for folder in LOCK_FOLDERS:
        if (folder / LOCK_NAME).is_file():
            return folder / LOCK_NAME
    raise InstallError(f"{LOCK_NAME} is missing from this installation")


def mitmproxy_environment(progress: Callable[[str], None] = lambda _: None) -> MitmproxyEnvironment:
    """The environment for this lock and this Python, made if need be.

    Its marker is written last, so one whose making was interrupted is made anew; two makers wait for each other.
    """
    lock = lock_file()
    content = lock.read_bytes()
    key = hashlib.sha256(content + sys.version.encode() + sys.base_prefix.encode()).hexdigest()[:16]
    folder = cache_folder() / f"mitmproxy-{key}"
    found = MitmproxyEnvironment(folder / "bin" / "python", _pinned(content.decode()))
    if _complete(folder, found.python):
        return found
    with locked(folder.name):
        if not _complete(folder, found.python):
            progress(f"mitmproxy {found.version}: making its environment ...")
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, lock)
            (folder / COMPLETE).touch()
    return found


def _complete(folder: Path, python: Path) -> bool:
    return (folder / COMPLETE).exists() and python.exists()


def _pinned(lock: str) -> str:
    line = next(line for line in lock.splitlines() if line.startswith("mitmproxy=="))
    return line.partition("==")[2].split()[0]


def _make(folder: Path, lock: Path) -> None:
    uv = _uv()
    python = str(folder / "bin" / "python")
    if uv is not None:
        commands = [
            [*uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)],
            [
                *uv,
                "pip",
                "sync",
                "--quiet",
                "--python",
                python,
                "--require-hashes",
                "--compile-bytecode",
                str(lock),
            ],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", str(folder)],
            [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(lock)],
        ]
    for command in commands:
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own)
        if result.returncode:
            raise InstallError(f"{' '.join(command[:4])} ... failed: {result.stderr.strip()[-600:]}")


def _uv() -> list[str] | None:
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return [found] if found else None
