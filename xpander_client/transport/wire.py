"""What the drivers do I/O over: connections that send a request and read its answer.

A wire decides nothing: redirects, attempts and what a stream's head means are its callers'. It may
be asked for any origin. What keeps it from an answer is a `WireError`, which never shows a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from xpander_client.core.answer import Answer, Fault, Headers
from xpander_client.core.call import Prepared

Timeouts = dict[str, float]
"""Seconds for each step: "pool" to wait for a place, "connect", "write", and "read", which is for
each wait for bytes and begins anew with every one that comes."""


# What is said of a fault, whichever wire it befalls.
BROKE_WHILE_READING = "the connection broke while reading"
BROKE_WHILE_SENDING = "the connection broke while sending"
BROKEN_OFF = "the platform broke off the connection"
LATE = "the answer had not ended when the time of the call was over"
NO_CONNECTION = "no connection to the platform"
NO_CONNECTION_IN_TIME = "no connection to the platform in time"
NO_PLACE = "all connections were in use for too long"
NOTHING_IN_TIME = "nothing came from the platform in time"
NOT_SENT_IN_TIME = "the request could not be sent in time"
UNREADABLE_CODING = "the answer's content-encoding can't be read"


def advise_http(host: str) -> str:
    """Return what is to be said where a host that was asked by https answers without TLS."""
    return f": it does not speak TLS, did you mean http://{host}?"


class WireError(Exception):
    """There is no answer; `fault` says what happened, and what is known of the request."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.description)
        self.fault = fault


class Opening(Protocol):
    """An answer whose head is there, and whose body is read bit by bit."""

    status_code: int
    headers: Headers

    def read(self) -> bytes | None:
        """Return the next bytes, decoded as `content-encoding` says; None at the end.

        Raises:
            WireError: the connection broke, or nothing came in time.
        """
        ...

    def close(self) -> None:
        """Let go of the connection, which is used again if the answer was read to its end."""
        ...


class Wire(Protocol):
    """Connections for sync code, which many threads may use at once."""

    def fetch(self, request: Prepared, timeouts: Timeouts, is_late: Callable[[], bool]) -> Answer:
        """Send a request and read the whole answer.

        `is_late` is asked while it comes, as an answer that trickles in keeps each time limit.

        Raises:
            WireError: there is no answer.
        """
        ...

    def open(self, request: Prepared, timeouts: Timeouts) -> Opening:
        """Send a request and read the head of its answer.

        Raises:
            WireError: there is no answer.
        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class AsyncOpening(Protocol):
    """An answer whose head is there, and whose body is read bit by bit."""

    status_code: int
    headers: Headers

    async def read(self) -> bytes | None:
        """Return the next bytes, decoded as `content-encoding` says; None at the end.

        Raises:
            WireError: the connection broke, or nothing came in time.
        """
        ...

    async def aclose(self) -> None:
        """Let go of the connection, which is used again if the answer was read to its end."""
        ...


class AsyncWire(Protocol):
    """Connections of one event loop. A call that is cancelled costs it none of its places."""

    async def fetch(
        self, request: Prepared, timeouts: Timeouts, is_late: Callable[[], bool]
    ) -> Answer:
        """Send a request and read the whole answer.

        `is_late` is asked while it comes, as an answer that trickles in keeps each time limit.

        Raises:
            WireError: there is no answer.
        """
        ...

    async def open(self, request: Prepared, timeouts: Timeouts) -> AsyncOpening:
        """Send a request and read the head of its answer.

        Raises:
            WireError: there is no answer.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class HttpClient(Protocol):
    """What a caller can give to send requests by: a client of httpx or httpx2, sync or async."""

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        ...

    # The parameters of the two differ, in types of their own.
    def build_request(self, *args: Any, **kwargs: Any) -> Any:
        """Make a request with what the client was set up with."""
        ...
