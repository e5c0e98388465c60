"""Where OpenAI's operations are found and how a caller shows its key: at OpenAI and its followers, and on Azure."""

from __future__ import annotations

from urllib.parse import quote

from seawall.providers.customs import WIRES
from seawall.providers.options import ProviderOptions


def openai_url(options: ProviderOptions, operation: str, model: str) -> str:
    """Return the address of an operation such as "chat/completions"; on classic Azure the model is part of it."""
    base = (options.base_url or WIRES[options.wire].public_base_url or "").rstrip("/")
    if options.wire != "azure_openai":
        return f"{base}/{operation}"
    # As people copy it: the resource's endpoint, or what the SDK's other client calls its base URL.
    base = base.removesuffix("/openai/v1").removesuffix("/openai")
    match options.api_version or "v1":
        case "v1":
            return f"{base}/openai/v1/{operation}"
        case "preview":
            return f"{base}/openai/v1/{operation}?api-version=preview"
        case dated:
            return f"{base}/openai/deployments/{quote(model, safe='')}/{operation}?api-version={dated}"


def openai_authorization(options: ProviderOptions, secret: str) -> dict[str, str]:
    """Return the header that carries the key, or none where there is no key."""
    if not secret:
        return {}
    return {"api-key": secret} if options.wire == "azure_openai" else {"Authorization": f"Bearer {secret}"}
