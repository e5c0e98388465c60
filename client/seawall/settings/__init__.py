"""Typed settings: defaults < YAML < .env < environment < arguments, every value with its origin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from seawall.errors import ConfigurationError
from seawall.providers.http_options import HttpOptions
from seawall.providers.limits import LimitOptions
from seawall.providers.options import ProviderOptions
from seawall.resilience.options import PolicyOptions
from seawall.rollout.options import RolloutOptions
from seawall.security.options import SecurityOptions
from seawall.shared_state.options import SharedStateOptions


class Settings(PolicyOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, and nothing else.

    Attributes:
        providers: in order of preference.
        limits: how much of a response is read.
        http: how HTTP is done.
        shared_state: where workers tell each other of resting providers.
        security: what the security pipeline looks at and what it does about it.
        rollout: how far a service has moved from its old LLM path to this client.
        show_provider_messages: put the provider's own words into errors and logs. They may quote the prompt:
            for debugging only.
        origins: where each value that is not a default was set, by its dotted name.
    """

    providers: tuple[ProviderOptions, ...] = ()
    limits: LimitOptions = LimitOptions()
    http: HttpOptions = HttpOptions()
    shared_state: SharedStateOptions = SharedStateOptions()
    security: SecurityOptions = SecurityOptions()
    rollout: RolloutOptions = RolloutOptions()
    show_provider_messages: bool = False
    origins: dict[str, str] = msgspec.field(default_factory=dict)


class SettingsError(ConfigurationError):
    """The settings cannot be used. `problems` has one line for each thing that is wrong, and so has the message."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_settings(
    path: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    dotenv: str | os.PathLike[str] = ".env",
) -> Settings:
    """Read the settings. Raises `SettingsError`, which names every problem at once.

    Args:
        path: a YAML file; None looks for `SEAWALL_SETTINGS`, and without it there is no file.
        environ: the environment, `os.environ` if not given. `SEAWALL_TIMEOUTS__CONNECT_S` sets
            `timeouts.connect_s`, `SEAWALL_PROVIDERS__ALPHA__MODEL` the model of the provider `alpha`.
        overrides: nested like the YAML file; these win over everything.
        dotenv: a file of `NAME=value` lines, read if it exists; the environment wins over it.
    """
    from seawall.settings.assembly import assemble  # noqa: PLC0415 - what only reading files needs

    return assemble(
        path,
        environ=os.environ if environ is None else environ,
        overrides=overrides or {},
        dotenv=Path(dotenv),
    )
