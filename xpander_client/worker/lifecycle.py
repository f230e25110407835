"""What a worker program does before its first task and after its last one."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

from xpander_client.configuration import Configuration
from xpander_client.core.result import error_text
from xpander_client.errors import ModuleException
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.attempts.trace import make_exc_info

_logger = logging.getLogger("xpander_client.worker")

_LifecycleHandler = Callable[[], Awaitable[None] | None]

H = TypeVar("H", bound=_LifecycleHandler)

_boot: list[_LifecycleHandler] = []
_shutdown: list[_LifecycleHandler] = []


@overload
def on_boot(function: H, /) -> H: ...


@overload
def on_boot(*, configuration: Configuration | None = None) -> Callable[[H], H]: ...


def on_boot(
    function: H | None = None, /, *, configuration: Configuration | None = None
) -> H | Callable[[H], H]:
    """Have a function called when a worker starts, before it takes tasks; it comes back unchanged.

    It takes no parameters, and may be sync, which then runs on a thread, or async. Every worker of
    the process calls those that are registered, one after the other, whatever its configuration:
    `configuration` is taken so that programs written for the official client run as they are. When
    a function raises, the worker does not start.

    Example:
        >>> @on_boot
        ... async def connect() -> None:
        ...     print("connected")
    """
    return _registering(_boot, function)


@overload
def on_shutdown(function: H, /) -> H: ...


@overload
def on_shutdown(*, configuration: Configuration | None = None) -> Callable[[H], H]: ...


def on_shutdown(
    function: H | None = None, /, *, configuration: Configuration | None = None
) -> H | Callable[[H], H]:
    """Have a function called when a worker ends, behind its last task; it comes back unchanged.

    It takes no parameters, and may be sync, which then runs on a thread, or async. They are called
    in the order of their registration, also when the start failed; when one raises, it is logged,
    and the next one is called. `configuration` is as for `on_boot`.

    Example:
        >>> @on_shutdown
        ... def disconnect() -> None:
        ...     print("disconnected")
    """
    return _registering(_shutdown, function)


def _registering(handlers: list[_LifecycleHandler], function: H | None) -> H | Callable[[H], H]:
    def register(function: H) -> H:
        handlers.append(function)
        return function

    return register if function is None else register(function)


async def run_boot_handlers() -> None:
    """Call the boot handlers.

    Raises:
        ModuleException: one failed; its exception is the cause.
    """
    for handler in _boot:
        try:
            await _call(handler)
        except Exception as error:
            where = make_exc_info(error)
            _logger.error("the boot handler %s() failed", _name_function(handler), exc_info=where)
            raise ModuleException(
                None, f"the boot handler {_name_function(handler)}() failed: {error_text(error)}"
            ) from error


async def run_shutdown_handlers() -> None:
    """Call the shutdown handlers, and log those that fail."""
    for handler in _shutdown:
        try:
            await _call(handler)
        except Exception as error:
            where = make_exc_info(error)
            _logger.error(
                "the shutdown handler %s() failed", _name_function(handler), exc_info=where
            )


async def _call(handler: _LifecycleHandler) -> None:
    if inspect.iscoroutinefunction(handler):
        await handler()
        return
    # On a thread of its own: handlers of tasks may have left all others with work without an end.
    threads = HandlerThreads(1)
    try:
        answer = await threads.call(lambda _: handler(), None)
    finally:
        threads.close()
    if inspect.isawaitable(answer):
        await answer


def _name_function(handler: _LifecycleHandler) -> str:
    return getattr(handler, "__qualname__", None) or type(handler).__qualname__
