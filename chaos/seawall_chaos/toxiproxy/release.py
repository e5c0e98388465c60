"""Toxiproxy's release: which version, and what its archives must hash to."""

import hashlib
import platform
import tarfile
import tempfile
import urllib.request
from pathlib import Path

VERSION = "2.12.0"
GO_PACKAGE = "github.com/Shopify/toxiproxy/v2/cmd/server"
GO_VERSION_VARIABLE = "github.com/Shopify/toxiproxy/v2.Version"
BINARY = "toxiproxy-server"
ARCHIVES_URL = f"https://github.com/Shopify/toxiproxy/releases/download/v{VERSION}"
ARCHIVE_BYTES_MAX = 64 * 2**20
CONNECT_TIMEOUT_S = 5.0
# SHA-256 of the archives of v2.12.0. Another platform has none here and is not downloaded for.
SHA256 = {
    "linux_amd64": "65e042d3fc2290c099527bc506446a6fd863a09f113b8944b636ece70221c2b3",
    "linux_arm64": "ab417dafc77ae8b54ec8461cc5da5180d0465a61dcbda86c72da72ee4ab843b7",
    "darwin_amd64": "52ac1f99d7204b4b523f910b791bc86318b50ef94822c79a6157606704003ced",
    "darwin_arm64": "cece3905c06ad84d6b3bb4cd024c344e6466736b2a8cbaf9ef4fe45e62aba9b2",
}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class ReleaseError(Exception):
    """The release cannot be had; the message says why."""


def this_platform() -> str:
    """Such as `linux_amd64`, as the release names its archives."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{MACHINES.get(machine, machine)}"


def download(into: Path, *, base_url: str = ARCHIVES_URL, for_platform: str | None = None) -> None:
    """Puts the release's binary at `into`, if its archive hashes to what is pinned; ReleaseError if not."""
    name = for_platform or this_platform()
    if name not in SHA256:
        raise ReleaseError(f"no checksum is pinned for {name}")
    url = f"{base_url}/toxiproxy_{VERSION}_{name}.tar.gz"
    try:
        with urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT_S) as response:  # noqa: S310  (https, or a test's)
            archive = response.read(ARCHIVE_BYTES_MAX + 1)
    except OSError as error:
        raise ReleaseError(f"{url}: {error}") from None
    found = hashlib.sha256(archive).hexdigest()
    if found != SHA256[name]:
        raise ReleaseError(f"{url} has SHA-256 {found}, pinned is {SHA256[name]}")
    _unpack(archive, into)


def _unpack(archive: bytes, into: Path) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(archive)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as tar:
            member = next((m for m in tar.getmembers() if Path(m.name).name == BINARY and m.isfile()), None)
            extracted = tar.extractfile(member) if member is not None else None
            if extracted is None:
                raise ReleaseError(f"the archive holds no {BINARY}")
            into.write_bytes(extracted.read())
    into.chmod(0o755)
