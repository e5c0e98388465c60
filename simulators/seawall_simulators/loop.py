"""The event loop everything here runs on: uvloop where there is one."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Runs a coroutine to its end on a loop of its own."""
    try:
        import uvloop  # noqa: PLC0415  (there is none on Windows)
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)
