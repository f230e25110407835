"""What a plugin has called when it comes and when it goes."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any

from xpander_client.runtime.shielding import shield

Callback = Callable[[], Any]
"""Takes nothing, and may be sync or async."""

_logger = logging.getLogger("xpander_client.background")

_opening: ContextVar[PluginCallbacks | None] = ContextVar("opening", default=None)
"""Whose callbacks it is that called this code: what these start must not wait for them."""

# An asyncio task that nobody holds may be collected before it is done.
_calling: set[asyncio.Task[None]] = set()


class PluginCallbacks:
    """The callbacks of one plugin, which are called once each time that it comes or goes.

    Of those that prepare it the first error is the caller's; of the others each is logged, and the
    next one is called.
    """

    def __init__(self, plugin: str) -> None:
        self.is_due = False
        """Whether there is something to call before anything else of the plugin runs."""
        self._plugin = plugin
        self._preparing: list[Callback] = []
        self._enabled: list[Callback] = []
        self._due_preparing: list[Callback] = []
        self._due_enabled: list[Callback] = []
        self._disabled: list[Callback] = []
        self._cleaning: list[Callback] = []
        self._lock = threading.Lock()
        self._opened: Future[None] | None = None

    def on_open(self, callback: Callback, *, prepares: bool) -> None:
        """Call it when the plugin comes; what prepares the plugin is called before the others."""
        with self._lock:
            (self._preparing if prepares else self._enabled).append(callback)
            (self._due_preparing if prepares else self._due_enabled).append(callback)
            self.is_due = True

    def on_close(self, callback: Callback, *, is_last: bool) -> None:
        """Call it when the plugin goes, before its tasks are stopped, or when they have ended."""
        (self._cleaning if is_last else self._disabled).append(callback)

    async def open(self) -> None:
        """Call what is due, and come back when it has returned, whoever called it.

        Raises:
            Exception: what a callback raised that prepares the plugin; the next one who comes has
                it called again.
        """
        if not self.is_due or _opening.get() is self:
            return
        with self._lock:
            is_first = self._opened is None
            opened = self._opened = self._opened or Future()
        if is_first:
            calling = asyncio.get_running_loop().create_task(self._call_due(opened))
            _calling.add(calling)
            calling.add_done_callback(_calling.discard)
        # One who is cancelled leaves the others waiting.
        await shield(asyncio.wrap_future(opened))

    async def disable(self) -> None:
        """Call what is to be called while the tasks of the plugin still run."""
        await self._call_all(self._disabled, "a cleanup")

    async def close(self) -> None:
        """Call what is to be called in the end; what prepares the plugin is due again."""
        await self._call_all(self._cleaning, "a cleanup")
        with self._lock:
            self._opened = None
            self._due_preparing, self._due_enabled = [*self._preparing], [*self._enabled]
            self.is_due = bool(self._preparing or self._enabled)

    async def _call_due(self, opened: Future[None]) -> None:
        _opening.set(self)
        try:
            while self._has_more(opened):
                if preparing := self._due_preparing:
                    await _call(preparing[0])
                    del preparing[0]
                else:
                    await self._call_all([self._due_enabled.pop(0)], "what on_enabled registered")
        except BaseException as error:
            with self._lock:
                if self._opened is opened:
                    self._opened = None
            if isinstance(error, Exception):
                opened.set_exception(error)
                return
            opened.set_exception(RuntimeError("its event loop ended while the plugin was prepared"))
            raise
        opened.set_result(None)

    def _has_more(self, opened: Future[None]) -> bool:
        with self._lock:
            if self._opened is not opened:
                return False  # the plugin went meanwhile: what is due is for the next time
            self.is_due = bool(self._due_preparing or self._due_enabled)
            if not self.is_due:
                self._opened = None
            return self.is_due

    async def _call_all(self, callbacks: list[Callback], what: str) -> None:
        for callback in callbacks:
            try:
                await _call(callback)
            except Exception as error:
                _logger.error("plugin %s: %s failed", self._plugin, what, exc_info=error)


async def _call(callback: Callback) -> None:
    answer = callback()
    if inspect.isawaitable(answer):
        await answer
