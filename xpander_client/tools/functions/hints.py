"""The annotations of functions and classes, found out one by one."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable
from typing import Any

from xpander_client.core.signatures import read_annotations


def read_hints(of: Callable[..., Any] | type) -> dict[str, Any]:
    """Return what the annotations of a function, or of a class with its bases, mean.

    One that names what is not there at run time is left out, and costs the others nothing.
    """
    hints: dict[str, Any] = {}
    for owner in reversed(of.__mro__) if isinstance(of, type) else [_unwrap(of)]:
        module = sys.modules.get(getattr(owner, "__module__", None) or "")
        names = getattr(owner, "__globals__", vars(module) if module is not None else {})
        # A field may be called like its type: the module's names come before those of a class.
        own = dict(vars(owner)) if isinstance(owner, type) else names
        for name, annotation in read_annotations(owner).items():
            holder = types.SimpleNamespace(__annotations__={"it": annotation})
            try:
                hints[name] = typing.get_type_hints(holder, own, names, include_extras=True)["it"]
            except Exception:  # an annotation may run anything
                hints.pop(name, None)
    return hints


def _unwrap(function: Any) -> Any:
    function = inspect.unwrap(function)
    if not inspect.isroutine(function):
        function = type(function).__call__
    return getattr(function, "__func__", function)
