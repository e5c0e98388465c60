"""Clients under test. One subject, one file; the file's name is the subject's, with `_` for `-`."""

from __future__ import annotations

import pkgutil


def subject_names() -> tuple[str, ...]:
    """All subjects there are, sorted. Their modules are not imported: they load heavy SDKs."""
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)))
