"""The grounding contract: what an answer owes to its schema and its sources. Needs the extra `security`.

contract = Contract(schema={"type": "object"}, sources=(Source(id="t1", text=ticket),), cite=True)
violations = contract.violations(answer.text)
"""

from seawall.security.grounding.contract import Contract, Violation

__all__ = ["Contract", "Violation"]
