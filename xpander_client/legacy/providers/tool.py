"""A tool, and its JSON Schema in the dialects of the providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from xpander_client.core.tool_schema import Schema, rewrite_schema, simplify_schema
from xpander_client.errors import ArgumentError

_MAX_DESCRIPTION = 1024


@attrs.frozen
class Tool:
    """A tool that a model may call.

    `name` is the original one; `parameters` is the JSON Schema of its arguments, or None.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] | None = None


def write_description(tool: Tool) -> str:
    """Return what the tool is for. Never empty, as Bedrock and Gemini refuse that."""
    words = (text for text in (tool.description, tool.name) if text.strip())
    return next(words, "a tool")[:_MAX_DESCRIPTION]


def write_parameters(tool: Tool) -> Schema:
    """Return a schema of the tool's arguments that is the caller's own, and is always one of an
    object.

    Raises:
        ArgumentError: the tool's schema is of something else.

    Example:
        >>> write_parameters(Tool("now", "The time", {"additionalProperties": False}))
        {'type': 'object', 'properties': {}, 'additionalProperties': False}
    """
    schema = simplify_schema(tool.parameters or {})
    kind = schema.pop("type", None)
    if kind not in (None, "object", ["object", "null"]):
        raise ArgumentError(f"tool {tool.name!r}: its parameters must be an object, not {kind!r}")
    properties: Schema = schema.pop("properties", None) or {}
    body = properties.get("bodyParams")
    if isinstance(body, dict) and "input_task" in (body.get("properties") or {}):
        body["required"] = ["input_task"]  # a sub-agent without a task would have nothing to do
    return {"type": "object", "properties": properties, **schema}


def close_schema(schema: Schema) -> Schema:
    """Return the schema with every object that lists its properties allowing no others.

    One that says itself what else it takes, or lists nothing, is a map and stays open.
    """

    def change(part: Schema) -> Schema:
        if "properties" in part:
            part.setdefault("additionalProperties", False)
        return part

    return rewrite_schema(schema, change)
