"""The leaves of a tool call's arguments, and what in one of them would do harm wherever it came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from seawall.security.linear_pattern import LinearPattern
from seawall.security.output.private_address import is_private_host

_URL = LinearPattern(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[/\\]{2}[^\s\"'<>]{1,1000}")
_SCHEMES = (b"http", b"https", b"ftp", b"ws", b"wss", b"mailto", b"s3", b"gs")
_TRAVERSAL = LinearPattern(
    r"(?:^|[/\\])\.\.(?:[/\\]|$)|^(?:file:|~?[/\\]?\.ssh\b|~[/\\]|/(?:etc|proc|sys|dev|root|boot|var/run)(?:/|$)|"
    r"[A-Za-z]:\\Windows\b|\\\\[^\\]+\\)|\x00",
    ignore_case=True,
)
_SHELL = LinearPattern(
    r"\$\(|\$\{[A-Za-z_]|`[^`\n]{1,200}`|<\(|[;&|\n]\s*(?:rm|curl|wget|nc|ncat|bash|sh|zsh|python3?|perl|ruby|php|node|"
    r"chmod|chown|sudo|eval|exec|powershell|cmd|certutil|dd|mkfs|kill|base64|cat|tee|xargs|id|whoami|uname)\b|"
    r">{1,2}\s*/(?:etc|dev|tmp|root|home|var)/|\bIFS=",
    ignore_case=True,
)
_DECODINGS_MAX = 3
_HOST_CHARS_MAX = 253
_DOTS_OF_IPV4 = 3


class Leaf(NamedTuple):
    """A value of the arguments; `argument` is the top-level name it stands under."""

    argument: str
    value: Any


def leaves(arguments: dict[str, Any]) -> Iterator[Leaf]:
    """Yield every value, and the names inside nested objects, which a model chooses as freely."""
    for argument, value in arguments.items():
        yield from _leaves(argument, value)


def _leaves(argument: str, value: Any) -> Iterator[Leaf]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield Leaf(argument, name)
            yield from _leaves(argument, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(argument, inner)
    else:
        yield Leaf(argument, value)


def harm(text: str, *, private_addresses: bool) -> str | None:
    """Return what a text would do as an argument of a tool that takes it at its word, None if nothing is known."""
    for reading in _readings(text):
        data = reading.encode("utf-8", "surrogatepass")
        if not private_addresses and _names_private_address(reading, data):
            return "names a private address"
        if _TRAVERSAL.search(data):
            return "leaves its folder"
        if _SHELL.search(data):
            return "holds shell syntax"
    return None


def _readings(text: str) -> Iterator[str]:
    """Yield a text as written and as it reads with its percent signs resolved, however often that was done."""
    for _ in range(_DECODINGS_MAX):
        yield text
        decoded = unquote(text)
        if decoded == text:
            return
        text = decoded


def _is_private_name(text: str) -> bool:
    """Tell whether the whole of a text is a private host, with or without port and path."""
    name = text.strip().partition("/")[0].lower()
    if len(name) > _HOST_CHARS_MAX:
        return False
    if name.startswith("["):
        name = name.partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name.replace(".", "").isdigit() and name.count(".") != _DOTS_OF_IPV4:
        return False
    return ("." in name or ":" in name or name == "localhost") and is_private_host(name)


def _names_private_address(text: str, data: bytes) -> bool:
    if _is_private_name(text):
        return True
    for start, end in _URL.spans(data):
        url = data[start:end]
        if url.partition(b":")[0].lower() not in _SCHEMES:
            return True
        try:
            host = urlsplit(url.decode("utf-8", "replace").replace("\\", "/")).hostname
        except ValueError:
            return True
        if host and is_private_host(host):
            return True
    return False
