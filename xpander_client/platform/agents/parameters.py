"""What a tool declares of its arguments, and what a caller gave held against that."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xpander_client.platform.foundation.errors import HttpError

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_BOUNDS: Sequence[tuple[str, Callable[[float, float], bool], str]] = (
    ("minimum", operator.ge, "at least"),
    ("maximum", operator.le, "at most"),
    ("exclusiveMinimum", operator.gt, "more than"),
    ("exclusiveMaximum", operator.lt, "less than"),
)
_READINGS: Mapping[str, Callable[[str], Any]] = {
    r"-?\d{1,18}": int,
    r"-?\d{1,18}\.\d{1,18}": float,
    "true|false": lambda text: text == "true",
}


def read_declared(
    group: Any, given: Mapping[str, Any], place: str, *, as_text: bool = False
) -> dict[str, Any]:
    """Return the arguments of a group (the path, the query, …) that its schema declares.

    Others are left out, unless the schema has `additionalProperties`. A null for a parameter that
    need not be there counts as nothing. What is sent `as_text` may be given as one: "5" for 5.
    References (`$ref`) and keywords that are not common are not looked at.

    Raises:
        HttpError: 422, one is missing, or not as the schema has it; the path says which.
    """
    schema = group if isinstance(group, Mapping) else {}
    properties = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    required = schema.get("required") or ()
    kept = {
        name: value
        for name, value in given.items()
        if (name in properties or others) and not (value is None and name not in required)
    }
    for name in required:
        if name not in kept:
            raise HttpError(422, f"the tool needs {name}", f"{place}.{name}")
    for name, value in kept.items():
        wanted = properties.get(name, others)
        fault = _fault(wanted, value, f"{place}.{name}")
        if fault and not (as_text and _fits(wanted, value)):
            raise HttpError(422, f"{fault[1].removeprefix(f'{place}.')}: {fault[0]}", fault[1])
    if not as_text:
        # Part of the body as it was given: null may have a meaning there.
        kept |= {name: None for name in given if name in properties and given[name] is None}
    return kept


def scalar(value: Any) -> str | None:
    """How a text, a number or a truth value is written in a URL; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return None


def _fits(schema: Any, value: Any) -> bool:
    """Whether the value, or each in a list, fits when read as what its text says."""
    if isinstance(value, list):
        items = schema.get("items") if isinstance(schema, Mapping) else None
        whole = _without(schema, "items")
        return not _fault(whole, value, "") and all(
            not _fault(items, item, "") or _fits(items, item) for item in value
        )
    text = scalar(value)
    if text is None:
        return False
    readings = [read(text) for form, read in _READINGS.items() if re.fullmatch(form, text)]
    return any(not _fault(schema, each, "") for each in (text, *readings))


def _without(schema: Any, keyword: str) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    return {name: value for name, value in schema.items() if name != keyword}


def _fault(schema: Any, value: Any, path: str) -> tuple[str, str] | None:
    """Find what is wrong with a value, and where; None when it is as the schema has it."""
    if schema is False:
        return "nothing can be given here", path
    if not isinstance(schema, Mapping):
        return None
    types = schema.get("type")
    if types is not None:
        names = [types] if isinstance(types, str) else types
        if not any(_is(value, name) for name in names):
            return f"expected {' or '.join(map(str, names))}", path
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        return f"expected one of {schema['enum']}", path
    if "const" in schema and not _same(value, schema["const"]):
        return f"expected {schema['const']!r}", path
    for each in schema.get("allOf") or ():
        if fault := _fault(each, value, path):
            return fault
    for keyword in ("anyOf", "oneOf"):
        if choices := schema.get(keyword):
            faults = [_fault(each, value, path) for each in choices]
            if all(faults):
                return faults[0]
            if keyword == "oneOf" and faults.count(None) > 1:
                return "this could be meant in more than one way", path
    if isinstance(value, str):
        return _text_fault(schema, value, path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_fault(schema, value, path)
    if isinstance(value, list):
        return _list_fault(schema, value, path)
    if isinstance(value, dict):
        return _object_fault(schema, value, path)
    return None


def _text_fault(schema: Mapping[str, Any], value: str, path: str) -> tuple[str, str] | None:
    if fault := _size_fault(schema, len(value), "Length", "characters", path):
        return fault
    if "pattern" in schema:
        try:
            found = re.search(schema["pattern"], value)
        except (re.error, TypeError):
            return "the pattern that the tool declares can't be read", path
        if found is None:
            return f"expected a text like {schema['pattern']}", path
    return None


def _number_fault(schema: Mapping[str, Any], value: float, path: str) -> tuple[str, str] | None:
    for keyword, holds, words in _BOUNDS:
        bound = schema.get(keyword)
        if isinstance(bound, int | float) and not holds(value, bound):
            return f"expected {words} {bound}", path
    return None


def _list_fault(schema: Mapping[str, Any], value: list[Any], path: str) -> tuple[str, str] | None:
    if fault := _size_fault(schema, len(value), "Items", "items", path):
        return fault
    if "items" in schema:
        for index, item in enumerate(value):
            if fault := _fault(schema["items"], item, f"{path}[{index}]"):
                return fault
    return None


def _object_fault(
    schema: Mapping[str, Any], value: dict[str, Any], path: str
) -> tuple[str, str] | None:
    properties = schema.get("properties") or {}
    for name in schema.get("required") or ():
        if name not in value:
            return "this is missing", f"{path}.{name}"
    for name, item in value.items():
        wanted = properties.get(name, schema.get("additionalProperties"))
        if fault := _fault(wanted, item, f"{path}.{name}"):
            return fault
    return None


def _size_fault(
    schema: Mapping[str, Any], size: int, what: str, words: str, path: str
) -> tuple[str, str] | None:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if isinstance(least, int) and size < least:
        return f"expected at least {least} {words}", path
    if isinstance(most, int) and size > most:
        return f"expected at most {most} {words}", path
    return None


def _is(value: object, name: object) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    wanted: tuple[type, ...] = _TYPES.get(str(name), (object,))  # what JSON hasn't says nothing
    return isinstance(value, wanted)


def _same(one: object, other: object) -> bool:
    # True is 1 in Python.
    return isinstance(one, bool) is isinstance(other, bool) and one == other
