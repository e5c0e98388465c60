"""The families of provider APIs that can be spoken; one module per operation, one class per family."""

from seawall_simulators.wire import Wire
from seawall_simulators.wires.anthropic import Anthropic
from seawall_simulators.wires.azure import Azure
from seawall_simulators.wires.gemini import Gemini
from seawall_simulators.wires.openai import OpenAI

WIRES: dict[str, Wire] = {wire.name: wire for wire in (OpenAI(), Anthropic(), Gemini(), Azure())}
"""Each family by its name."""
