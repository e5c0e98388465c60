"""Which addresses can be asked at all."""

from __future__ import annotations

from urllib.parse import urlsplit


def url_problem(url: str, *, credentials: bool = False) -> str | None:
    """Return why no request can go to `url`, as the end of a message, or None if one can.

    With `credentials`, a user name and password may stand in it, as is usual for forward proxies.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        return ": holds characters that an address cannot"
    try:
        parts = urlsplit(url)
    except ValueError:
        return f" = {url}: not an address"
    if parts.username is not None or parts.password is not None:
        if not credentials:
            return ": holds a user name or password; keys belong in api_key_env"
        url = f"{parts.scheme}://***@..."
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f" = {url}: must begin with http:// or https:// and a host"
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        return f" = {url}: impossible port; valid: 1 to 65535"
    if parts.query or parts.fragment:
        return f" = {url}: must end with the path, without ? or #"
    return None
