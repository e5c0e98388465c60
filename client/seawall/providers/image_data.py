"""Images as wires want them."""

from __future__ import annotations

import base64

from seawall.messages import Image


def base64_of(image: Image) -> str:
    """Return the bytes of an image that has them, in base64."""
    return base64.b64encode(image.data or b"").decode("ascii")


def url_of(image: Image) -> str:
    """Return where the image is, be it in the URL itself."""
    return image.url or f"data:{image.media_type};base64,{base64_of(image)}"
