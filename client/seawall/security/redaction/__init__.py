"""Redaction: find what must not leave the process, replace it, and put it back into the answer.

redactor = Redactor()                       # one for each conversation
redacted = redactor.redact("Mail jane@corp.example")
answer = redactor.restore(answer_of_the_model)
"""

from seawall.security.finding import Finding, Kind
from seawall.security.redaction.detection import Detection, find
from seawall.security.redaction.redactor import Redacted, Redactor
from seawall.security.redaction.restorer import StreamRestorer, json_escaped, verbatim
from seawall.security.redaction.vault import Vault, VaultFullError

__all__ = [
    "Detection",
    "Finding",
    "Kind",
    "Redacted",
    "Redactor",
    "StreamRestorer",
    "Vault",
    "VaultFullError",
    "find",
    "json_escaped",
    "verbatim",
]
