"""httpx's requests, answers and exceptions, to and from those of `core`."""

from __future__ import annotations

import httpx

from xpander_client.core.answer import STREAM_ENDS, Answer, Fault, Headers
from xpander_client.core.call import Prepared
from xpander_client.core.retry import Fate
from xpander_client.core.stream import Opened
from xpander_client.transport.environment import proxy_for


def make_request(
    client: httpx.Client | httpx.AsyncClient,
    prepared: Prepared,
    timeouts: dict[str, float],
    *,
    given: bool,
    is_stream: bool = False,
) -> httpx.Request:
    """Build the request; a client that the caller brought adds what it was set up to add."""
    headers = [(name.encode(), value.encode()) for name, value in prepared.headers]
    if given:
        own = _own_headers(client)
        return client.build_request(
            prepared.method,
            prepared.url,
            headers=[header for header in headers if header[0] not in own],
            content=prepared.body,
            extensions={"timeout": _shortest(timeouts, client.timeout, is_stream)},
        )
    return httpx.Request(
        prepared.method,
        prepared.url,
        headers=headers,
        content=prepared.body,
        extensions={"timeout": timeouts},
    )


def _own_headers(client: httpx.Client | httpx.AsyncClient) -> set[bytes]:
    """Of the headers that say who calls, those that a given client was set up with."""
    own = {b"x-api-key"} if "x-api-key" in client.headers else set()
    if not client.headers.get("user-agent", "python-httpx/").startswith("python-httpx/"):
        own.add(b"user-agent")
    return own


def _shortest(timeouts: dict[str, float], own: httpx.Timeout, is_stream: bool) -> dict[str, float]:
    """Combine the time limits, and a given client's own where those are shorter.

    What httpx has by default was set by nobody. How long a stream may be silent is for the
    configuration to say: a limit that suits calls would break it again and again.
    """
    if own == _DEFAULT:
        return timeouts
    limits = {name: limit for name, limit in own.as_dict().items() if limit is not None}
    if is_stream:
        limits.pop("read", None)
    return {name: min(limit, limits.get(name, limit)) for name, limit in timeouts.items()}


_DEFAULT = httpx.Timeout(5.0)


def read_answer(response: httpx.Response, body: bytes) -> Answer:
    """Read the whole answer."""
    return Answer(response.status_code, Headers(response.headers.raw), body)


def is_event_stream(response: httpx.Response) -> bool:
    """Tell whether an answer is a stream to be read bit by bit."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.status_code == 200 and kind == "text/event-stream"


def is_compressed(response: httpx.Response) -> bool:
    """Tell whether what comes has to be decoded, although a stream is asked for as it is."""
    return "content-encoding" in response.headers


def read_opened(response: httpx.Response) -> Opened | Answer:
    """Collect what is known of a stream that has begun.

    One that nobody here can decode is an answer.
    """
    for coding in response.headers.get("content-encoding", "").split(","):
        if coding.strip() and not _decodes(coding.strip()):
            return read_answer(response, b"")
    return Opened(ends=response.headers.get(STREAM_ENDS) == "terminal")


def _decodes(coding: str) -> bool:
    """Tell whether httpx knows an encoding, which depends on the packages that are there."""
    if coding.lower() == "identity":
        return True
    try:
        # What it does not know, it hands on as it is.
        probe = httpx.Response(200, headers={"content-encoding": coding}, content=b"\0")
        return probe.content != b"\0"
    except httpx.DecodingError:
        return True


def make_fault(
    error: httpx.HTTPError | httpx.InvalidURL | httpx.StreamError, url: str, *, given: bool
) -> Fault:
    """Tell what an exception of httpx means for the request to `url`.

    `given`: by a client of the caller's own, of whose proxies nothing is known here.
    """
    kind = _find_kind(error)
    impossible = issubclass(kind, _IMPOSSIBLE)
    # It quotes the header that it does not like, which may be the key.
    said = "" if issubclass(kind, httpx.LocalProtocolError) else str(error)
    text = f"{_WORDS.get(kind, 'the connection failed')} ({kind.__name__}: {said})".replace(
        f"({kind.__name__}: )", f"({kind.__name__})"
    )
    if not given and not impossible and (proxy := proxy_for(url)) is not None:
        text += f", through the proxy {proxy}"
    fate = Fate.NOT_SENT if issubclass(kind, _NOT_SENT) else Fate.UNKNOWN
    return Fault(
        text + _advice(said, url),
        Fate.IMPOSSIBLE if impossible else fate,
        timed_out=issubclass(kind, httpx.TimeoutException),
    )


def _find_kind(error: Exception) -> type[Exception]:
    """Its class; httpx-aiohttp calls every connection that was lost or refused a ConnectTimeout."""
    causes = {each.__name__ for each in type(error.__cause__).__mro__}
    if "ClientConnectionError" not in causes or not isinstance(error, httpx.ConnectTimeout):
        return type(error)
    if "ConnectionTimeoutError" in causes:
        return httpx.ConnectTimeout
    if "ClientProxyConnectionError" in causes:
        return httpx.ProxyError
    return httpx.ConnectError if "ClientConnectorError" in causes else httpx.RemoteProtocolError


def _advice(said: str, url: str) -> str:
    scheme, _, host = url.partition("://")
    if scheme != "https" or not any(sign in said.lower() for sign in _NO_TLS):
        return ""
    return f": it does not speak TLS, did you mean http://{host.partition('/')[0]}?"


# OpenSSL's words for an answer that is no TLS.
_NO_TLS = ("wrong_version_number", "wrong version number", "record layer failure")

TOO_LATE = httpx.ReadTimeout("the answer had not ended when the time of the call was over")
"""Each read has a time limit of its own; an answer that trickles in keeps them all."""

_IMPOSSIBLE = (httpx.InvalidURL, httpx.LocalProtocolError, httpx.UnsupportedProtocol)

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

_WORDS: dict[type[Exception], str] = {
    httpx.ConnectError: "no connection to the platform",
    httpx.ConnectTimeout: "no connection to the platform in time",
    httpx.DecodingError: "the answer's content-encoding can't be read",
    httpx.InvalidURL: "this address can't be asked for",
    httpx.LocalProtocolError: "this request can't be sent: a header of it can be none",
    httpx.PoolTimeout: "all connections were in use for too long",
    httpx.ProxyError: "the proxy made no connection to the platform",
    httpx.ReadTimeout: "nothing came from the platform in time",
    httpx.UnsupportedProtocol: "this address can't be asked for",
    httpx.WriteTimeout: "the request could not be sent in time",
    httpx.RemoteProtocolError: "the platform broke off the connection",
    httpx.ReadError: "the connection broke while reading",
    httpx.WriteError: "the connection broke while sending",
}
