"""What every suite gets: the loopback guard, and the client's logger as it was found."""

import logging
import os
import sys
import tempfile
from pathlib import Path

import pytest

GUARD = Path(__file__).parent / "suites" / "loopback"

_log = tempfile.NamedTemporaryFile(prefix="seawall-loopback-", suffix=".log", delete=False)  # noqa: SIM115
os.environ["SEAWALL_TEST_LOOPBACK_LOG"] = _log.name
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH", "")]))
sys.path.insert(0, str(GUARD))
sys.modules.pop("sitecustomize", None)
import sitecustomize  # noqa: E402, F401


def pytest_unconfigure() -> None:
    _log.close()
    Path(_log.name).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def loopback_only():
    """Fails a test that, or whose child processes, tried to leave this machine."""
    before = Path(_log.name).stat().st_size
    yield
    with Path(_log.name).open(encoding="utf-8") as file:
        file.seek(before)
        attempts = file.read()
    if attempts:
        pytest.fail(f"reached beyond loopback:\n{attempts}", pytrace=False)


@pytest.fixture
def forgive_loopback():
    """Lets a test of the guard itself clear what it provoked."""

    def forget():
        os.truncate(_log.name, 0)

    return forget


@pytest.fixture
def logger():
    """The client's logger, to be configured at will: afterwards it is as it was found."""
    logger = logging.getLogger("seawall")
    before = (logger.level, logger.propagate, logger.handlers[:])
    yield logger
    logger.level, logger.propagate, logger.handlers[:] = before
    logger.manager._clear_cache()
