"""The tools that a platform runs itself: functions of the program that started it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable, Container, Mapping
from typing import Any, TypeVar

from xpander_client.core.result import dumps_anyway, error_text
from xpander_client.core.signatures import read_signature
from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.errors import HttpError

Tool = Callable[..., Any]
"""Takes the payload's fields as keywords; what it returns is told as JSON, as well as may be. Sync
or async.
"""

T = TypeVar("T")

_logger = logging.getLogger(__name__)


AT_ONCE = 16
"""How many calls of one sync tool may be under way: one that hangs leaves threads to the others."""


class Tools:
    """Tools by their ids. Sync ones run in threads, async ones on the platform's event loop.

    An answer has `timeout` seconds, and may not be larger than `limit` bytes. A sync tool that
    takes longer runs on, but neither the platform nor the process waits for its end.

    Raises:
        ConfigurationError: one is no function whose parameters can be known.
    """

    def __init__(self, tools: Mapping[str, Tool], *, timeout: float, limit: int) -> None:
        self._tools = dict(tools)
        self._timeout = timeout
        self._limit = limit
        self._places = {tool_id: asyncio.Semaphore(AT_ONCE) for tool_id in tools}
        self._signatures: dict[str, inspect.Signature] = {}
        for tool_id, tool in tools.items():
            try:
                self._signatures[tool_id] = read_signature(tool)
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"the tool {tool_id}: {error}") from None

    def runs(self, tool_id: str) -> bool:
        """Whether there is a function for the tool."""
        return tool_id in self._tools

    def list_parameters(self, tool_id: str) -> Container[str]:
        """Return the names of the parameters of a tool's function; none where there is none."""
        signature = self._signatures.get(tool_id)
        return signature.parameters if signature is not None else ()

    async def call(self, tool_id: str, payload: Mapping[str, Any], *, dry: bool = False) -> bytes:
        """Return what the tool returns, as JSON; null for a `dry` run, which checks and does
        nothing.

        Raises:
            HttpError: 404, nothing runs this tool; 422, it takes no such payload; 424, it failed.
        """
        tool = self._tools.get(tool_id)
        if tool is None:
            raise HttpError(
                404, f"the tool {tool_id} is described, but nothing on this platform runs it"
            )
        try:
            self._signatures[tool_id].bind(**payload)
        except TypeError as error:
            raise HttpError(422, f"the tool {tool_id} can't be called so: {error}", "$") from None
        if dry:
            return b"null"
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                body = await self._answer(tool_id, tool, payload)
        except Exception as error:
            if limit.expired():
                how = f"did not answer within {self._timeout:g} s, and may still be at it"
                raise HttpError(424, f"the tool {tool_id} {how}") from None
            # Whoever wrote the tool wants the whole story, the model only the end of it.
            _logger.warning("the tool %s failed", tool_id, exc_info=error)
            raise HttpError(424, f"the tool {tool_id} failed: {error_text(error)}") from error
        if len(body) > self._limit:
            raise HttpError(424, f"the tool {tool_id} answered with more than {self._limit} bytes")
        return body

    async def _answer(self, tool_id: str, tool: Tool, payload: Mapping[str, Any]) -> bytes:
        if inspect.iscoroutinefunction(tool):
            return dumps_anyway(await tool(**payload))
        place = self._places[tool_id]
        await place.acquire()
        result = await _on_a_thread(lambda: _call(tool, payload), place.release)
        return result if isinstance(result, bytes) else dumps_anyway(await result)


def _call(tool: Tool, payload: Mapping[str, Any]) -> bytes | Awaitable[Any]:
    """Call the tool, and return its result as JSON, or what has to be awaited for it."""
    result = tool(**payload)
    return result if inspect.isawaitable(result) else dumps_anyway(result)


async def _on_a_thread(call: Callable[[], T], ended: Callable[[], None]) -> T:
    """Make the call on a daemon thread of its own; `ended` is called at its end, also when nobody
    waits for that any more.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: T | None, error: BaseException | None) -> None:
        ended()
        if answer.done():
            return
        if error is None:
            answer.set_result(result)  # type: ignore[arg-type]  # a T, as there is no error
        else:
            answer.set_exception(error)

    def work() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = context.run(call)
        except StopIteration as stop:  # a future can't hold one
            error = RuntimeError(f"StopIteration: {stop}")
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name="xpander-tool", daemon=True).start()
    return await answer
