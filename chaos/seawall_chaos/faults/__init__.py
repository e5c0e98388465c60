"""Faults by name. One fault, one module of this package; a new one touches no old file."""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import pydantic

from seawall_chaos.endpoints import Carrier
from seawall_chaos.errors import FaultError
from seawall_chaos.faults.fault import Fault, FaultType, Params
from seawall_simulators.document import DocumentError, nearest, validate

__all__ = ["FAULTS", "Fault", "FaultType", "parse_fault"]


class _Common(Params):
    """What every fault takes beside its own parameters."""

    probability: float = pydantic.Field(1.0, ge=0, le=1)
    seed: int = pydantic.Field(0, ge=0, lt=2**63)
    model: str | None = pydantic.Field(None, max_length=200)
    carrier: Carrier | None = None


COMMON = frozenset(_Common.model_fields)
# What the simulators' parameters have beside: the harness names the fault and the injection.
NOT_PARAMETERS = frozenset({"fault", "id"})


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
        raise FaultError(f"unknown fault {name!r}{nearest(str(name), FAULTS)}")
    type_ = FAULTS[name]
    known = ({*type_.params.model_fields} | COMMON) - NOT_PARAMETERS
    for key in given.keys() - known:
        raise FaultError(f"{name}: unknown parameter {key!r}{nearest(str(key), known)}")
    common = {key: value for key, value in given.items() if key in COMMON}
    own = {key: value for key, value in given.items() if key in type_.params.model_fields}
    try:
        settings = validate(_Common, common)
        params = validate(type_.params, own)
    except DocumentError as error:
        raise FaultError(f"{name}: {'; '.join(error.mistakes)}") from None
    return Fault(type_, params, **settings.model_dump())
