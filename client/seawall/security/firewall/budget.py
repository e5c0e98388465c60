"""Operations a scan may spend: counted, so that the limit is the same on a busy machine."""

from __future__ import annotations


class BudgetExceededError(Exception):
    """The scan would cost more operations than it may."""


class Budget:
    """Counts characters read by each step of a scan."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0

    def charge(self, operations: int) -> None:
        """Spend operations; raises BudgetExceededError beyond the limit, before they are carried out."""
        if self.spent + operations > self.limit:
            raise BudgetExceededError(
                f"{self.spent} of {self.limit} operations spent, {operations} more needed"
            )
        self.spent += operations
