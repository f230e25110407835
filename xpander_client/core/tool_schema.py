"""JSON Schema of what tools take, as all providers of models accept it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]

_LOOKAROUND = re.compile(r"\(\?<?[=!]")
_NAMED = ("properties", "patternProperties", "$defs", "definitions")
_ONE = ("items", "additionalProperties", "not", "contains", "if", "then", "else")
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")


def resolve_reference(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a reference within a schema leads to; an empty schema if it leads nowhere."""
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def simplify_schema(schema: Mapping[str, Any]) -> Schema:
    """Return a copy of a schema of a tool's arguments that no provider of models refuses.

    OpenAI and Anthropic refuse a request with all of its tools for one schema.

    Example:
        >>> simplify_schema({"type": "object", "properties": {"names": {"type": "array"}}})
        {'type': 'object', 'properties': {'names': {'type': 'array', 'items': {}}}}
    """
    return rewrite_schema(_one_object(copy.deepcopy(dict(schema))), _simplify)


def _one_object(schema: Schema) -> Schema:
    """Return the schema as that of one object: at the top no other is taken.

    Of alternatives it lists all properties, and asks for what is asked for outside of them.
    """
    if isinstance(reference := schema.pop("$ref", None), str):
        schema = {**resolve_reference(reference, schema), **schema}
    for key in ("allOf", "anyOf", "oneOf"):
        for option in [one for one in schema.pop(key, None) or () if isinstance(one, Mapping)]:
            whole = (
                {**resolve_reference(option["$ref"], schema), **option}
                if "$ref" in option
                else option
            )
            if whole.get("properties"):
                schema["properties"] = {**whole["properties"], **schema.get("properties", {})}
            if key == "allOf" and whole.get("required"):
                schema["required"] = [*schema.get("required", ()), *whole["required"]]
    return schema


def _simplify(part: Schema) -> Schema:
    kinds = part.get("type")
    if "items" not in part and (kinds == "array" or (isinstance(kinds, list) and "array" in kinds)):
        each = part.get("prefixItems")
        part["items"] = {"anyOf": each} if each else {}
    if _LOOKAROUND.search(str(part.get("pattern", ""))):
        del part["pattern"]  # as pydantic's for decimal numbers is one
    return part


def rewrite_schema(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a copy of the schema in which `change` made each part anew, the innermost first."""
    made = dict(schema)
    for key in _NAMED:
        if isinstance(parts := made.get(key), Mapping):
            made[key] = {name: _part(part, change) for name, part in parts.items()}
    for key in _ONE:
        if key in made:
            made[key] = _part(made[key], change)
    for key in _MANY:
        if isinstance(parts := made.get(key), list):
            made[key] = [_part(part, change) for part in parts]
    return change(made)


def _part(value: Any, change: Callable[[Schema], Schema]) -> Any:
    return rewrite_schema(dict(value), change) if isinstance(value, Mapping) else value
