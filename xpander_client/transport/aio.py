"""The async driver. It does I/O and nothing else, and reads as the same text as `sync`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import TypeVar

from xpander_client.core.answer import Answer, Fault, Response
from xpander_client.core.call import Call
from xpander_client.core.redirect import follow_redirect
from xpander_client.core.requests import RequestSpec
from xpander_client.core.stream import (
    CloseAndAsk,
    CloseAndWait,
    Effect,
    HandOver,
    Open,
    Reply,
    read_head,
)
from xpander_client.transport.pool import Pool
from xpander_client.transport.wire import AsyncOpening, WireError

T = TypeVar("T")


async def call(pool: Pool, state: Call, answer: type[T] | None) -> Response[T]:
    """Make a call, with as many attempts as `state` wants."""

    async def attempt() -> Answer | Fault:
        timeouts = state.begin()
        request = state.request
        try:
            shared = await pool.async_connections("calls")
            answer = await shared.wire.fetch(request, timeouts, state.is_late)
            while not answer.is_success and (other := follow_redirect(request, answer)) is not None:
                request = other
                answer = await shared.wire.fetch(request, state.limits(), state.is_late)
            return answer
        except WireError as error:
            return error.fault

    result = await attempt()
    if not state.has_succeeded(result):
        result = await _try_again(state, result, attempt)
    return state.finish(result, answer)


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
    async with contextlib.AsyncExitStack() as connection:
        reply: Reply = None
        opening: AsyncOpening | None = None
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
                    shared = await pool.async_connections("streams")
                    opening = await shared.wire.open(effect.request, effect.timeouts)
                    connection.push_async_callback(opening.aclose)
                    reply = read_head(opening.status_code, opening.headers)
                    if reply is None:
                        reply = await _read_answer(opening)
                elif isinstance(effect, CloseAndWait):
                    await connection.aclose()
                    await asyncio.sleep(effect.seconds)
                elif isinstance(effect, CloseAndAsk):
                    await connection.aclose()
                    reply = await ask(effect.spec)
                elif opening is not None:
                    reply = await opening.read()
            except WireError as error:
                reply = error.fault


async def _read_answer(opening: AsyncOpening) -> Answer:
    body = bytearray()
    while (part := await opening.read()) is not None:
        body += part
    return Answer(opening.status_code, opening.headers, bytes(body))
