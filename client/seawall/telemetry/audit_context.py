"""What the caller wants to find again in the logs: fields that are bound to the code that makes the calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from seawall.errors import ConfigurationError

AuditValue = str | int | float | bool
FIELDS_MAX = 16
VALUE_CHARS_MAX = 256

_fields: ContextVar[Mapping[str, AuditValue]] = ContextVar("seawall_audit_fields")
_NONE: Mapping[str, AuditValue] = {}


@contextmanager
def audit_context(**fields: AuditValue) -> Iterator[None]:
    """Write these fields into the log lines and audit events of calls made inside: `audit_context(tenant="acme")`.

    They are bound to the current task or thread (`contextvars`) and add to those of a context around this one.
    They are never sent to a provider.

    Args:
        **fields: at most 16, with text of at most 256 characters, numbers or truth values.

    Raises:
        ConfigurationError: there are more fields, or longer or other values.
    """
    bound = {**audit_fields(), **fields}
    if len(bound) > FIELDS_MAX:
        raise ConfigurationError(f"audit_context has {len(bound)} fields; at most {FIELDS_MAX} are kept")
    for name, value in fields.items():
        if not isinstance(value, AuditValue):
            raise ConfigurationError(f"audit_context: {name} must be text, a number or a truth value")
        if isinstance(value, str) and len(value) > VALUE_CHARS_MAX:
            raise ConfigurationError(f"audit_context: {name} is longer than {VALUE_CHARS_MAX} characters")
    token = _fields.set(bound)
    try:
        yield
    finally:
        _fields.reset(token)


def audit_fields() -> Mapping[str, AuditValue]:
    """Return the fields that are bound here."""
    return _fields.get(_NONE)
