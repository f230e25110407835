"""The sync driver. It does I/O and nothing else, and reads as the same text as `aio`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

import httpx

from xpander_client.core.answer import Answer, Fault, Response
from xpander_client.core.call import Call
from xpander_client.core.redirect import follow_redirect
from xpander_client.core.requests import RequestSpec
from xpander_client.core.retry import Fate
from xpander_client.core.stream import CloseAndAsk, CloseAndWait, Effect, HandOver, Open, Reply
from xpander_client.transport.pool import Pool
from xpander_client.transport.wire import (
    TOO_LATE,
    is_compressed,
    is_event_stream,
    make_fault,
    make_request,
    read_answer,
    read_opened,
)

T = TypeVar("T")


def call(pool: Pool, state: Call, answer: type[T] | None) -> Response[T]:
    """Make a call, with as many attempts as `state` wants."""
    given = pool.given is not None

    def attempt() -> Answer | Fault:
        timeouts = state.begin()
        prepared = state.request
        try:
            shared = pool.connections("calls")
            request = make_request(shared.client, prepared, timeouts, given=given)
            answer = _fetch(shared.client, request, state.is_late)
            while (
                not answer.is_success and (other := follow_redirect(prepared, answer)) is not None
            ):
                prepared = other
                request = make_request(shared.client, prepared, state.limits(), given=given)
                answer = _fetch(shared.client, request, state.is_late)
            return answer
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return make_fault(error, prepared.url, given=given)

    result = attempt()
    if not state.has_succeeded(result):
        result = _try_again(state, result, attempt)
    return state.finish(result, answer)


def _fetch(client: httpx.Client, request: httpx.Request, is_late: Callable[[], bool]) -> Answer:
    with contextlib.closing(_send(client, request)) as response:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if is_late():
                raise TOO_LATE
        return read_answer(response, bytes(body))


def _send(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    # A given client may follow redirects, to wherever they lead, with the key.
    return client.send(request, stream=True, follow_redirects=False)


def _try_again(
    state: Call, first: Answer | Fault, attempt: Callable[[], Answer | Fault]
) -> Answer | Fault:
    import tenacity  # most calls succeed at once and need none of it

    known = [first]

    def next_result() -> Answer | Fault:
        return known.pop() if known else attempt()

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(state.wants_another),
        wait=lambda _: state.pause,
        sleep=time.sleep,
    )
    return retrying(next_result)


def stream(
    pool: Pool,
    conversation: Generator[Effect[T], Reply, None],
    ask: Callable[[RequestSpec], bytes],
) -> Generator[T, None, None]:
    """Do what the conversation wants, and yield what it hands over."""
    given = pool.given is not None
    url = ""
    with contextlib.ExitStack() as connection:
        reply: Reply = None
        chunks: Iterator[bytes] = iter(())
        process = 0
        while True:
            try:
                effect = conversation.send(reply)
            except StopIteration:
                return
            reply = None
            if isinstance(effect, HandOver):
                yield from effect.items
                continue
            try:
                if isinstance(effect, Open):
                    connection.close()
                    url = effect.request.url
                    process = os.getpid()
                    shared = pool.connections("streams")
                    timeouts = effect.timeouts
                    request = make_request(
                        shared.client, effect.request, timeouts, given=given, is_stream=True
                    )
                    response = _send(shared.client, request)
                    connection.callback(response.close)
                    if is_event_stream(response):
                        compressed = is_compressed(response)
                        chunks = response.iter_bytes() if compressed else response.iter_raw()
                        reply = read_opened(response)
                    else:
                        response.read()
                        reply = read_answer(response, response.content)
                elif isinstance(effect, CloseAndWait):
                    connection.close()
                    time.sleep(effect.seconds)
                elif isinstance(effect, CloseAndAsk):
                    connection.close()
                    reply = ask(effect.spec)
                elif os.getpid() == process:
                    reply = next(chunks, None)
                else:
                    # The parent reads on from this connection, so it can't even be closed here.
                    connection.pop_all()
                    reply = Fault("the process was forked", Fate.UNKNOWN)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                reply = make_fault(error, url, given=given)
