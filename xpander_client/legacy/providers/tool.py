"""A tool, and its JSON Schema in the dialects of the providers."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from xpander_client.errors import ArgumentError

__all__ = ["Tool", "closed", "description_of", "parameters_of", "resolved", "rewritten"]

Schema = dict[str, Any]

_MAX_DESCRIPTION = 1024
_LOOKAROUND = re.compile(r"\(\?<?[=!]")
_NAMED = ("properties", "patternProperties", "$defs", "definitions")
_ONE = ("items", "additionalProperties", "not", "contains", "if", "then", "else")
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")


@attrs.frozen
class Tool:
    """A tool that a model may call.

    `name` is the original one; `parameters` is the JSON Schema of its arguments, or None.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] | None = None


def description_of(tool: Tool) -> str:
    """What the tool is for. Never empty, as Bedrock and Gemini refuse that."""
    words = (text for text in (tool.description, tool.name) if text.strip())
    return next(words, "a tool")[:_MAX_DESCRIPTION]


def parameters_of(tool: Tool) -> Schema:
    """A schema of the tool's arguments that is the caller's own, and is always one of an object.

    Raises:
        ArgumentError: the tool's schema is of something else.

    Example:
        >>> parameters_of(Tool("now", "The time", {"additionalProperties": False}))
        {'type': 'object', 'properties': {}, 'additionalProperties': False}
    """
    schema = _one_object(copy.deepcopy(dict(tool.parameters or {})))
    kind = schema.pop("type", None)
    if kind not in (None, "object", ["object", "null"]):
        raise ArgumentError(f"tool {tool.name!r}: its parameters must be an object, not {kind!r}")
    properties: Schema = schema.pop("properties", None) or {}
    body = properties.get("bodyParams")
    if isinstance(body, dict) and "input_task" in (body.get("properties") or {}):
        body["required"] = ["input_task"]  # a sub-agent without a task would have nothing to do
    return rewritten({"type": "object", "properties": properties, **schema}, _taken_everywhere)


def resolved(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within a schema leads to; an empty schema if it leads nowhere."""
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _one_object(schema: Schema) -> Schema:
    """The schema as that of one object: OpenAI and Anthropic take no other at the top.

    Of alternatives it lists all properties, and asks for what is asked for outside of them.
    """
    if isinstance(reference := schema.pop("$ref", None), str):
        schema = {**resolved(reference, schema), **schema}
    for key in ("allOf", "anyOf", "oneOf"):
        for option in [one for one in schema.pop(key, None) or () if isinstance(one, Mapping)]:
            whole = {**resolved(option["$ref"], schema), **option} if "$ref" in option else option
            if whole.get("properties"):
                schema["properties"] = {**whole["properties"], **schema.get("properties", {})}
            if key == "allOf" and whole.get("required"):
                schema["required"] = [*schema.get("required", ()), *whole["required"]]
    return schema


def _taken_everywhere(part: Schema) -> Schema:
    """The part without that for which OpenAI refuses a request with all of its tools."""
    kinds = part.get("type")
    if "items" not in part and (kinds == "array" or (isinstance(kinds, list) and "array" in kinds)):
        each = part.get("prefixItems")
        part["items"] = {"anyOf": each} if each else {}
    if _LOOKAROUND.search(str(part.get("pattern", ""))):
        del part["pattern"]  # as that of pydantic's for decimal numbers
    return part


def closed(schema: Schema) -> Schema:
    """The schema with every object that lists its properties allowing no others.

    One that says itself what else it takes, or lists nothing, is a map and stays open.
    """

    def change(part: Schema) -> Schema:
        if "properties" in part:
            part.setdefault("additionalProperties", False)
        return part

    return rewritten(schema, change)


def rewritten(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """A copy of the schema in which `change` made each part anew, the innermost first."""
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
    return rewritten(dict(value), change) if isinstance(value, Mapping) else value
