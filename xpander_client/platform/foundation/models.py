"""Values against the models of the contract: their types, their bounds, and the values known."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import attrs

from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.serialization import structure
from xpander_client.platform.foundation.bounds import fault
from xpander_client.platform.foundation.errors import HttpError

T = TypeVar("T")


def check_model(value: Any, model: type[T], at: str = "$", *, known_values_only: bool = True) -> T:
    """Check the value against a model of the contract, and return it as that. The value itself is
    what gets stored.

    Raises:
        HttpError: 422, it isn't one, or is out of bounds; the path says where.
    """
    try:
        made = structure(value, model)
    except ConversionError as error:
        path = at + error.path.removeprefix("$")
        raise HttpError(422, f"expected {error.expected}, got {error.got}", path) from None
    _examine(made, at, known_values_only)
    return made


def _examine(made: Any, path: str, known_values_only: bool) -> None:
    """Refuse what is out of bounds, and enum values that the contract doesn't list. Clients have to
    bear with new ones; a platform that took them in would hand them to clients that can't.
    """
    if isinstance(made, OpenStrEnum):
        if known_values_only and not made.is_known:
            raise HttpError(
                422, f"{str(made)!r} is not one of the values that are known here", path
            )
    elif isinstance(made, list):
        if any(_leads_on(kind, known_values_only) for kind in set(map(type, made))):
            for index, item in enumerate(made):
                _examine(item, f"{path}[{index}]", known_values_only)
    else:
        for name, wire, bounds in _to_look_at(made.__class__, known_values_only):
            value = getattr(made, name)
            if value is None:
                continue
            if bounds is None:
                _examine(value, f"{path}.{wire}", known_values_only)
            elif (expected := fault(value, bounds)) is not None:
                raise HttpError(422, expected, f"{path}.{wire}")


@cache
def _to_look_at(
    model: Any, enums: bool, above: frozenset[Any] = frozenset()
) -> tuple[tuple[str, str, Mapping[str, Any] | None], ...]:
    """Find the fields of a model that have bounds, and those that lead to such fields, or to
    `enums`; none of other types.
    """
    if not attrs.has(model):
        return ()
    hints = typing.get_type_hints(model)
    above |= {model}
    return tuple(
        (field.name, field.metadata.get("wire", field.name), field.metadata.get("bounds"))
        for field in attrs.fields(model)
        if "bounds" in field.metadata or _leads_on(hints.get(field.name), enums, above)
    )


@cache
def _leads_on(type_: Any, enums: bool, above: frozenset[Any] = frozenset()) -> bool:
    if isinstance(type_, types.UnionType) or typing.get_origin(type_) is not None:
        arguments = typing.get_args(type_)
        if isinstance(type_, types.UnionType) and str in arguments:
            enums = False  # any other text will do, too
        return any(_leads_on(argument, enums, above) for argument in arguments)
    if isinstance(type_, type) and issubclass(type_, OpenStrEnum):
        return enums
    return type_ not in above and bool(_to_look_at(type_, enums, above))
