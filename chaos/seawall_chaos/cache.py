"""The folder where proxies are kept between runs, shared by every process of this user."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall_chaos.errors import StackError


def cache_folder() -> Path:
    """`$SEAWALL_CACHE`, else `~/.cache/seawall`; created if absent. StackError where it cannot be."""
    given = os.environ.get("SEAWALL_CACHE")
    folder = Path(given).expanduser() if given else Path.home() / ".cache" / "seawall"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"the cache {folder} cannot be made: {error.strerror}; see SEAWALL_CACHE") from None
    return folder.resolve()


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """Holds the cache's lock of that name; others wait. Yields the cache folder.

    The lock is the kernel's: a holder that dies, however it dies, has let go.
    """
    folder = cache_folder()
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder
