"""The tools that a platform runs itself: functions of the program that started it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ..core.convert import dumps
from ..errors import ArgumentError, ConfigurationError
from .refusal import Refusal

__all__ = ["Tool", "Tools"]

Tool = Callable[..., Any]
"""Takes the payload's fields as keywords and returns what has a JSON form. Sync or async."""

logger = logging.getLogger(__name__)


class Tools:
    """Tools by their ids. Sync ones run in threads, async ones on the platform's event loop.

    Raises:
        ConfigurationError: one is no function whose parameters can be known.
    """

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = dict(tools)
        self._signatures: dict[str, inspect.Signature] = {}
        for tool_id, tool in tools.items():
            try:
                self._signatures[tool_id] = inspect.signature(tool)
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"the tool {tool_id}: {error}") from None

    def runs(self, tool_id: str) -> bool:
        """Whether there is a function for the tool."""
        return tool_id in self._tools

    async def call(self, tool_id: str, payload: Mapping[str, Any], *, dry: bool = False) -> bytes:
        """What the tool returns, as JSON; null for a `dry` run, which checks and does nothing.

        Raises:
            Refusal: 404, nothing runs this tool; 422, it takes no such payload; 424, it failed.
        """
        tool = self._tools.get(tool_id)
        if tool is None:
            raise Refusal(
                404, f"the tool {tool_id} is described, but nothing on this platform runs it"
            )
        try:
            self._signatures[tool_id].bind(**payload)
        except TypeError as error:
            raise Refusal(422, f"the tool {tool_id} can't be called so: {error}", "$") from None
        if dry:
            return dumps(None)
        try:
            if inspect.iscoroutinefunction(tool):
                result = await tool(**payload)
            else:
                result = await asyncio.to_thread(tool, **payload)
                if inspect.isawaitable(result):
                    result = await result
        except Exception as error:
            # Whoever wrote the tool wants the whole story, the model only the end of it.
            logger.warning("the tool %s failed", tool_id, exc_info=error)
            text = str(error) or type(error).__name__
            raise Refusal(424, f"the tool {tool_id} failed: {text}") from error
        try:
            return dumps(result)
        except ArgumentError as error:
            raise Refusal(424, f"the tool {tool_id} gave no JSON: {error}") from error
