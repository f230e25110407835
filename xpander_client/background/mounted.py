"""Functions that were mounted as tasks: inspected once, started many times."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from xpander_client.core.signatures import read_signature

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_BY_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

_SUPPLIED = ("task_type", "task_id", "chat_key", "plugin")
"""Parameters that get what `start` was given under the same name."""


@attrs.frozen(eq=False)
class MountedTask:
    """A function that `task_type` starts. `restart` is for the record: may another process try?

    `supplies` are the parameters that get what `start` was given, each with the position from which
    on a positional argument takes its place. `simple` says, by the number of positional arguments,
    which keywords a call may have and which it must.
    """

    task_type: str
    function: Callable[..., Any]
    is_async: bool
    restart: bool
    signature: inspect.Signature | None
    supplies: tuple[tuple[str, int], ...]
    simple: Mapping[int, tuple[frozenset[str], frozenset[str]]]

    def bind(self, handle: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the keywords to call the function with, behind its `handle` and `args`.

        Raises:
            TypeError: the function cannot be called so.
        """
        keywords = kwargs
        for name, position in self.supplies:
            if position > len(args):
                if keywords is kwargs:
                    keywords = dict(kwargs)
                keywords[name] = getattr(handle, name)
        simple = self.simple.get(len(args))
        if simple is not None:
            accepted, needed = simple
            given = keywords.keys()
            if given <= accepted and needed <= given:
                return keywords
        if self.signature is not None:
            try:
                self.signature.bind(None, *args, **keywords)
            except TypeError as error:
                raise TypeError(
                    f"task {self.task_type!r} cannot be started with these arguments: {error}; "
                    f"its function takes {self.signature}"
                ) from None
        return keywords

    def drop_supplied(self, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keywords without those that were supplied."""
        supplied = {name for name, position in self.supplies if position > len(args)}
        return {name: value for name, value in keywords.items() if name not in supplied}


def inspect_function(task_type: str, function: Callable[..., Any], *, restart: bool) -> MountedTask:
    """Inspect how a function is called, to start it later.

    Raises:
        TypeError: it cannot be a task: it takes no handle.
    """
    signature = _read_signature(function)
    parameters = list(signature.parameters.values()) if signature is not None else []
    if signature is not None:
        first = parameters[0] if parameters else None
        if first is None or first.kind not in (*_BY_POSITION, inspect.Parameter.VAR_POSITIONAL):
            raise TypeError(
                f"the function of task {task_type!r} must take its handle as the first argument; "
                f"it takes {signature}"
            )
    supplies = tuple(
        (parameter.name, position if parameter.kind in _BY_POSITION else _EVER)
        for position, parameter in enumerate(parameters)
        if position > 0 and parameter.name in _SUPPLIED and parameter.kind in _BY_KEYWORD
    )
    return MountedTask(
        task_type=task_type,
        function=function,
        is_async=_is_async(function),
        restart=restart,
        signature=signature,
        supplies=supplies,
        simple=_simple(parameters),
    )


_EVER = 1 << 30


def _simple(
    parameters: list[inspect.Parameter],
) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
    """Return what calls are right; empty for functions where that is not as simple.

    `Signature.bind` finds out the same, and makes the start of a task half as long again (18 µs in
    place of 12 µs).
    """
    if any(
        parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD for parameter in parameters
    ):
        return {}
    names = [parameter.name for parameter in parameters]
    needed = {p.name for p in parameters if p.default is inspect.Parameter.empty}
    return {
        count: (frozenset(names[count + 1 :]), frozenset(needed.intersection(names[count + 1 :])))
        for count in range(len(names))
    }


def _read_signature(function: Callable[..., Any]) -> inspect.Signature | None:
    if not callable(function):
        raise TypeError(f"a task is a function, not {function!r}")
    try:
        return read_signature(function)
    except ValueError:
        # Of some functions written in C nothing is known. What is wrong shows when they run.
        return None


def _is_async(function: Any) -> bool:
    """Tell whether a function runs on the event loop, and not on a thread."""
    while isinstance(function, functools.partial):
        function = function.func
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        function = getattr(function, "__call__", function)  # noqa: B004  # the method is wanted
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
