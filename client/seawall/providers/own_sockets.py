"""Sockets that stay with the process that opened them.

A forked child shares its parent's sockets. As long as it holds one, the parent's closing of it does not reach the
provider, which would go on generating for a caller who has left. So a child closes what it inherited.
"""

from __future__ import annotations

import os
import socket
import weakref

from aiohttp import AddrInfoType

_OPENED: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def open_socket(address: AddrInfoType) -> socket.socket:
    """Open a socket for this address that no forked child keeps."""
    family, kind, protocol, *_ = address
    opened = socket.socket(family, kind, protocol)
    _OPENED.add(opened)
    return opened


def _close_inherited() -> None:
    for inherited in list(_OPENED):
        # Not close(): an event loop may have put that off. It closes this process's handle only; nothing is sent.
        if (handle := inherited.detach()) >= 0:
            os.close(handle)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)
