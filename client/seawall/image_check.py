"""Which images can be sent at all: checked before anything is, the same for every provider."""

from __future__ import annotations

from seawall.errors import ConfigurationError
from seawall.messages import Image, Message

IMAGE_BYTES_MAX = 20 * 1_024 * 1_024
"""Of all images of one request together: in base64 that still fits what every provider takes."""
_URL_CHARS_MAX = 8_192


def check_images(messages: tuple[Message, ...]) -> None:
    """Raise `ConfigurationError` for an image that no provider could be sent."""
    size = 0
    for number, message in enumerate(messages, 1):
        if not message.images:
            continue
        if message.role != "user":
            raise ConfigurationError(f"message {number}: only user messages have images, not {message.role}")
        for image in message.images:
            if (reason := _problem(image)) is not None:
                raise ConfigurationError(f"message {number}: {reason}")
            size += len(image.data or b"")
    if size > IMAGE_BYTES_MAX:
        raise ConfigurationError(
            f"images of {size} bytes: expected at most {IMAGE_BYTES_MAX} in one request; send smaller ones, or URLs"
        )


def _problem(image: Image) -> str | None:
    if (image.data is None) == (image.url is None):
        return "an image has either data or a url"
    if image.data is not None and not image.media_type.startswith("image/"):
        return f"media_type {image.media_type[:40]!r} of an image: expected one such as image/png"
    if image.data == b"":
        return "an image without bytes"
    if image.url is not None and not image.url.startswith(("https://", "http://")):
        return "the url of an image must begin with https:// or http:// (its bytes go into data)"
    if image.url is not None and len(image.url) > _URL_CHARS_MAX:
        return f"the url of an image has more than {_URL_CHARS_MAX} characters"
    return None
