"""The configuration file: which providers there are, where they listen, how they behave."""

from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    StringConstraints,
    field_validator,
)

from seawall_simulators.behaviour import Behaviour
from seawall_simulators.document import DocumentError, load, nearest
from seawall_simulators.fault import Fault
from seawall_simulators.faults import parse_all
from seawall_simulators.wires import WIRES

Port = Annotated[int, Field(ge=0, le=65_535)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Model = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_SEED_MAX = 2**63 - 1


Faults = Annotated[tuple[SerializeAsAny[Fault], ...], BeforeValidator(parse_all)]


class ProviderDocument(BaseModel):
    """All that can be changed of a provider while it runs, but for its wire, which can only be said again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wire: str
    """`openai`, `azure`, `anthropic`, `gemini`."""
    models: tuple[Model, ...] | None = Field(default=None, min_length=1, max_length=1000)
    """The models it serves; one named after it when absent."""
    api_key: str | None = Field(default=None, min_length=1, max_length=1000)
    """The one key it accepts; any when absent."""
    behaviour: Behaviour = Behaviour()
    faults: Faults = ()

    @field_validator("wire")
    @classmethod
    def _known(cls, wire: str) -> str:
        if wire not in WIRES:
            raise ValueError(f"no such wire{nearest(wire, WIRES)}")
        return wire

    def served_models(self, name: str) -> tuple[str, ...]:
        """The models, the default resolved."""
        return self.models or (f"{name}-1",)


class ProviderConfig(ProviderDocument):
    """A provider in the configuration file."""

    port: Port | None = None
    """A listener of its own, 0 for any free port; absent: the shared one, under the prefix /NAME."""


class Config(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=1, ge=0, le=_SEED_MAX)
    control_port: Port = 0
    port: Port = 0
    journal_rows: int = Field(default=1_000_000, ge=1, le=10_000_000)
    """Finished requests remembered; older ones are dropped and counted."""
    journal_body_chars: int = Field(default=0, ge=0, le=1_000_000)
    """How much of each request's body the journal keeps, for tests of what must not leave; 0: nothing."""
    providers: dict[Name, ProviderConfig] = Field(min_length=1, max_length=1000)


def default_config() -> Config:
    """One provider of each wire, on one port."""
    wires = zip(("alpha", "beta", "gamma", "delta"), ("openai", "anthropic", "gemini", "azure"), strict=True)
    return Config(providers={name: ProviderConfig(wire=wire) for name, wire in wires})


def load_config(path: Path) -> Config:
    """The configuration in a YAML or JSON file; raises DocumentError."""
    config = load(Config, path)
    taken = [config.port, config.control_port, *(provider.port for provider in config.providers.values())]
    twice = sorted({port for port in taken if port and taken.count(port) > 1})
    if twice:
        raise DocumentError([f"{path}: port {port} is asked for twice" for port in twice])
    return config
