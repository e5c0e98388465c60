"""Python environments beside the project's own, for what cannot share it: made once from a lock, kept in the cache."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from seawall_chaos.cache import cache_folder, locked
from seawall_chaos.errors import StackError

COMPLETE = "complete"


class InstallError(StackError):
    """An environment cannot be made; the message ends with what the installer said."""


def environment(name: str, lock: Path, making: Callable[[], None]) -> Path:
    """The interpreter of the environment `name` that holds what `lock` pins, for this Python; made if need be.

    Its marker is written last, so one whose making was interrupted is made anew; two makers wait for each other.
    `making` is called by the one who makes it.
    """
    key = hashlib.sha256(lock.read_bytes() + sys.version.encode() + sys.base_prefix.encode()).hexdigest()[:16]
    folder = cache_folder() / f"{name}-{key}"
    python = folder / "bin" / "python"
    if _complete(folder, python):
        return python
    with locked(folder.name):
        if not _complete(folder, python):
            making()
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, lock)
            (folder / COMPLETE).touch()
    return python


def pinned(lock: Path, distribution: str) -> str:
    """The version that `lock` pins `distribution` to."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith(f"{distribution}=="))
    return line.partition("==")[2].split()[0]


def _complete(folder: Path, python: Path) -> bool:
    return (folder / COMPLETE).exists() and python.exists()


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
