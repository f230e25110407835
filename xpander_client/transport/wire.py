"""httpx's requests, answers and exceptions, to and from those of `core`."""

from __future__ import annotations

import httpx

from xpander_client.core.answer import STREAM_ENDS, Answer, Fault, Headers
from xpander_client.core.call import Prepared
from xpander_client.core.retry import Fate
from xpander_client.core.stream import Opened

__all__ = ["TOO_LATE", "answer_of", "fault_of", "is_event_stream", "opened_of", "request_of"]


def request_of(
    client: httpx.Client | httpx.AsyncClient,
    prepared: Prepared,
    timeouts: dict[str, float],
    *,
    given: bool,
) -> httpx.Request:
    """The request; a client that the caller brought adds what it was set up to add."""
    extensions = {"timeout": timeouts}
    if given:
        return client.build_request(
            prepared.method,
            prepared.url,
            headers=prepared.headers,
            content=prepared.body,
            extensions=extensions,
        )
    return httpx.Request(
        prepared.method,
        prepared.url,
        headers=prepared.headers,
        content=prepared.body,
        extensions=extensions,
    )


def answer_of(response: httpx.Response, body: bytes) -> Answer:
    """The whole answer."""
    return Answer(response.status_code, Headers(response.headers.raw), body)


def is_event_stream(response: httpx.Response) -> bool:
    """Whether an answer is a stream to be read bit by bit."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.status_code == 200 and kind == "text/event-stream"


def opened_of(response: httpx.Response) -> Opened:
    """What is known of a stream that has begun."""
    return Opened(ends=response.headers.get(STREAM_ENDS) == "terminal")


def fault_of(error: httpx.HTTPError | httpx.InvalidURL | httpx.StreamError) -> Fault:
    """What an exception of httpx means for the request."""
    name = type(error).__name__
    text = f"{_WORDS.get(type(error), 'the connection failed')} ({name}: {error})".replace(
        f"({name}: )", f"({name})"
    )
    not_sent = isinstance(
        error,
        httpx.ConnectError
        | httpx.ConnectTimeout
        | httpx.PoolTimeout
        | httpx.UnsupportedProtocol
        | httpx.ProxyError
        | httpx.InvalidURL,
    )
    return Fault(
        text,
        Fate.NOT_SENT if not_sent else Fate.UNKNOWN,
        timed_out=isinstance(error, httpx.TimeoutException),
    )


TOO_LATE = httpx.ReadTimeout("the answer had not ended when the time of the call was over")
"""Each read has a time limit of its own; an answer that trickles in keeps them all."""

_WORDS: dict[type[Exception], str] = {
    httpx.ConnectError: "no connection to the platform",
    httpx.ConnectTimeout: "no connection to the platform in time",
    httpx.PoolTimeout: "all connections were in use for too long",
    httpx.ReadTimeout: "nothing came from the platform in time",
    httpx.WriteTimeout: "the request could not be sent in time",
    httpx.RemoteProtocolError: "the platform broke off the connection",
    httpx.ReadError: "the connection broke while reading",
    httpx.WriteError: "the connection broke while sending",
}
