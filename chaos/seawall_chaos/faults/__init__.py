"""Faults by name. One fault, one module of this package; a new one touches no old file."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any

import pydantic

from seawall_chaos.errors import FaultError
from seawall_chaos.faults.fault import Fault, FaultType

__all__ = ["FAULTS", "Fault", "FaultType", "parse_fault"]

COMMON = ("probability", "seed", "model", "carrier")


class _Common(pydantic.BaseModel):
    """What every fault takes beside its own parameters."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)
    probability: float = pydantic.Field(1.0, ge=0, le=1)
    seed: int = pydantic.Field(0, ge=0, lt=2**63)
    model: str | None = None
    carrier: str | None = pydantic.Field(None, pattern="^(simulator|mitmproxy|toxiproxy)$")


def _scan() -> dict[str, FaultType]:
    modules = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    found = [module.FAULT for module in modules if hasattr(module, "FAULT")]
    return {fault.name: fault for fault in sorted(found, key=lambda fault: fault.name)}


FAULTS: Mapping[str, FaultType] = _scan()


def parse_fault(document: Mapping[str, Any]) -> Fault:
    """A fault from `{"fault": NAME, ...parameters}`; FaultError names the unknown and the nearest known."""
    given = dict(document)
    name = given.pop("fault", None)
    if not isinstance(name, str) or name not in FAULTS:
        raise FaultError(f"unknown fault {name!r}{_nearest(str(name), FAULTS)}")
    type_ = FAULTS[name]
    known = {*type_.params.model_fields, *COMMON}
    for key in given.keys() - known:
        raise FaultError(f"{name}: unknown parameter {key!r}{_nearest(str(key), known)}")
    common = {key: given.pop(key) for key in COMMON if key in given}
    try:
        settings = _Common.model_validate(common)
        params = type_.params.model_validate(given)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "parameters"
        raise FaultError(f"{name}: {where}: {first['msg']} (got {first['input']!r})") from None
    return Fault(type_, params, **settings.model_dump())


def _nearest(word: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
