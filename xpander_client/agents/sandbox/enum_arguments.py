"""Enums among the arguments of host functions.

An enum of texts or numbers is a text or a number in agent code. A function whose annotation asks
for the enum gets it.
"""

from __future__ import annotations

import inspect
from enum import Enum
from types import FunctionType
from typing import Any, get_args, get_type_hints
from weakref import WeakKeyDictionary

from xpander_client.agents.contract.validation import Check, Misfit

_checks: WeakKeyDictionary[Any, dict[str, Check]] = WeakKeyDictionary()


def restore_enums(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Put enums for the values of enums among the arguments, where the function's annotations ask.

    What fits no annotation stays as it is: it is the function's to say.
    """
    checks = _enum_checks(getattr(function, "__func__", function))
    if not checks:
        return args, kwargs
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return args, kwargs
    for name in bound.arguments.keys() & checks.keys():
        try:
            bound.arguments[name] = checks[name](bound.arguments[name])
        except Misfit:
            continue
    return bound.args, bound.kwargs


def _enum_checks(function: Any) -> dict[str, Check]:
    """Make the checks of the parameters whose annotation has an enum in it, by their names."""
    if not isinstance(function, (FunctionType, type)):
        return {}
    known = _checks.get(function)
    if known is None:
        known = _checks[function] = _make_checks(function)
    return known


def _make_checks(function: Any) -> dict[str, Check]:
    described = vars(function).get("__init__") if isinstance(function, type) else function
    try:
        hints = get_type_hints(described, include_extras=True)
        return {name: Check.of(hint) for name, hint in hints.items() if _has_enum(hint)}
    except Exception:  # what stands there is the author's, and may be anything
        return {}


def _has_enum(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return True
    return any(_has_enum(one) for one in get_args(annotation))
