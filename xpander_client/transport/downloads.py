"""Download files that tasks name: no private network is asked, and no more is taken than agreed.

A host's addresses are looked up once for each connection, and the connection goes to one of those
that were checked: a name that leads elsewhere a moment later changes nothing. No proxy is asked,
which would look names up itself.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import attrs
import httpcore
import httpx

from xpander_client.core.prompts.download import (
    HEADERS,
    Download,
    DownloadError,
    DownloadRules,
    Received,
    Unavailable,
    follow,
)
from xpander_client.core.steps import Steps, acarry_out, ask, carry_out, together
from xpander_client.transport.httpx_clients import TlsWhenNeeded

if TYPE_CHECKING:
    from httpcore import SOCKET_OPTION

_AT_ONCE = 4
"""So many files come at the same time: all of them are in memory."""

_FAULTS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
    OSError,
    UnicodeError,
)


def download_all(urls: Sequence[str], rules: DownloadRules) -> Steps[list[Download | Unavailable]]:
    """Describe the download of files: what came of each, in their order."""
    found: list[Download | Unavailable] = []
    for start in range(0, len(urls), _AT_ONCE):
        found += yield from together(
            [ask(_try, _atry, url, rules) for url in urls[start : start + _AT_ONCE]]
        )
    return found


def _try(url: str, rules: DownloadRules) -> Download | Unavailable:
    deadline = time.monotonic() + rules.seconds
    backend = _CheckedBackend(rules, deadline)
    try:
        with httpcore.ConnectionPool(_make_tls(), network_backend=backend) as pool:
            return carry_out(follow(url), partial(_receive, pool, rules))
    except (DownloadError, *_FAULTS) as error:
        return Unavailable(url, _explain(error, rules))


async def _atry(url: str, rules: DownloadRules) -> Download | Unavailable:
    import asyncio  # here and below: sync code can do without

    backend = _AsyncCheckedBackend(rules)
    try:
        async with asyncio.timeout(rules.seconds):
            async with httpcore.AsyncConnectionPool(_make_tls(), network_backend=backend) as pool:
                return await acarry_out(follow(url), partial(_areceive, pool, rules))
    except (DownloadError, *_FAULTS) as error:
        return Unavailable(url, _explain(error, rules))


def _receive(pool: httpcore.ConnectionPool, rules: DownloadRules, url: str) -> Received:
    content = bytearray()
    with pool.stream("GET", _parse_url(url), headers=list(HEADERS.items())) as response:
        if response.status == 200:
            for part in response.iter_stream():
                content += part
                rules.check_size(len(content))
        return _read(response.status, response.headers, bytes(content))


async def _areceive(pool: httpcore.AsyncConnectionPool, rules: DownloadRules, url: str) -> Received:
    content = bytearray()
    async with pool.stream("GET", _parse_url(url), headers=list(HEADERS.items())) as response:
        if response.status == 200:
            async for part in response.aiter_stream():
                content += part
                rules.check_size(len(content))
        return _read(response.status, response.headers, bytes(content))


def _read(status: int, headers: Sequence[tuple[bytes, bytes]], content: bytes) -> Received:
    by_name = {name.lower(): value.decode("latin-1") for name, value in headers}
    packed = by_name.get(b"content-encoding", "identity").strip().lower()
    if content and packed != "identity":
        raise DownloadError(f"it is packed as {packed}, which was not asked for")
    return Received(status, content, by_name.get(b"content-type", ""), by_name.get(b"location"))


def _parse_url(text: str) -> httpcore.URL:
    url = httpx.URL(text)  # it encodes what no request may hold
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _make_tls() -> ssl.SSLContext:
    return TlsWhenNeeded(ssl.PROTOCOL_TLS_CLIENT)


def _explain(error: Exception, rules: DownloadRules) -> str:
    """Return why a file can't be had, not in the words of others, which may hold its address."""
    if isinstance(error, DownloadError):
        return str(error)
    if isinstance(error, httpcore.TimeoutException | TimeoutError):
        return f"it took more than {rules.seconds:g} seconds"
    return f"the server could not be asked: {type(error).__name__}"


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and lets nothing last beyond the deadline."""

    def __init__(self, rules: DownloadRules, deadline: float) -> None:
        self._rules = rules
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = self._rules.check(host, [str(each[4][0]) for each in found])
        while True:
            address = addresses.pop(0)
            try:
                left = _count_left(self._deadline)
                return _TimedStream(self._backend.connect_tcp(address, port, left), self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise


@attrs.define
class _TimedStream(httpcore.NetworkStream):
    _stream: httpcore.NetworkStream
    _deadline: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _count_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _count_left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _count_left(self._deadline)
        secure = self._stream.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _AsyncCheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked; the deadline is the caller's."""

    def __init__(self, rules: DownloadRules) -> None:
        self._rules = rules
        # To type checkers it might be the class that stands in where anyio is missing.
        self._backend = cast(httpcore.AsyncNetworkBackend, httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        import asyncio

        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = self._rules.check(host, [str(each[4][0]) for each in found])
        while True:
            address = addresses.pop(0)
            try:
                return await self._backend.connect_tcp(address, port)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise


def _count_left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
