"""Run by test_loopback_guard.py only: a test that must fail."""

import contextlib
import socket


def test_swallows_the_refusal():
    """Tries to leave and hides it."""
    with contextlib.suppress(OSError):
        socket.create_connection(("192.0.2.1", 80))
