"""LiteLLM's Router with one group whose deployments are tried in an order: its other way to prefer a provider."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.subjects.litellm import LiteLLM, deployment, router

GROUP = "chat"


class LiteLLMOrder(LiteLLM):
    """One group, `order` 1, 2, 3, and the pre-call checks that make the Router look at it."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        super().__init__(endpoints)
        self.group = GROUP

    def make_router(self, endpoints: Sequence[Endpoint]) -> Any:
        """The Router, set up for `endpoints`."""
        models = [deployment(each, GROUP, order=number) for number, each in enumerate(endpoints, 1)]
        return router(models, enable_pre_call_checks=True)


SUBJECT = LiteLLMOrder
