"""Connections that nobody uses at the moment, kept for the next request."""

from __future__ import annotations

import select
import socket
import time
from typing import Generic, Protocol, TypeVar

from xpander_client.transport.direct.requests import Origin

_MOST = 100
"""As many as calls may have at once: with fewer, programs that have many in flight connect anew."""

_LONGEST = 4.0
"""Seconds. Servers close what is idle, many after 5; a request sent at that moment is lost."""


class _Connection(Protocol):
    """What can be kept."""

    origin: Origin

    def has_ended(self) -> bool:
        """Tell whether the server has closed it, or sent what nobody asked for."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


C = TypeVar("C", bound=_Connection)


class Idle(Generic[C]):
    """The connections that were used last, to whatever origin, the newest last."""

    def __init__(self) -> None:
        self._kept: list[tuple[C, float]] = []

    def keep(self, connection: C) -> None:
        """Keep a connection, instead of the oldest one where there are too many."""
        self._kept.append((connection, time.monotonic()))
        if len(self._kept) > _MOST:
            self._kept.pop(0)[0].close()

    def take(self, origin: Origin) -> C | None:
        """Return the connection to an origin that was used last, if one can still be used.

        Those of all origins that have been idle for too long are closed.
        """
        oldest = time.monotonic() - _LONGEST
        while self._kept and self._kept[0][1] <= oldest:
            self._kept.pop(0)[0].close()
        for place in reversed(range(len(self._kept))):
            connection, _ = self._kept[place]
            if connection.origin == origin:
                del self._kept[place]
                if not connection.has_ended():
                    return connection
                connection.close()
        return None

    def drop(self, connection: C) -> None:
        """Keep a connection no longer, if it was."""
        self._kept = [each for each in self._kept if each[0] is not connection]

    def close(self) -> None:
        """Close all."""
        while self._kept:
            self._kept.pop()[0].close()


def is_readable(sock: socket.socket) -> bool:
    """Tell whether there is something to read, or an end."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])
