"""Brings events and tokens to the handlers of a call, sync or async, whichever world it runs in."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

from xpander_client.agents.types.events import BaseEvent
from xpander_client.agents.types.tokens import StreamToken
from xpander_client.runtime.loop_thread import LoopThread
from xpander_client.runtime.loops import find_running_loop

_logger = logging.getLogger("xpander_client.agents")


class EventDelivery:
    """Hands each thing to its handler before the call goes on; what a handler raises is logged.

    `home` is the event loop of an async call: there handlers run on it, also when a thread has
    something to tell. Async handlers of a sync call run on a loop on a thread of their own.
    Sub-agents deliver through the same object.
    """

    def __init__(
        self,
        on_event: Callable[..., Any] | None,
        on_token: Callable[..., Any] | None,
        home: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._on_event = on_event
        self._on_token = on_token
        self._home = home
        self._handlers_loop = LoopThread("xpander-agents-handlers")
        self._late: list[Any] = []
        self._is_closed = False

    @property
    def wants_tokens(self) -> bool:
        """Whether somebody reads the model's answers while they are written."""
        return self._on_token is not None

    def event(self, event: BaseEvent) -> None:
        """Tell an event, from any thread but the home loop's."""
        if self._on_event is None:
            return
        if self._home is None:
            self._call(self._on_event, event)
        else:
            self._at_home(self._acall(self._on_event, event))

    async def aevent(self, event: BaseEvent) -> None:
        """Tell an event, on the home loop."""
        await self.asettle()
        if self._on_event is not None:
            await self._acall(self._on_event, event)

    def token(self, token: StreamToken) -> None:
        """Tell a token, from any thread; on the home loop an async handler is awaited later."""
        if self._on_token is None:
            return
        if self._home is None:
            self._call(self._on_token, token)
        elif self._is_at_home():
            result = self._call_guarded(self._on_token, token)
            if inspect.isawaitable(result):
                self._late.append(result)
        else:
            self._at_home(self._acall(self._on_token, token))

    async def asettle(self) -> None:
        """Await what async handlers of tokens have left, in order."""
        while self._late:
            await self._await_handler(self._late.pop(0))

    def close(self) -> None:
        """End the call's deliveries: nobody is told anything any more."""
        self._is_closed = True
        for left in self._late:
            if inspect.iscoroutine(left):
                left.close()
        self._handlers_loop.stop()

    def _is_at_home(self) -> bool:
        return find_running_loop() is self._home

    def _at_home(self, coroutine: Any) -> None:
        home = self._home
        if home is None or home.is_closed() or self._is_closed:
            coroutine.close()
            return
        told = asyncio.run_coroutine_threadsafe(coroutine, home)
        # A loop that was closed meanwhile leaves what it was given, and this thread with it.
        while not (told.done() or home.is_closed()):
            with suppress(TimeoutError, CancelledError):
                told.result(1.0)

    def _call(self, handler: Callable[..., Any], thing: object) -> None:
        result = self._call_guarded(handler, thing)
        if inspect.isawaitable(result):
            self._handlers_loop.submit(self._await_handler(result)).result()

    async def _acall(self, handler: Callable[..., Any], thing: object) -> None:
        result = self._call_guarded(handler, thing)
        if inspect.isawaitable(result):
            await self._await_handler(result)

    def _call_guarded(self, handler: Callable[..., Any], thing: object) -> Any:
        try:
            return handler(thing)
        except Exception as error:
            _complain(error)
            return None

    async def _await_handler(self, result: Any) -> None:
        try:
            await result
        except Exception as error:
            _complain(error)


def _complain(error: Exception) -> None:
    _logger.error("a handler of events or tokens failed; the task goes on", exc_info=error)
