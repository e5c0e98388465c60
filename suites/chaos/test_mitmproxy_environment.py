"""mitmproxy's own environment: complete or made anew, once, from pinned hashes only."""

import hashlib
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from seawall_chaos.environments import InstallError
from seawall_chaos.mitm import environment
from seawall_chaos.mitm.environment import lock_file, mitmproxy_environment


@pytest.fixture
def tiny_lock(tmp_path, monkeypatch):
    """A lock with one pinned wheel, which lies beside it: nothing is fetched from anywhere."""
    wheel = tmp_path / "wheels" / "mitmproxy-99.0-py3-none-any.whl"
    wheel.parent.mkdir()
    metadata = "Metadata-Version: 2.1\nName: mitmproxy\nVersion: 99.0\n"
    info = "mitmproxy-99.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("mitmproxy/__init__.py", "HERE = True\n")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = tmp_path / "lock" / environment.LOCK_NAME
    lock.parent.mkdir()
    lock.write_text(f"mitmproxy==99.0 \\\n    --hash=sha256:{digest}\n", encoding="utf-8")
    monkeypatch.setattr(environment, "LOCK_FOLDERS", (lock.parent,))
    monkeypatch.setenv("SEAWALL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_FIND_LINKS", str(wheel.parent))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    return lock


def can_import(python):
    code = "import mitmproxy; assert mitmproxy.HERE"
    return subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0


def test_it_is_made_once_and_found_afterwards(tiny_lock):
    """The second time nothing is done."""
    said = []
    first = mitmproxy_environment(said.append)
    second = mitmproxy_environment(said.append)

    assert first == second
    assert first.version == "99.0"
    assert can_import(first.python)
    assert said == ["mitmproxy 99.0: making its environment ..."]


def test_one_that_was_interrupted_is_made_anew(tiny_lock):
    """Without its marker an environment is not trusted, whatever lies there."""
    python = mitmproxy_environment().python
    folder = python.parents[1]
    (folder / "complete").unlink()
    python.unlink()
    (folder / "junk").touch()
    again = mitmproxy_environment()

    assert can_import(again.python)
    assert not (folder / "junk").exists()


def test_side_by_side_it_is_made_once(tiny_lock):
    """Others wait for the one who makes it."""
    said = []
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: mitmproxy_environment(said.append), range(4)))

    assert len(set(found)) == 1
    assert len(said) == 1


def test_another_lock_is_another_environment(tiny_lock):
    """Whoever updates the pins gets what the pins say."""
    first = mitmproxy_environment().python
    tiny_lock.write_text(tiny_lock.read_text(encoding="utf-8") + "# newer\n", encoding="utf-8")

    assert mitmproxy_environment().python != first


def test_a_wrong_hash_is_refused_with_the_installers_words(tiny_lock):
    """Nothing half-made is left to be trusted."""
    tiny_lock.write_text(f"mitmproxy==99.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(InstallError, match=r"(?is)hash"):
            mitmproxy_environment()


def test_the_lock_of_this_python_is_found():
    """mitmproxy 11 on Python 3.11, 12 from 3.12 on."""
    major = "11" if sys.version_info < (3, 12) else "12"

    assert f"\nmitmproxy=={major}." in "\n" + lock_file().read_text(encoding="utf-8")


def test_a_lock_that_is_nowhere_is_named(tmp_path, monkeypatch):
    """An installation without it says what is missing."""
    monkeypatch.setattr(environment, "LOCK_FOLDERS", (tmp_path,))
    with pytest.raises(InstallError, match=environment.LOCK_NAME):
        lock_file()
