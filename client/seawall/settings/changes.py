"""What a reload changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.settings.effective import EffectiveSetting


class SettingChange(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that has another value than before. Values are as `seawall config show` prints them, no secrets.

    `name` is dotted; `before` and `after` are the values, with the places they were set at. Where providers came,
    went or changed places, `providers` is their names in order.
    """

    name: str
    before: Any
    after: Any
    origin_before: str
    origin_after: str

    def __str__(self) -> str:
        """Return one line."""
        before, after = (json.dumps(value, ensure_ascii=False) for value in (self.before, self.after))
        return f"{self.name}: {before} ({self.origin_before}) -> {after} ({self.origin_after})"


def settings_changes(before: Settings, after: Settings) -> tuple[SettingChange, ...]:
    """Return what is different, providers first."""
    former = {setting.name: setting for setting in _settings(before)}
    return tuple(
        SettingChange(
            name=setting.name,
            before=known.shown,
            after=setting.shown,
            origin_before=known.origin,
            origin_after=setting.origin,
        )
        for setting in _settings(after)
        if (known := former.get(setting.name)) is not None and known.value != setting.value
    )


def _settings(settings: Settings) -> list[EffectiveSetting]:
    from seawall.settings.effective import EffectiveSetting, effective_settings  # noqa: PLC0415 - only to reload

    names = [provider.name for provider in settings.providers]
    origin = settings.origins.get(f"providers.{names[0]}.name", "default") if names else "default"
    return [EffectiveSetting("providers", names, origin), *effective_settings(settings)]
