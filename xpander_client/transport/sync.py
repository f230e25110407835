"""The sync driver. It does I/O and nothing else, and reads as the same text as `aio`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from xpander_client.core.answer import Answer, Fault, Response
from xpander_client.core.call import Call
from xpander_client.core.redirect import follow_redirect
from xpander_client.core.requests import RequestSpec
from xpander_client.core.retry import Fate
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
from xpander_client.transport.wire import Opening, WireError

T = TypeVar("T")


def call(pool: Pool, state: Call, answer: type[T] | None) -> Response[T]:
    """Make a call, with as many attempts as `state` wants."""

    def attempt() -> Answer | Fault:
        timeouts = state.begin()
        request = state.request
        try:
            shared = pool.connections("calls")
            answer = shared.wire.fetch(request, timeouts, state.is_late)
            while not answer.is_success and (other := follow_redirect(request, answer)) is not None:
                request = other
                answer = shared.wire.fetch(request, state.limits(), state.is_late)
            return answer
        except WireError as error:
            return error.fault

    result = attempt()
    if not state.has_succeeded(result):
        result = _try_again(state, result, attempt)
    return state.finish(result, answer)


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
    with contextlib.ExitStack() as connection:
        reply: Reply = None
        opening: Opening | None = None
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
                    process = os.getpid()
                    shared = pool.connections("streams")
                    opening = shared.wire.open(effect.request, effect.timeouts)
                    connection.callback(opening.close)
                    reply = read_head(opening.status_code, opening.headers)
                    if reply is None:
                        reply = _read_answer(opening)
                elif isinstance(effect, CloseAndWait):
                    connection.close()
                    time.sleep(effect.seconds)
                elif isinstance(effect, CloseAndAsk):
                    connection.close()
                    reply = ask(effect.spec)
                elif os.getpid() != process:
                    # The parent reads on from this connection, so it can't even be closed here.
                    connection.pop_all()
                    reply = Fault("the process was forked", Fate.UNKNOWN)
                elif opening is not None:
                    reply = opening.read()
            except WireError as error:
                reply = error.fault


def _read_answer(opening: Opening) -> Answer:
    body = bytearray()
    while (part := opening.read()) is not None:
        body += part
    return Answer(opening.status_code, opening.headers, bytes(body))
