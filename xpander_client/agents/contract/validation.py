"""Values against annotations: all of a value is looked at, and what comes back fits.

pydantic does it. Plain data is taken strictly (`"5"` is no int, `True` is no int, a tuple is no
list; an int is a float). What code in a sandbox has no class for is made of the data that stands
for it: models, dataclasses and named tuples of dicts, enums of their values, UUIDs and paths of
texts; its own paths are paths, and numpy's numbers are numbers. The fields of a pydantic model
follow the model's own rules.
"""

from __future__ import annotations

import types
import typing
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

_STRICT = frozenset(
    {
        *("bool", "int", "float", "complex", "decimal", "str", "bytes"),
        *("list", "tuple", "set", "frozenset", "dict"),
        *("date", "time", "datetime", "timedelta"),
    }
)
_DEEPEST = 100
_NO_SCHEMAS = frozenset({"metadata", "default", "expected", "serialization", "config", "cls"})


class Misfit(Exception):
    """A value is not of its type; `text` says where and why."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@attrs.frozen(eq=False)
class Check:
    """An annotation, ready to be held against values."""

    annotation: Any
    _validator: Any = attrs.field(alias="validator", repr=False)

    @classmethod
    def of(cls, annotation: Any, *, is_result: bool = False) -> Check:
        """Make the check for an annotation. The iterator of a result is a list.

        Raises:
            TypeError: No value can be held against this annotation.
        """
        if annotation is Any:
            return cls(annotation, None)
        from pydantic import PydanticUserError
        from pydantic_core import SchemaError, SchemaValidator

        from xpander_client.agents.contract.shapes import shape_annotation

        annotation = shape_annotation(annotation, is_result=is_result)
        try:
            schema = _strictly(_adapter(annotation).core_schema)
            return cls(annotation, SchemaValidator(schema))
        except (PydanticUserError, SchemaError, TypeError) as error:
            raise TypeError(_text(error)) from error

    def __call__(self, value: Any) -> Any:
        """Return the value as the annotation has it: 3.0 for the 3 of a float, a model for its
        dict.

        Raises:
            Misfit: It does not fit.
        """
        if self._validator is None:
            return value
        from pydantic import ValidationError

        try:
            return self._validator.validate_python(value)
        except ValidationError as error:
            misfit = Misfit(_text(error))
            cause = error
        plain = _plain(value)
        if plain is not value:
            try:
                return self._validator.validate_python(plain)
            except ValidationError as error:
                misfit, cause = Misfit(_text(error)), error
        raise misfit from cause

    def json_schema(self) -> dict[str, Any] | None:
        """Write the annotation as a JSON Schema; None where none can say it."""
        if self._validator is None:
            return None
        from pydantic import PydanticUserError

        try:
            return dict(_adapter(self.annotation).json_schema())
        except PydanticUserError:
            return None


def _adapter(annotation: Any) -> Any:
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError as error:
        # Models and the like have a configuration of their own, and take no other.
        if error.code != "type-adapter-config-unused":
            raise
        return TypeAdapter(annotation)


def _strictly(schema: Any) -> Any:
    """Have the schema take plain data strictly, down to where a model begins."""
    if isinstance(schema, list):
        return [_strictly(item) for item in schema]
    if isinstance(schema, tuple):
        return tuple(_strictly(item) for item in schema)
    if not isinstance(schema, dict) or schema.get("type") in ("model", "json"):
        return schema
    if schema.get("type") == "generator":
        # It would be looked at while it is read, which is too late: an iterable comes as a list.
        items = {"items_schema": _strictly(schema.get("items_schema") or {"type": "any"})}
        return {"type": "list", **items, "strict": False}
    if schema.get("type") == "is-instance" and isinstance(schema["cls"], type):
        return _of_plain_data(schema)
    strict = {
        name: value if name in _NO_SCHEMAS else _strictly(value) for name, value in schema.items()
    }
    if strict.get("type") in _STRICT:
        strict.setdefault("strict", True)
    return strict


def _of_plain_data(schema: Any) -> Any:
    """Return the schema of a class whose objects are texts, numbers or the like in agent code."""
    from pydantic_core import core_schema

    from xpander_client.agents.contract.shapes import find_plain_base, make_converter

    base = find_plain_base(schema["cls"])
    if base is None:
        return schema
    return core_schema.no_info_before_validator_function(
        make_converter(schema["cls"], base), schema
    )


def _plain(value: Any, depth: int = 0) -> Any:
    """Put Python's own numbers in place of numpy's, and this system's paths of the sandbox's.

    It is the same object when there is nothing of that kind in it.
    """
    kind = type(value)
    if kind is PurePosixPath:
        return Path(value)
    if kind.__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return value.item()
    if depth == _DEEPEST:
        return value
    if kind is dict:
        pairs = [(_plain(key, depth + 1), _plain(item, depth + 1)) for key, item in value.items()]
        same = all(
            new[0] is old[0] and new[1] is old[1]
            for new, old in zip(pairs, value.items(), strict=True)
        )
        return value if same else dict(pairs)
    if kind in (list, tuple, set, frozenset):
        items = [_plain(item, depth + 1) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else kind(items)
    return value


def _text(error: Any) -> str:
    """Return what pydantic says, without the lines that lead to its web pages."""
    lines = str(error).splitlines()
    kept = (line for line in lines if "https://errors.pydantic.dev/" not in line)
    return "\n".join(kept).rstrip()


def find_unpacked(annotation: Any) -> Any | None:
    """Return what `Unpack[...]` holds, of `*args: *tuple[int, str]` or `**options:
    Unpack[Options]`.
    """
    if typing.get_origin(annotation) is typing.Unpack:
        return typing.get_args(annotation)[0]
    if getattr(annotation, "__unpacked__", False):
        return types.GenericAlias(tuple, typing.get_args(annotation))
    return None
