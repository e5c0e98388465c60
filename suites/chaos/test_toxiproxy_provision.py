"""Where Toxiproxy comes from, and what happens where it cannot be had."""

import hashlib
import http.server
import io
import os
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from seawall_chaos.errors import StackError
from seawall_chaos.toxiproxy import provision, release
from seawall_chaos.toxiproxy.provision import UnavailableError, find_toxiproxy

SERVER = "#!/bin/sh\necho toxiproxy-server version {version}\n"
GO = """#!/bin/sh
echo "$@" >> {log}
mkdir -p "$GOBIN" && cp {server} "$GOBIN/server"
"""


@pytest.fixture(autouse=True)
def empty_machine(tmp_path, monkeypatch):
    """No cache, no Toxiproxy and no Go on PATH, and no way out."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("SEAWALL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEAWALL_TOXIPROXY", raising=False)
    monkeypatch.setattr(release, "SHA256", {})


def put(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def put_go(tmp_path, *, fails=False):
    """A Go toolchain that installs a script for a server, and notes each call."""
    log, server = tmp_path / "go.log", put(tmp_path / "server", SERVER.format(version=release.VERSION))
    script = "#!/bin/sh\necho 'no route to the module' >&2; exit 1\n"
    put(tmp_path / "bin" / "go", script if fails else GO.format(log=log, server=server))
    return log


def test_one_on_path_is_taken(tmp_path):
    """Whoever has installed Toxiproxy gets the one they have."""
    binary = put(tmp_path / "bin" / "toxiproxy-server", SERVER.format(version="2.9.0"))
    found = find_toxiproxy()

    assert (found.binary, found.version, found.origin) == (binary, "2.9.0", "on PATH")


def test_something_else_of_that_name_is_not(tmp_path):
    """A binary that does not say it is Toxiproxy 2 is passed over."""
    put(tmp_path / "bin" / "toxiproxy-server", SERVER.format(version="1.2.1"))

    assert find_toxiproxy().binary is None


def test_go_builds_the_pinned_version_into_the_cache(tmp_path):
    """Once; afterwards it is found in the cache."""
    log = put_go(tmp_path)
    first, second = find_toxiproxy(), find_toxiproxy()

    assert first.binary == tmp_path / "cache" / "toxiproxy-2.12.0" / "toxiproxy-server"
    assert [first.origin, second.origin] == ["by go install", "in the cache"]
    assert log.read_text(encoding="utf-8").count("cmd/server@v2.12.0") == 1
    assert [path.name for path in first.binary.parent.iterdir()] == ["toxiproxy-server"]


def test_side_by_side_it_is_built_once(tmp_path):
    """Others wait for the one who builds."""
    log = put_go(tmp_path)
    with ThreadPoolExecutor(6) as pool:
        found = [pool.submit(find_toxiproxy).result() for _ in range(6)]

    assert len({each.binary for each in found}) == 1
    assert len(log.read_text(encoding="utf-8").splitlines()) == 1


def test_without_any_way_the_embedded_engine_stands_in_and_says_why(tmp_path):
    """Every way that failed is named; the failure is remembered until somebody asks to try again."""
    put_go(tmp_path, fails=True)
    found = find_toxiproxy()
    log = put_go(tmp_path)
    again, retried = find_toxiproxy(), find_toxiproxy(retry=True)

    assert found.binary is None
    assert "go install: no route to the module; download: no checksum is pinned" in found.origin
    assert str(found).startswith("embedded engine (go install:")
    assert again == found
    assert retried.binary is not None
    assert log.exists()


def test_a_wish_is_followed_or_refused(tmp_path, monkeypatch):
    """`embedded`, `real`, or a path; what cannot be is one clear line."""
    monkeypatch.setenv("SEAWALL_TOXIPROXY", "embedded")
    assert find_toxiproxy().origin == "SEAWALL_TOXIPROXY=embedded"
    monkeypatch.setenv("SEAWALL_TOXIPROXY", "real")
    with pytest.raises(UnavailableError, match="there is no Toxiproxy: go install: there is no Go toolchain"):
        find_toxiproxy()
    monkeypatch.setenv("SEAWALL_TOXIPROXY", str(tmp_path / "nowhere"))
    with pytest.raises(UnavailableError, match="nowhere: no toxiproxy-server there"):
        find_toxiproxy()
    binary = put(tmp_path / "mine", SERVER.format(version="2.11.0"))
    monkeypatch.setenv("SEAWALL_TOXIPROXY", str(binary))
    assert (find_toxiproxy().binary, find_toxiproxy().version) == (binary, "2.11.0")


def test_a_cache_that_cannot_be_is_named(tmp_path, monkeypatch):
    """One line with the folder, the reason and the variable."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("SEAWALL_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(StackError, match=r"file/cache cannot be made: Not a directory; see SEAWALL_CACHE"):
        find_toxiproxy()


@pytest.fixture
def release_server(tmp_path):
    """A release page on loopback with one archive, and the archive's hash."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        content = SERVER.format(version=release.VERSION).encode()
        member = tarfile.TarInfo("toxiproxy-server")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / f"toxiproxy_{release.VERSION}_test.tar.gz").write_bytes(archive.getvalue())

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, directory=str(folder), **kwargs)

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", hashlib.sha256(archive.getvalue()).hexdigest()
        server.shutdown()
        thread.join()


def test_a_download_counts_only_with_its_checksum(release_server, tmp_path, monkeypatch):
    """The binary is taken from an archive that hashes to what is pinned, and from no other."""
    url, digest = release_server
    monkeypatch.setattr(release, "SHA256", {"test": "0" * 64})
    with pytest.raises(release.ReleaseError, match=f"has SHA-256 {digest}, pinned is 0000"):
        release.download(tmp_path / "binary", base_url=url, for_platform="test")
    assert not (tmp_path / "binary").exists()
    monkeypatch.setattr(release, "SHA256", {"test": digest})
    release.download(tmp_path / "binary", base_url=url, for_platform="test")

    assert provision.version_of(tmp_path / "binary") == release.VERSION


def test_a_download_that_cannot_be_reached_fails_as_such(tmp_path, monkeypatch, release_server):
    """The address is named."""
    monkeypatch.setattr(release, "SHA256", {"other": "0" * 64})
    with pytest.raises(release.ReleaseError, match=r"_other\.tar\.gz: HTTP Error 404"):
        release.download(tmp_path / "binary", base_url=release_server[0], for_platform="other")
