"""A rule: what happens to which requests of which provider."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MODELS_SEGMENT = "/models/"


@dataclass(frozen=True)
class Rule:
    """What the harness told this proxy to do; `params` belong to the action."""

    id: str
    provider: str
    action: str
    probability: float
    seed: int
    model: str | None
    params: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Rule":
        """The rule a control message describes."""
        return cls(
            id=str(document["id"]),
            provider=str(document["provider"]),
            action=str(document["action"]),
            probability=float(document["probability"]),
            seed=int(document["seed"]),
            model=document["model"],
            params=document["params"],
        )

    def picks(self, request_key: str) -> bool:
        """Whether it acts on the request of that id: the same seed picks the same requests, in any order."""
        if self.probability >= 1:
            return True
        digest = hashlib.blake2b(f"{self.seed}|{self.id}|{request_key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64 < self.probability


def model_of(path: str, body: bytes | None) -> str | None:
    """The model a request asks for: in its path (Gemini) or in its JSON body."""
    if MODELS_SEGMENT in path:
        return path.partition(MODELS_SEGMENT)[2].partition(":")[0].partition("?")[0]
    try:
        document = json.loads(body or b"")
    except ValueError:
        return None
    model = document.get("model") if isinstance(document, dict) else None
    return model if isinstance(model, str) else None


def has_content(event: bytes, paths: list[list[str | int]]) -> bool:
    """Whether a server-sent event carries a content token: something stands at one of `paths` in its JSON."""
    data = b"\n".join(line[5:] for line in event.splitlines() if line.startswith(b"data:"))
    try:
        document = json.loads(data)
    except ValueError:
        return False
    return any(any(_at(document, path)) for path in paths)


def _at(value: Any, path: list[str | int]) -> Iterator[Any]:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return
    yield value
