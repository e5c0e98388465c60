"""The settings in force, one by one: value, origin, and how the value may be shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from seawall.providers.customs import WIRES
from seawall.providers.options import ProviderOptions
from seawall.providers.secret import Secret
from seawall.settings import Settings
from seawall.settings.schema import PROVIDER_FIELDS, SETTINGS, dotted

_HIDDEN = "***"


class EffectiveSetting(msgspec.Struct, frozen=True):
    """One setting by its dotted name. `origin` is where it was set, "default" if nowhere."""

    name: str
    value: Any
    origin: str

    @property
    def shown(self) -> Any:
        """The value without secrets, in plain types."""
        return _shown(self.name.rpartition(".")[2], self.value)


def effective_settings(settings: Settings) -> Iterator[EffectiveSetting]:
    """Yield every setting of every provider, then all others."""
    for provider in settings.providers:
        yield from provider_settings(settings, provider)
    for path in SETTINGS:
        found: Any = settings
        for key in path:
            found = getattr(found, key)
        yield _setting(settings, dotted(path), found)


def provider_settings(settings: Settings, provider: ProviderOptions) -> Iterator[EffectiveSetting]:
    """Yield every setting of one provider."""
    for field in PROVIDER_FIELDS:
        value = getattr(provider, field)
        if field == "base_url":
            value = value or WIRES[provider.wire].public_base_url
        yield _setting(settings, f"providers.{provider.name}.{field}", value)


def _setting(settings: Settings, name: str, value: Any) -> EffectiveSetting:
    return EffectiveSetting(name, value, settings.origins.get(name, "default"))


def _shown(field: str, value: Any) -> Any:
    if isinstance(value, Secret):
        return _HIDDEN
    if field == "headers":
        return dict.fromkeys(value, _HIDDEN)
    if field == "proxy" and value is not None and "@" in value:
        return f"{_HIDDEN}@{value.rpartition('@')[2]}"
    return msgspec.to_builtins(value)
