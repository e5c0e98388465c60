"""One stage of the security pipeline in one call: timed, bounded, and never the reason why a call breaks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from seawall.errors import LLMError
from seawall.resilience.failures import ProviderError
from seawall.security.options import StageOptions
from seawall.trace import StageMode, StageRecord, StageVerdict

T = TypeVar("T")
_FINDINGS_MAX = 20
_GRAVITY: tuple[StageVerdict, ...] = ("passed", "flagged", "altered", "held", "blocked")


class StageRun:
    """What a stage does and finds in one call. `clock` counts seconds."""

    __slots__ = ("_clock", "_found", "_options", "_spent_s", "failure", "mode", "name", "verdict")

    def __init__(
        self, name: str, options: StageOptions, default: StageMode, clock: Callable[[], float]
    ) -> None:
        self.name = name
        self.mode: StageMode = options.effective_mode(default)
        self._options = options
        self._clock = clock
        self._spent_s = 0.0
        self._found: Counter[str] = Counter()
        self.verdict: StageVerdict = "passed"
        self.failure: str | None = None

    @property
    def looks(self) -> bool:
        """Whether it is on at all."""
        return self.mode != "off"

    @property
    def enforces(self) -> bool:
        """Whether what it finds has consequences."""
        return self.mode == "enforce"

    @property
    def refuses(self) -> bool:
        """Whether it has failed and what it did not see must therefore not pass."""
        return self.failure is not None and self.enforces and self._options.on_error == "closed"

    def attempt(self, work: Callable[[], T], otherwise: T) -> T:
        """Do a piece of the stage's work; `otherwise` where it fails, has failed, or its time is over."""
        if self.failure is None and self._spent_s * 1000.0 > self._options.budget_ms:
            self.failure = f"over its budget of {self._options.budget_ms:g} ms"
        if self.failure is not None:
            return otherwise
        started = self._clock()
        try:
            return work()
        except (LLMError, ProviderError):
            raise
        except Exception as error:  # noqa: BLE001 - a detector's bug refuses or passes the call as the setting says
            self.failure = type(error).__name__
            return otherwise
        finally:
            self._spent_s += self._clock() - started

    async def wait_for(self, verifier: Awaitable[T]) -> T | None:
        """Wait for what is asked elsewhere, for as long as the stage may take; None where it fails or takes longer."""
        started = self._clock()
        try:
            async with asyncio.timeout(self._options.budget_ms / 1000.0):
                return await verifier
        except TimeoutError:
            self.failure = "the verifier took too long"
        except LLMError as error:
            self.failure = f"the verifier got no answer: {type(error).__name__}"
        except Exception as error:  # noqa: BLE001 - as above
            self.failure = type(error).__name__
        finally:
            self._spent_s += self._clock() - started
        return None

    def note(self, verdict: StageVerdict, findings: Iterable[str] = ()) -> None:
        """Note a verdict and what it is for; the gravest verdict stays."""
        if _GRAVITY.index(verdict) > _GRAVITY.index(self.verdict):
            self.verdict = verdict
        self._found.update(findings)

    def record(self) -> StageRecord:
        """Return what is to be said of it."""
        return StageRecord(
            stage=self.name,
            mode=self.mode,
            verdict="failed" if self.failure is not None else self.verdict,
            time_ms=round(self._spent_s * 1000.0, 3),
            findings=dict(self._found.most_common(_FINDINGS_MAX)),
            failure=self.failure,
        )
