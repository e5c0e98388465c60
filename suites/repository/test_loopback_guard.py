"""The guard that keeps every test on this machine."""

import socket
import subprocess
import sys

import pytest

# An address of the range reserved for documentation: nobody is there, and the guard acts before any packet.
ELSEWHERE = "192.0.2.1"


def test_a_connection_beyond_loopback_is_refused_before_it_is_made(forgive_loopback):
    """The refusal is an OSError that names the host."""
    with socket.socket() as sock, pytest.raises(OSError, match=r"only loopback is allowed") as caught:
        sock.connect((ELSEWHERE, 80))
    forgive_loopback()

    assert ELSEWHERE in str(caught.value)


def test_names_are_not_looked_up(forgive_loopback):
    """A look-up of a foreign name would already leave the machine."""
    with pytest.raises(OSError, match=r"only loopback"):
        socket.getaddrinfo("provider.invalid", 443)
    forgive_loopback()


def test_child_processes_are_held_too(forgive_loopback):
    """A Python child that tries fails, and its attempt is on record even if it swallows the error."""
    code = f"import socket\ntry: socket.create_connection(('{ELSEWHERE}', 80))\nexcept OSError as e: print(e)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    forgive_loopback()

    assert "only loopback" in output


def test_a_swallowed_attempt_still_fails_the_test(pytestconfig, tmp_path):
    """The autouse fixture reports what the code under test hid."""
    probe = pytestconfig.rootpath / "suites" / "repository" / "swallowed_probe.py"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", str(probe)],
        capture_output=True,
        text=True,
        cwd=pytestconfig.rootpath,
        check=False,
    )

    assert result.returncode == 1, result.stdout
    assert "reached beyond loopback" in result.stdout
