"""Call functions of the user's, sync or async ones, from sync or async code."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from xpander_client.core.steps import AskEither, Steps, is_async
from xpander_client.errors import ArgumentError


def call_tool(function: Callable[..., Any], **arguments: Any) -> Steps[Any]:
    """Call a tool's function. In async code a sync one runs on a thread, so as not to block the
    loop; in sync code an async one runs on a loop that all tools share.
    """
    ask = AskEither(
        partial(_call, function, **arguments), partial(_acall_tool, function, arguments)
    )
    return (yield ask)


def call_hook(function: Callable[..., Any], *arguments: Any) -> Steps[Any]:
    """Call a hook. In async code a sync one is called on the loop: it may begin tasks there, and
    set context variables for the tool.
    """
    ask = AskEither(partial(_call, function, *arguments), partial(_acall_hook, function, arguments))
    return (yield ask)


def _call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    value = function(*arguments, **named)
    return _wait(function, value) if inspect.isawaitable(value) else value


def _wait(function: Callable[..., Any], value: Awaitable[Any]) -> Any:
    from xpander_client.tools.async_functions import (
        loop,
    )  # with asyncio, which sync tools don't need

    if loop.is_current:  # the loop would wait for itself
        if inspect.iscoroutine(value):
            value.close()
        name = getattr(function, "__name__", repr(function))
        raise ArgumentError(
            f"{name} is async, and was called by sync code within an async tool or hook: "
            "there use the form of the call that begins with an a"
        )

    async def wait() -> Any:
        return await value

    return loop.submit(wait()).result()


async def _acall_tool(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    import asyncio

    if is_async(function):
        return await function(**arguments)
    value = await asyncio.to_thread(function, **arguments)
    # A plain function around an async one, as decorators make them.
    return await value if inspect.isawaitable(value) else value


async def _acall_hook(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    value = function(*arguments)
    return await value if inspect.isawaitable(value) else value
