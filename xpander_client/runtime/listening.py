"""Sockets that listen, and what connections have from them."""

from __future__ import annotations

import os
import socket

BACKLOG = 2048
"""How many connections may queue up before somebody answers them."""

_OF_CONNECTIONS = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
    ("TCP_NOTSENT_LOWAT", 128 * 1024),
)


def bind(host: str, port: int) -> socket.socket:
    """Listen on a socket; port 0 takes a free one.

    Raises:
        OSError: the port is taken, or the address can't be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Elsewhere this would let two servers have the same port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # From here on connections queue up, even before anybody answers them.
        listener.listen(BACKLOG)
        # Connections have this from it: one whose other end has vanished ends after a while, and
        # what a slow one has not taken waits here, where it is known, rather than in the kernel.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _OF_CONNECTIONS:
            if hasattr(socket, name):
                listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        listener.setblocking(False)
    except (TypeError, ValueError) as error:
        listener.close()
        raise OSError(f"{host!r} is no address: {error}") from error
    except BaseException:
        listener.close()
        raise
    return listener


def format_url(listener: socket.socket) -> str:
    """Return the address of a listening socket, as clients write it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
