"""Calls by which agent code ends its block: what they take, and how the block ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xpander_client.agents.sandbox.results import Clarify, Continue, Control, Fail, Success


def bind_arguments(
    name: str, names: tuple[str, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> list[Any]:
    """Return the arguments in the order of these names, all of which have to be given.

    Raises:
        TypeError: one is missing, or is not one of these.
    """
    given = dict(zip(names, args, strict=False))
    unknown = kwargs.keys() - set(names)
    if len(args) > len(names) or unknown or given.keys() & kwargs.keys():
        raise TypeError(f"{name}() takes {', '.join(names)} and nothing else")
    given.update(kwargs)
    absent = [one for one in names if one not in given]
    if absent:
        raise TypeError(f"{name}() missing required argument: {absent[0]!r}")
    return [given[one] for one in names]


def make_control(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Control:
    """Return how a call of the control function of this name ends the block.

    Raises:
        TypeError: the arguments are not those that it takes.
    """
    match name:
        case "task_success":
            return (
                Success(*bind_arguments(name, ("result",), args, kwargs))
                if args or kwargs
                else (Success())
            )
        case "task_fail":
            return Fail(str(*bind_arguments(name, ("message",), args, kwargs)))
        case "task_clarify":
            return Clarify(str(*bind_arguments(name, ("message",), args, kwargs)))
        case "task_continue":
            return Continue((*args, *kwargs.values()))
        case _:
            raise AssertionError(f"{name} is one of CONTROLS, and nothing says how it ends a block")
