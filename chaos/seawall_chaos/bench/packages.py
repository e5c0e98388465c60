"""How many packages an installation brings."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def required(distribution: str) -> set[str]:
    """What `distribution` needs without any extra, and what that needs, itself included, as installed here."""
    found: set[str] = set()
    wanted = [distribution]
    while wanted:
        name = canonicalize_name(wanted.pop())
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted.append(requirement.name)
    return found


def installed(python: Path) -> int:
    """How many distributions the environment of `python` holds: a rival's holds nothing but what it needs."""
    code = "from importlib import metadata; print(len({d.name for d in metadata.distributions()}))"
    return int(subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True).stdout)  # noqa: S603
