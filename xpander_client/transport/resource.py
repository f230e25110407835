"""The base of the generated resources, `Tasks` and its siblings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.transport.closeable import Closeable
from xpander_client.transport.transport import Transport
from xpander_client.transport.wire import HttpClient


class Resource(Closeable):
    """Calls of one kind, made with one configuration.

    `configuration` is read from the environment if None. Connections are shared by all who call the
    same origin, and closed when the last of them is closed or gone: used as a context manager it
    lets go of its own at the end, and disturbs nobody else's calls and streams. After a fork the
    child makes its own.

    An `http_client` of your own (a `Client` of httpx or httpx2 for the sync half, an `AsyncClient`
    for the async one) is used as it is and never closed: its time limits hold where they are
    shorter than the configuration's (but for the silence of a stream), and so do its headers, an
    `x-api-key` or a `user-agent` as well. Give a forked process one of its own: on one that was
    used before, parent and child would read each other's answers.
    """

    def __init__(
        self, configuration: Configuration | None = None, *, http_client: HttpClient | None = None
    ) -> None:
        self._transport = Transport.of(configuration, http_client)

    @property
    def configuration(self) -> Configuration:
        """Who calls, and which platform."""
        return self._transport.configuration

    def options(
        self,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Self:
        """Return a cheap copy whose calls differ, on the same connections.

        What is None stays as it is.

        `timeout` is the time in seconds for a whole call, retries included (for a stream: the
        silence after which it counts as broken). `headers` are added to each request;
        `idempotency_key` names what the next create makes, so that a repetition of your own is
        answered with the first.

        Raises:
            ArgumentError: a time, a policy or a header can't be one; nothing of it is shown.
        """
        other = type(self).__new__(type(self))
        other._transport = self._transport.options(
            timeout=timeout, retry=retry, headers=headers, idempotency_key=idempotency_key
        )
        return other

    def close(self) -> None:
        """Let go of the connections of sync code; the next call makes some again."""
        self._transport.close()

    async def aclose(self) -> None:
        """Let go of the connections of the running event loop; the next call makes some again."""
        await self._transport.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.configuration!r})"
