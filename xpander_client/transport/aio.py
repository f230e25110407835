"""The async driver. It does I/O and nothing else, and reads as the same text as `sync`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from typing import TypeVar

import httpx

from xpander_client.core.answer import Answer, Fault, Response
from xpander_client.core.call import Call
from xpander_client.core.plan import RequestPlan
from xpander_client.core.stream import Ask, Effect, HandOver, Open, Opened, Pause, Reply

from .pool import Pool
from .wire import answer_of, fault_of, is_event_stream, request_of

__all__ = ["call", "stream"]

T = TypeVar("T")


async def call(pool: Pool, state: Call, answer: type[T] | None) -> Response[T]:
    """Make a call, with as many attempts as `state` wants."""

    async def attempt() -> Answer | Fault:
        timeouts = state.begin()
        client = await pool.async_client()
        request = request_of(client, state.request, timeouts, given=pool.given is not None)
        try:
            return answer_of(await _send(client, request))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return fault_of(error)

    result = await attempt()
    if not state.has_succeeded(result):
        result = await _tried_again(state, result, attempt)
    return state.finish(result, answer)


async def _tried_again(
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
    ask: Callable[[RequestPlan], Awaitable[bytes]],
) -> AsyncGenerator[T, None]:
    """Do what the conversation wants, and yield what it hands over."""
    async with contextlib.AsyncExitStack() as connection:
        reply: Reply = None
        chunks: AsyncIterator[bytes]
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
                    client = await pool.async_client()
                    request = request_of(
                        client, effect.request, effect.timeouts, given=pool.given is not None
                    )
                    response = await _send(client, request, stream=True)
                    connection.push_async_callback(response.aclose)
                    if is_event_stream(response):
                        chunks = response.aiter_raw()
                        reply = Opened()
                    else:
                        await response.aread()
                        reply = answer_of(response)
                elif isinstance(effect, Pause):
                    await connection.aclose()
                    await asyncio.sleep(effect.seconds)
                elif isinstance(effect, Ask):
                    await connection.aclose()
                    reply = await ask(effect.plan)
                else:
                    reply = await anext(chunks, None)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                reply = fault_of(error)


async def _send(
    client: httpx.AsyncClient, request: httpx.Request, *, stream: bool = False
) -> httpx.Response:
    """Send a request so that being cancelled does not cost the pool a connection.

    httpx loses the connection of a request that is cancelled while it waits or is sent. So the
    request runs to its end in a task of its own, within its time limits, and its connection goes
    back to the pool.
    """
    sending = asyncio.ensure_future(client.send(request, stream=stream))
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError:
        sending.add_done_callback(_discard)
        raise


_closing: set[asyncio.Task[None]] = set()


def _discard(sending: asyncio.Future[httpx.Response]) -> None:
    if sending.cancelled() or sending.exception() is not None:
        return
    closing = asyncio.ensure_future(sending.result().aclose())
    _closing.add(closing)
    closing.add_done_callback(_closing.discard)
