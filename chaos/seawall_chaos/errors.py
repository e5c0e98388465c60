"""What the wire engine raises."""

from pathlib import Path


class StackError(Exception):
    """A stack could not start, or can no longer be trusted: one line that names what and where."""


class ChildDiedError(StackError):
    """A process of the stack ended that should not have."""

    def __init__(self, name: str, returncode: int | None, log: Path) -> None:
        self.name = name
        self.log = log
        super().__init__(f"{name} ended unexpectedly (exit code {returncode}); its log is {log}")


class EngineFaultError(StackError):
    """A proxy failed while it carried out a fault, so what the client met is not what was asked for."""


class FaultError(ValueError):
    """A fault that does not exist, a parameter it does not have, or a carrier that cannot carry it."""
