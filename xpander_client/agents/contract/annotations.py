"""Annotations of a function: found out late if need be, and written as a person would."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping
from types import FrameType, FunctionType
from typing import Any

from xpander_client.errors import ArgumentError


def find_enclosing_names(function: FunctionType) -> dict[str, Any]:
    """Find the names of the functions and classes that `function` is being defined in, inner ones
    first.

    Annotations that are texts may name a class that only exists in there. Only a frame on the way
    to the caller that really encloses the function is looked at.
    """
    scope, _, _ = function.__qualname__.rpartition(".")
    scopes = set()
    while scope:
        scopes.add(scope.removesuffix(".<locals>"))
        scope, _, _ = scope.rpartition(".")
    names: dict[str, Any] = {}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and scopes:
        if frame.f_globals is function.__globals__ and frame.f_code.co_qualname in scopes:
            scopes.discard(frame.f_code.co_qualname)
            names = {**frame.f_locals, **names}
        frame = frame.f_back
    return names


def resolve_annotation(
    annotation: Any, function: FunctionType, names: Mapping[str, Any], *, of: str
) -> Any:
    """Return the type that an annotation means, also where it is a text or has texts in it.

    Raises:
        ArgumentError: It names something that does not exist; `of` says whose annotation it is.
    """
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(
            holder, function.__globals__, dict(names), include_extras=True
        )["it"]
    except Exception as error:
        raise ArgumentError(
            f"The annotation of {of} of task '{function.__name__}', {annotation!r}, "
            f"can't be understood: {error}"
        ) from error


def write_type(annotation: Any) -> str:
    """Write an annotation without the modules that its classes are from.

    Example:
        >>> import datetime
        >>> write_type(dict[str, list[datetime.date] | None])
        'dict[str, list[date] | None]'
    """
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is Ellipsis:
        return "..."
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, list):  # the arguments of a Callable
        return f"[{', '.join(map(write_type, annotation))}]"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return write_type(arguments[0])
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is typing.Union or origin is types.UnionType:
        return " | ".join(map(write_type, arguments))
    if origin is not None and arguments:
        return f"{_name(origin)}[{', '.join(map(write_type, arguments))}]"
    return _name(annotation)


def _name(annotation: Any) -> str:
    for attribute in ("__qualname__", "__name__", "__forward_arg__"):
        name = getattr(annotation, attribute, None)
        if isinstance(name, str):
            return name.rpartition("<locals>.")[2]
    return str(annotation).removeprefix("typing.")
