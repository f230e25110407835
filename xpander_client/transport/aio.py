"""The async driver. It does I/O and nothing else, and reads as the same text as `sync`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

import httpx

from xpander_client.core.answer import Answer, Fault, Response
from xpander_client.core.call import Call
from xpander_client.core.redirect import follow_redirect
from xpander_client.core.requests import RequestSpec
from xpander_client.core.stream import CloseAndAsk, CloseAndWait, Effect, HandOver, Open, Reply
from xpander_client.runtime.shielding import shield
from xpander_client.transport.pool import AsyncConnections, Pool
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
R = TypeVar("R")


async def call(pool: Pool, state: Call, answer: type[T] | None) -> Response[T]:
    """Make a call, with as many attempts as `state` wants."""
    given = pool.given is not None

    async def attempt() -> Answer | Fault:
        timeouts = state.begin()
        prepared = state.request
        try:
            shared = await pool.async_connections("calls")
            request = make_request(shared.client, prepared, timeouts, given=given)
            answer = await _fetch(shared, request, timeouts, state.is_late)
            while (
                not answer.is_success and (other := follow_redirect(prepared, answer)) is not None
            ):
                prepared, timeouts = other, state.limits()
                request = make_request(shared.client, prepared, timeouts, given=given)
                answer = await _fetch(shared, request, timeouts, state.is_late)
            return answer
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return make_fault(error, prepared.url, given=given)

    result = await attempt()
    if not state.has_succeeded(result):
        result = await _try_again(state, result, attempt)
    return state.finish(result, answer)


async def _fetch(
    shared: AsyncConnections,
    request: httpx.Request,
    timeouts: dict[str, float],
    is_late: Callable[[], bool],
) -> Answer:
    await shared.take_place(timeouts["pool"])
    return await _unbroken(_receive(shared, request, is_late))


async def _receive(
    shared: AsyncConnections, request: httpx.Request, is_late: Callable[[], bool]
) -> Answer:
    response = await _send(shared, request)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if is_late():
                raise TOO_LATE
        return read_answer(response, bytes(body))
    finally:
        await _close(shared, response)


async def _try_again(
    state: Call, first: Answer | Fault, attempt: Callable[[], Awaitable[Answer | Fault]]
) -> Answer | Fault:
    import tenacity  # most calls succeed at once and need none of it

    known = [first]

    async def next_result() -> Answer | Fault:
        return known.pop() if known else await attempt()

    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_result(state.wants_another),
        wait=lambda _: state.pause,
        sleep=asyncio.sleep,
    )
    return await retrying(next_result)


async def stream(
    pool: Pool,
    conversation: Generator[Effect[T], Reply, None],
    ask: Callable[[RequestSpec], Awaitable[bytes]],
) -> AsyncGenerator[T, None]:
    """Do what the conversation wants, and yield what it hands over."""
    given = pool.given is not None
    url = ""
    async with contextlib.AsyncExitStack() as connection:
        reply: Reply = None
        chunks: AsyncIterator[bytes] | None = None
        while True:
            try:
                effect = conversation.send(reply)
            except StopIteration:
                return
            reply = None
            if isinstance(effect, HandOver):
                for item in effect.items:
                    yield item
                continue
            try:
                if isinstance(effect, Open):
                    await connection.aclose()
                    url = effect.request.url
                    shared = await pool.async_connections("streams")
                    timeouts = effect.timeouts
                    request = make_request(
                        shared.client, effect.request, timeouts, given=given, is_stream=True
                    )
                    await shared.take_place(timeouts["pool"])
                    response = await _unbroken(_send(shared, request), partial(_close, shared))
                    connection.push_async_callback(_close, shared, response)
                    if is_event_stream(response):
                        compressed = is_compressed(response)
                        chunks = response.aiter_bytes() if compressed else response.aiter_raw()
                        reply = read_opened(response)
                    else:
                        await response.aread()
                        reply = read_answer(response, response.content)
                elif isinstance(effect, CloseAndWait):
                    await connection.aclose()
                    await asyncio.sleep(effect.seconds)
                elif isinstance(effect, CloseAndAsk):
                    await connection.aclose()
                    reply = await ask(effect.spec)
                elif chunks is not None:
                    reply = await anext(chunks, None)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                reply = make_fault(error, url, given=given)


async def _send(shared: AsyncConnections, request: httpx.Request) -> httpx.Response:
    try:
        # A given client may follow redirects, to wherever they lead, with the key.
        return await shared.client.send(request, stream=True, follow_redirects=False)
    except BaseException:
        shared.free_place()
        raise


async def _close(shared: AsyncConnections, response: httpx.Response) -> None:
    try:
        await response.aclose()
    finally:
        shared.free_place()


async def _unbroken(
    sending: Coroutine[Any, Any, R], discard: Callable[[R], Coroutine[Any, Any, None]] | None = None
) -> R:
    """Send a request so that being cancelled does not cost the pool a connection.

    httpx loses the connection of a request that is cancelled while it is sent. So the request,
    which has its place, runs to its end in a task of its own, within its time limits, and its
    connection goes back to the pool; `discard` gets what nobody waits for any more.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await shield(task)
    except asyncio.CancelledError:

        def on_end(task: asyncio.Future[R]) -> None:
            if not task.cancelled() and task.exception() is None and discard is not None:
                discarding = asyncio.ensure_future(discard(task.result()))
                _discarding.add(discarding)
                discarding.add_done_callback(_discarding.discard)

        task.add_done_callback(on_end)
        raise


# asyncio itself holds its tasks weakly.
_discarding: set[asyncio.Future[None]] = set()
