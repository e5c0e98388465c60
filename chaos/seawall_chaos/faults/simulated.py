"""How the fake provider itself carries out a fault: it is told the very same parameters."""

from typing import Any

from seawall_simulators.fault import Fault


def on_simulator(params: Fault) -> dict[str, Any]:
    """The document of the simulators' control API."""
    return params.model_dump(mode="json", exclude={"id", "probability", "seed", "model"})
