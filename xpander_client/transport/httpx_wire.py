"""The wire over httpx for sync code, and what it has in common with the one for async code.

A given client may be one of httpx2, which has the same names: the library is always the client's
own, and not imported here.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from xpander_client.core.answer import Answer, Fault, Headers
from xpander_client.core.call import Prepared
from xpander_client.core.retry import Fate
from xpander_client.errors import ArgumentError, ConfigurationError
from xpander_client.transport import wire
from xpander_client.transport.environment import proxy_for
from xpander_client.transport.wire import Timeouts, WireError

if TYPE_CHECKING:
    import httpx

C = TypeVar("C", bound="httpx.Client | httpx.AsyncClient")


class Httpx(Generic[C]):
    """A client, the requests that it sends, and what the exceptions of its library mean.

    A client that the caller brought (`is_given`) adds to a request what it was set up to add.
    """

    def __init__(self, client: C, *, is_given: bool = False) -> None:
        self.client = client
        self.library = _find_library(client)
        self.errors: tuple[type[Exception], ...] = (
            self.library.HTTPError,
            self.library.InvalidURL,
            self.library.StreamError,
        )
        self._is_given = is_given

    def make_request(
        self, request: Prepared, timeouts: Timeouts, *, is_stream: bool = False
    ) -> httpx.Request:
        """Build the library's request.

        Raises:
            ConfigurationError: the caller has closed the client.
        """
        headers = [(name.encode(), value.encode()) for name, value in request.headers]
        if self._is_given:
            if self.client.is_closed:
                raise ConfigurationError(
                    "the given HTTP client has been closed: give one that is open"
                )
            own = self._own_headers()
            return self.client.build_request(
                request.method,
                request.url,
                headers=[header for header in headers if header[0] not in own],
                content=request.body,
                extensions={"timeout": self._shorten(timeouts, is_stream)},
            )
        made: httpx.Request = self.library.Request(
            request.method,
            request.url,
            headers=headers,
            content=request.body,
            extensions={"timeout": timeouts},
        )
        return made

    def make_error(self, error: Exception, url: str) -> WireError:
        """Tell what an exception of the library means for the request to `url`."""
        kinds = [each.__name__ for each in type(error).__mro__]
        kind = kinds[0]
        # It quotes the header that it does not like, which may be the key.
        said = "" if "LocalProtocolError" in kinds else str(error)
        text = f"{_WORDS.get(kind, 'the connection failed')} ({kind}: {said})".replace(
            f"({kind}: )", f"({kind})"
        )
        fate = Fate.UNKNOWN
        if not _IMPOSSIBLE.isdisjoint(kinds):
            fate = Fate.IMPOSSIBLE
        elif not _NOT_SENT.isdisjoint(kinds) and self._is_trusted(url):
            fate = Fate.NOT_SENT
        # Of the proxies of a client of the caller's own nothing is known here.
        is_ours = not self._is_given and fate is not Fate.IMPOSSIBLE
        if is_ours and (proxy := proxy_for(url)) is not None:
            text += f", through the proxy {proxy}"
        return WireError(Fault(text + _advice(said, url), fate, "TimeoutException" in kinds))

    def make_late_error(self) -> Exception:
        """Make the error of an answer that keeps each time limit, and outlasts the call."""
        error: Exception = self.library.ReadTimeout(wire.LATE)
        return error

    def _own_headers(self) -> set[bytes]:
        """Of the headers that say who calls, those that a given client was set up with."""
        headers = self.client.headers
        own = {b"x-api-key"} if "x-api-key" in headers else set()
        nobody = f"python-{self.library.__name__}/"
        if not headers.get("user-agent", nobody).startswith(nobody):
            own.add(b"user-agent")
        return own

    def _shorten(self, timeouts: Timeouts, is_stream: bool) -> Timeouts:
        """Combine the time limits, and a given client's own where those are shorter.

        What the library has by default was set by nobody. How long a stream may be silent is for
        the configuration to say: a limit that suits calls would break it again and again.
        """
        own = self.client.timeout
        if own == self.library.Timeout(5.0):
            return timeouts
        limits = {name: limit for name, limit in own.as_dict().items() if limit is not None}
        if is_stream:
            limits.pop("read", None)
        return {name: min(limit, limits.get(name, limit)) for name, limit in timeouts.items()}

    def _is_trusted(self, url: str) -> bool:
        """Tell whether an exception that says so means that a request to `url` was never sent.

        Transports of others raise the same ones for connections that were lost after it was.
        """
        if not self._is_given:
            return True
        transport = self.client._transport_for_url(self.library.URL(url))
        return type(transport) in (self.library.HTTPTransport, self.library.AsyncHTTPTransport)


class HttpxWire(Httpx["httpx.Client"]):
    """A wire for sync code."""

    def fetch(self, request: Prepared, timeouts: Timeouts, is_late: Callable[[], bool]) -> Answer:
        """See `Wire.fetch`."""
        try:
            made = self.make_request(request, timeouts)
            with contextlib.closing(self._send(made)) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if is_late():
                        raise self.make_late_error()
                return Answer(response.status_code, Headers(response.headers.raw), bytes(body))
        except self.errors as error:
            raise self.make_error(error, request.url) from None

    def open(self, request: Prepared, timeouts: Timeouts) -> HttpxOpening:
        """See `Wire.open`."""
        try:
            response = self._send(self.make_request(request, timeouts, is_stream=True))
        except self.errors as error:
            raise self.make_error(error, request.url) from None
        return HttpxOpening(self, response, request.url)

    def close(self) -> None:
        """Close all connections."""
        self.client.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        # A given client may follow redirects, to wherever they lead, with the key.
        return self.client.send(request, stream=True, follow_redirects=False)


class HttpxOpening:
    """See `Opening`."""

    def __init__(self, wire: HttpxWire, response: httpx.Response, url: str) -> None:
        self.status_code = response.status_code
        self.headers = Headers(response.headers.raw)
        # A stream is asked for as it is, so it seldom has to be decoded. Mocks answer all at once.
        is_plain = "content-encoding" not in self.headers and not response.is_stream_consumed
        self._parts: Iterator[bytes] = response.iter_raw() if is_plain else response.iter_bytes()
        self._response = response
        self._wire = wire
        self._url = url

    def read(self) -> bytes | None:
        """See `Opening.read`."""
        try:
            return next(self._parts, None)
        except self._wire.errors as error:
            raise self._wire.make_error(error, self._url) from None

    def close(self) -> None:
        """See `Opening.close`."""
        self._response.close()


def use_given(client: Any) -> HttpxWire:
    """Make a wire over a client that the caller brought.

    Raises:
        ConfigurationError: it is async.
    """
    wire = HttpxWire(client, is_given=True)
    if not isinstance(client, wire.library.Client):
        raise ConfigurationError("the given HTTP client is async: use the a… methods")
    return wire


def check_client(client: Any) -> None:
    """Make sure that a value is a client of httpx or httpx2, with headers that can be sent.

    Raises:
        ArgumentError: it is none, or a header can't be; its value is not shown.
    """
    _find_library(client)
    for name, value in client.headers.raw:
        if value != value.strip() or _NEVER_IN_HEADERS.search(value):
            raise ArgumentError(
                f"http_client.headers[{name.decode('latin-1')!r}] can't be sent as a header: it "
                "has a control character (a line end, for example) or white space around it"
            )


def _find_library(client: object) -> Any:
    """Return the module that a client is of: httpx or httpx2, which is imported where there is one.

    Raises:
        ArgumentError: it is a client of neither.
    """
    for kind in type(client).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in ("httpx", "httpx2") and kind.__name__ in ("Client", "AsyncClient"):
            return sys.modules[name]
    raise ArgumentError(
        "http_client must be a Client or an AsyncClient of httpx or httpx2, not "
        f"{type(client).__name__}"
    )


def _advice(said: str, url: str) -> str:
    scheme, _, host = url.partition("://")
    if scheme != "https" or not any(sign in said.lower() for sign in _NO_TLS):
        return ""
    return wire.advise_http(host.partition("/")[0])


# OpenSSL's words for an answer that is no TLS.
_NO_TLS = ("wrong_version_number", "wrong version number", "record layer failure")

_NEVER_IN_HEADERS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

_IMPOSSIBLE = frozenset({"InvalidURL", "LocalProtocolError", "UnsupportedProtocol"})

_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})

_WORDS = {
    "ConnectError": wire.NO_CONNECTION,
    "ConnectTimeout": wire.NO_CONNECTION_IN_TIME,
    "DecodingError": wire.UNREADABLE_CODING,
    "InvalidURL": "this address can't be asked for",
    "LocalProtocolError": "this request can't be sent: a header of it can be none",
    "PoolTimeout": wire.NO_PLACE,
    "ProxyError": "the proxy made no connection to the platform",
    "ReadTimeout": wire.NOTHING_IN_TIME,
    "UnsupportedProtocol": "this address can't be asked for",
    "WriteTimeout": wire.NOT_SENT_IN_TIME,
    "RemoteProtocolError": wire.BROKEN_OFF,
    "ReadError": wire.BROKE_WHILE_READING,
    "WriteError": wire.BROKE_WHILE_SENDING,
}
