"""Where a Gemini model is found and how a caller shows its key."""

from __future__ import annotations

from urllib.parse import quote

from seawall.providers.customs import GEMINI_VERSION, WIRES
from seawall.providers.options import ProviderOptions


def gemini_url(options: ProviderOptions, model: str) -> str:
    """Return a model's address, which `:` and a method follow."""
    base = (options.base_url or WIRES[options.wire].public_base_url or "").rstrip("/")
    name = quote(model.removeprefix("models/"), safe="")
    return f"{base}/{options.api_version or GEMINI_VERSION}/models/{name}"


def gemini_authorization(secret: str) -> dict[str, str]:
    """Return the header that carries the key, or none where there is no key."""
    return {"x-goog-api-key": secret} if secret else {}
