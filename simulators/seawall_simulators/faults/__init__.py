"""The faults a provider can be told to have. One file each; a new file is a new fault, no old one is touched."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from seawall_simulators.document import DocumentError, nearest, validate
from seawall_simulators.fault import Fault


def _scan() -> dict[str, type[Fault]]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found = (value for module in modules for value in vars(module).values())
    classes = {value for value in found if isinstance(value, type) and issubclass(value, Fault)} - {Fault}
    return dict(sorted((kind.model_fields["fault"].default, kind) for kind in classes))


FAULTS: dict[str, type[Fault]] = _scan()
"""Every fault by its name."""


def parse(document: Mapping[str, Any]) -> Fault:
    """The fault a document describes; raises DocumentError naming what is wrong and what is near."""
    if not isinstance(document, Mapping):
        raise DocumentError([f"a fault is an object such as {{'fault': 'stall'}}, not {document!r:.80}"])
    name = document.get("fault")
    kind = FAULTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise DocumentError([f"fault: {name!r:.80} is no fault{nearest(str(name), FAULTS)}"])
    return validate(kind, dict(document))


def parse_all(document: Any) -> tuple[Fault, ...]:
    """The faults of a document that holds one, or a list of them."""
    documents = document if isinstance(document, list) else [document]
    return tuple(parse(item) for item in documents)
