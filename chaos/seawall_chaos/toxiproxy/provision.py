"""Which Toxiproxy there is: on PATH, in the cache, built by Go, downloaded; else the embedded engine."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seawall_chaos.cache import cache_folder, locked
from seawall_chaos.errors import StackError
from seawall_chaos.toxiproxy import release

GO_TIMEOUT_S = 300.0
# A failed provisioning is not tried again at each start of a stack.
FAILURE_REMEMBERED_S = 600.0
VARIABLE = "SEAWALL_TOXIPROXY"


class UnavailableError(StackError):
    """Real Toxiproxy was asked for and cannot be had."""


@dataclass(frozen=True, slots=True)
class Toxiproxy:
    """What stands for Toxiproxy here: `binary` is None for the embedded engine; `origin` says why."""

    binary: Path | None
    version: str
    origin: str

    def __str__(self) -> str:
        """One phrase for outputs and manifests."""
        kind = "embedded engine" if self.binary is None else f"toxiproxy-server {self.version}"
        return f"{kind} ({self.origin})"


def find_toxiproxy(*, retry: bool = False, progress: Callable[[str], None] = lambda _: None) -> Toxiproxy:
    """The Toxiproxy to use, provisioned if need be; `retry` tries again what failed lately.

    `SEAWALL_TOXIPROXY` overrides: `embedded`, `real` (an error where there is none), or the path of a binary.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted == "embedded":
        return Toxiproxy(None, release.VERSION, f"{VARIABLE}=embedded")
    if wanted not in {"", "real"}:
        return _given(Path(wanted))
    on_path = shutil.which(release.BINARY)
    if on_path is not None:
        version = version_of(Path(on_path))
        if version is not None and version.split(".")[0] in {"2", "git"}:
            return Toxiproxy(Path(on_path), version, "on PATH")
    found = _cached(retry=retry, progress=progress)
    if found.binary is None and wanted == "real":
        raise UnavailableError(f"{VARIABLE}=real, but there is no Toxiproxy: {found.origin}")
    return found


def version_of(binary: Path) -> str | None:
    """What a binary says its version is; None if it is no Toxiproxy."""
    try:
        said = subprocess.run(  # noqa: S603  (the operator's own)
            [binary, "-version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"toxiproxy-server version (\S+)", said.stdout)
    return found[1] if found else None


def _given(binary: Path) -> Toxiproxy:
    version = version_of(binary)
    if version is None:
        raise UnavailableError(f"{VARIABLE}={binary}: no toxiproxy-server there")
    return Toxiproxy(binary, version, VARIABLE)


def _cached(*, retry: bool, progress: Callable[[str], None]) -> Toxiproxy:
    """From the cache, filled first if it can be; the embedded engine if not."""
    folder = cache_folder() / f"toxiproxy-{release.VERSION}"
    binary, failure = folder / release.BINARY, folder / "unavailable"
    if binary.exists():
        return Toxiproxy(binary, release.VERSION, "in the cache")
    with locked(f"toxiproxy-{release.VERSION}"):
        if binary.exists():
            return Toxiproxy(binary, release.VERSION, "in the cache")
        if not retry and failure.exists() and time.time() - failure.stat().st_mtime < FAILURE_REMEMBERED_S:
            return Toxiproxy(None, release.VERSION, failure.read_text(encoding="utf-8"))
        folder.mkdir(exist_ok=True)
        reasons = []
        for way, obtain in (("go install", _go_install), ("download", release.download)):
            progress(f"Toxiproxy {release.VERSION}: {way} ...")
            try:
                with tempfile.TemporaryDirectory(dir=folder) as work:
                    obtain(Path(work) / release.BINARY)
                    (Path(work) / release.BINARY).replace(binary)
            except release.ReleaseError as error:
                reasons.append(f"{way}: {error}")
            else:
                failure.unlink(missing_ok=True)
                return Toxiproxy(binary, release.VERSION, f"by {way}")
        failure.write_text("; ".join(reasons), encoding="utf-8")
        return Toxiproxy(None, release.VERSION, "; ".join(reasons))


def _go_install(into: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise release.ReleaseError("there is no Go toolchain on PATH")
    package = f"{release.GO_PACKAGE}@v{release.VERSION}"
    command = [go, "install", "-ldflags", f"-X {release.GO_VERSION_VARIABLE}={release.VERSION}", package]
    bin_folder = into.parent / "bin"
    try:
        subprocess.run(  # noqa: S603  (our own)
            command,
            env={**os.environ, "GOBIN": str(bin_folder)},
            capture_output=True,
            text=True,
            timeout=GO_TIMEOUT_S,
            check=True,
        )
        (bin_folder / "server").replace(into)
    except subprocess.CalledProcessError as error:
        raise release.ReleaseError((error.stderr or "failed").strip().splitlines()[-1]) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise release.ReleaseError(str(error)) from None
