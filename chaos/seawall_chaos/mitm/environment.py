"""mitmproxy's own environment: its pins exclude what the official SDKs need, so the two never share one."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seawall_chaos.environments import InstallError, environment, pinned

LOCK_NAME = "mitmproxy-py311.txt" if sys.version_info < (3, 12) else "mitmproxy.txt"
HERE = Path(__file__).parent
# In a wheel the lock lies beside this module; in the repository it has its place with the others.
LOCK_FOLDERS = (HERE, HERE.parents[2] / "requirements")


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
    """The environment for this lock and this Python, made if need be."""
    lock = lock_file()
    version = pinned(lock, "mitmproxy")
    python = environment(
        "mitmproxy", lock, lambda: progress(f"mitmproxy {version}: making its environment ...")
    )
    return MitmproxyEnvironment(python, version)
