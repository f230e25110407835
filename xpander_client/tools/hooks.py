"""Hooks: functions of the user's that are called before and after each run of a tool."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, overload

from xpander_client.configuration import Configuration
from xpander_client.core.steps import Steps
from xpander_client.errors import ArgumentError
from xpander_client.lacking import refuse_attributes
from xpander_client.tools.calling import call_hook

F = TypeVar("F", bound=Callable[..., Any])

_logger = logging.getLogger("xpander_client.tools")


class ToolHooksRegistry:
    """The hooks of this process, in the order in which they were registered.

    The decorators below are the usual way in.
    """

    _before_hooks: ClassVar[list[Callable[..., Any]]] = []
    _after_hooks: ClassVar[list[Callable[..., Any]]] = []
    _error_hooks: ClassVar[list[Callable[..., Any]]] = []

    @classmethod
    def register_before_hook(cls, hook: Callable[..., Any]) -> None:
        """Call `hook` before each run of a tool."""
        cls._before_hooks.append(_check(hook))

    @classmethod
    def register_after_hook(cls, hook: Callable[..., Any]) -> None:
        """Call `hook` after each run of a tool that did not fail."""
        cls._after_hooks.append(_check(hook))

    @classmethod
    def register_error_hook(cls, hook: Callable[..., Any]) -> None:
        """Call `hook` after each run of a tool that failed."""
        cls._error_hooks.append(_check(hook))

    @classmethod
    def clear(cls) -> None:
        """Forget all hooks, as tests may want to."""
        cls._before_hooks.clear()
        cls._after_hooks.clear()
        cls._error_hooks.clear()

    @classmethod
    def has_hooks(cls) -> bool:
        """Tell whether there is any hook."""
        return bool(cls._before_hooks or cls._after_hooks or cls._error_hooks)

    @classmethod
    def call_before(cls, *arguments: Any) -> Steps[None]:
        """Call the hooks that come before a run."""
        return _call_each("before", cls._before_hooks, arguments)

    @classmethod
    def call_after(cls, *arguments: Any) -> Steps[None]:
        """Call the hooks that come after a run which did not fail."""
        return _call_each("after", cls._after_hooks, arguments)

    @classmethod
    def call_error(cls, *arguments: Any) -> Steps[None]:
        """Call the hooks that come after a run which failed."""
        return _call_each("error", cls._error_hooks, arguments)


refuse_attributes(
    ToolHooksRegistry, "execute_after_hooks", "execute_before_hooks", "execute_error_hooks"
)


def _call_each(
    when: str, hooks: list[Callable[..., Any]], arguments: tuple[Any, ...]
) -> Steps[None]:
    for hook in tuple(hooks):
        try:
            yield from call_hook(hook, *arguments)
        except Exception as error:
            # Hooks look on: what they do wrong costs neither the tool nor the hooks behind them.
            name = getattr(hook, "__name__", repr(hook))
            _logger.error("the %s hook %s failed", when, name, exc_info=error)


def _check(hook: Callable[..., Any]) -> Callable[..., Any]:
    if not callable(hook):
        raise ArgumentError(f"a hook is a function, not {type(hook).__name__}")
    return hook


@overload
def on_tool_before(_func: F) -> F: ...
@overload
def on_tool_before(
    _func: None = None, *, configuration: Configuration | None = None
) -> Callable[[F], F]: ...
def on_tool_before(
    _func: F | None = None, *, configuration: Configuration | None = None
) -> F | Callable[[F], F]:
    """Have a function called before each run of a tool, whoever asks for the run.

    It is called as `hook(tool, payload, payload_extension, tool_call_id, agent_version)`, and may
    be sync or async. Hooks are called in the order in which they were registered. What a hook
    changes in the payload is what the tool gets. One that raises is logged, and holds nothing up.

    Args:
        _func: The function, where the decorator stands without parentheses.
        configuration: Taken for programs that pass it; hooks hear of tools of all configurations.

    Returns:
        The function, unchanged.

    Example:
        >>> @on_tool_before
        ... def announce(tool, payload, payload_extension, tool_call_id, agent_version):
        ...     print(f"{tool.name} gets {payload}")
    """
    return _decorate(_func, ToolHooksRegistry.register_before_hook)


@overload
def on_tool_after(_func: F) -> F: ...
@overload
def on_tool_after(
    _func: None = None, *, configuration: Configuration | None = None
) -> Callable[[F], F]: ...
def on_tool_after(
    _func: F | None = None, *, configuration: Configuration | None = None
) -> F | Callable[[F], F]:
    """Have a function called after each run of a tool that did not fail.

    It is called as `hook(tool, payload, payload_extension, tool_call_id, agent_version, result)`;
    the rest is as for `on_tool_before`. What it changes in the result is what the caller gets.

    Args:
        _func: The function, where the decorator stands without parentheses.
        configuration: Taken for programs that pass it; hooks hear of tools of all configurations.

    Returns:
        The function, unchanged.

    Example:
        >>> @on_tool_after
        ... async def count(tool, payload, payload_extension, tool_call_id, agent_version, result):
        ...     print(f"{tool.name} gave {result}")
    """
    return _decorate(_func, ToolHooksRegistry.register_after_hook)


@overload
def on_tool_error(_func: F) -> F: ...
@overload
def on_tool_error(
    _func: None = None, *, configuration: Configuration | None = None
) -> Callable[[F], F]: ...
def on_tool_error(
    _func: F | None = None, *, configuration: Configuration | None = None
) -> F | Callable[[F], F]:
    """Have a function called after each run of a tool that failed.

    It is called as `hook(tool, payload, payload_extension, tool_call_id, agent_version, error)`;
    the rest is as for `on_tool_before`. `error` is the exception.

    Args:
        _func: The function, where the decorator stands without parentheses.
        configuration: Taken for programs that pass it; hooks hear of tools of all configurations.

    Returns:
        The function, unchanged.

    Example:
        >>> @on_tool_error
        ... def warn(tool, payload, payload_extension, tool_call_id, agent_version, error):
        ...     print(f"{tool.name} failed: {error}")
    """
    return _decorate(_func, ToolHooksRegistry.register_error_hook)


def _decorate(
    function: F | None, register: Callable[[Callable[..., Any]], None]
) -> F | Callable[[F], F]:
    def decorate(function: F) -> F:
        register(function)
        return function

    return decorate if function is None else decorate(function)
