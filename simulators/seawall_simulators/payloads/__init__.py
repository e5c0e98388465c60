"""The payload catalogue: every YAML file of this folder but the taxonomy. A new entry touches no code."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from seawall_simulators.document import DocumentError, load, nearest
from seawall_simulators.payload import Payload

FOLDER = Path(__file__).parent
TAXONOMY = "taxonomy.yaml"


class Family(BaseModel):
    """What the published lists call a family of attacks; none of them has a place for what is harmless."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owasp_2025: str | None = None
    owasp_2026: str | None = None
    atlas: str | None = None
    nist: str | None = None


class Taxonomy(BaseModel):
    """The published lists, by number or name, and where each family stands in them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owasp_2025: dict[str, str]
    owasp_2026: dict[str, str]
    atlas: dict[str, str]
    nist: dict[str, str]
    families: dict[str, Family]

    @model_validator(mode="after")
    def _known(self) -> "Taxonomy":
        for name, family in self.families.items():
            for list_name, number in family:
                known: Mapping[str, str] = getattr(self, list_name)
                if number is not None and number not in known:
                    raise ValueError(f"families.{name}.{list_name}: {number!r}{nearest(number, known)}")
        return self


class _File(BaseModel):
    """Entries, and what most of them have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    defaults: dict[str, Any] = {}
    payloads: list[Payload]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, document: Any) -> Any:
        if not isinstance(document, Mapping) or not isinstance(document.get("payloads"), list):
            return document
        defaults = document.get("defaults") or {}
        if not isinstance(defaults, Mapping):
            return document
        rows = [{**defaults, **row} if isinstance(row, Mapping) else row for row in document["payloads"]]
        return {**document, "payloads": rows}


@cache
def taxonomy() -> Taxonomy:
    """The families, with their places in the published lists."""
    return load(Taxonomy, FOLDER / TAXONOMY)


@cache
def catalogue() -> Mapping[str, Payload]:
    """Every entry by its id."""
    return load_folder(FOLDER, taxonomy())


def load_folder(folder: Path, families: Taxonomy) -> dict[str, Payload]:
    """The entries of a folder's files; raises DocumentError naming file, line and what is wrong."""
    found: dict[str, Payload] = {}
    mistakes: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == TAXONOMY:
            continue
        entries = load(_File, path).payloads
        mistakes += _mistakes(path, entries, found, families)
        found |= {entry.id: entry for entry in entries}
    if mistakes:
        raise DocumentError(mistakes)
    return found


def _mistakes(
    path: Path, entries: list[Payload], earlier: Mapping[str, Payload], families: Taxonomy
) -> list[str]:
    """What no entry can tell by itself: an id that is taken, a family that is none."""
    mistakes = []
    lines = [line.removeprefix("- ").strip() for line in path.read_text(encoding="utf-8").splitlines()]
    taken = set(earlier)
    for entry in entries:
        at = [number for number, line in enumerate(lines, 1) if line == f"id: {entry.id}"] or [1]
        if entry.id in taken:
            mistakes.append(f"{path}:{at[-1]}: id {entry.id!r} is taken")
        if entry.family not in families.families:
            wrong = f"family {entry.family!r} is none{nearest(entry.family, families.families)}"
            mistakes.append(f"{path}:{at[0]}: {wrong}")
        taken.add(entry.id)
    return mistakes
