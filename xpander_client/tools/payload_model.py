"""Payloads of tools as classes of pydantic, for frameworks that read the parameters of functions.

pydantic comes with each of these frameworks, and is imported when they ask.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Union

from xpander_client.core.tool_schema import simplify_schema
from xpander_client.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from xpander_client.tools.tool import Tool

_SIMPLE = {"string": str, "integer": int, "number": float, "boolean": bool, "null": type(None)}


def build_model_from_schema(
    model_name: str, schema: Mapping[str, Any], with_defaults: bool | None = False
) -> type[BaseModel]:
    """Make a class of pydantic of the JSON Schema of an object.

    Args:
        model_name: The name of the class.
        schema: The schema. What pydantic has no type for is taken as it comes.
        with_defaults: Whether an object without properties takes any, as most tools of the platform
            do: `body_params`, `query_params` and `path_params`.

    Returns:
        The class.

    Raises:
        ConfigurationError: pydantic is not installed.

    Example:
        >>> schema = {"properties": {"city": {"type": "string"}}, "required": ["city"]}
        >>> build_model_from_schema("Weather", schema)(city="Haifa").model_dump()
        {'city': 'Haifa'}
    """
    try:
        from pydantic import ConfigDict, Field, create_model
    except ImportError as error:
        raise ConfigurationError(
            "the class of a tool's payload needs pydantic, which is not installed: "
            "pip install pydantic"
        ) from error
    schema = simplify_schema(dict(schema))
    properties = schema.get("properties") or {}
    if with_defaults and not properties:
        any_object = {"type": "object", "default": {}}
        properties = dict.fromkeys(("body_params", "query_params", "path_params"), any_object)
    required = schema.get("required") or ()
    fields: dict[str, Any] = {}
    for name, described in properties.items():
        described = described if isinstance(described, Mapping) else {}
        attribute = _attribute(name, fields)
        kind = _read_type(f"{model_name}{_capitalize(name)}", described)
        options: dict[str, Any] = {"description": described.get("description")}
        if attribute != name:
            options["alias"] = name
        if name in required:
            fields[attribute] = (kind, Field(**options))
        else:
            options["default"] = described.get("default")
            fields[attribute] = (Union[kind, None], Field(**options))  # noqa: UP007  # made of a value
    config = ConfigDict(extra="allow", populate_by_name=True)
    made: type[BaseModel] = create_model(model_name, __config__=config, **fields)
    return made


def _read_type(name: str, schema: Mapping[str, Any]) -> Any:
    """Return the annotation for a value of a schema; parts that are objects get classes too."""
    kinds = schema.get("type")
    if isinstance(values := schema.get("enum"), list) and values:
        # pydantic has no type for one of several objects or lists.
        is_plain = not any(isinstance(value, dict | list) for value in values)
        return Literal[tuple(values)] if is_plain else Any
    if isinstance(choices := schema.get("anyOf") or schema.get("oneOf"), list):
        made = [_read_type(f"{name}{index}", each) for index, each in enumerate(choices, 1)]
        return Union[tuple(made)]  # noqa: UP007  # made of values
    if isinstance(kinds, list):
        made = [_read_type(name, {**schema, "type": kind}) for kind in kinds]
        return Union[tuple(made)] if made else Any  # noqa: UP007  # made of values
    if kinds == "array":
        items = schema.get("items")
        inner = _read_type(f"{name}Item", items) if isinstance(items, Mapping) else Any
        return list[inner]  # type: ignore[valid-type]  # made of a value
    if kinds == "object":
        return build_model_from_schema(name, schema) if schema.get("properties") else dict[str, Any]
    return _SIMPLE.get(str(kinds), Any)


def _attribute(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name that pydantic takes for a field."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("_")
    # It refuses fields called as its own methods, and warns of those that begin so.
    if not plain.isidentifier() or plain.startswith(("model_dump", "model_validate")):
        plain = f"field_{plain}"
    while plain in taken:
        plain += "_"
    return plain


def _capitalize(name: str) -> str:
    words = re.split(r"[\W_]+", name, flags=re.ASCII)
    return "".join(word[:1].upper() + word[1:] for word in words)


def build_payload_model(tool: Tool) -> type[BaseModel]:
    """Make the class of what a tool is given.

    Raises:
        ConfigurationError: pydantic is not installed.
    """
    name = f"{_capitalize(tool.id) or 'Tool'}PayloadSchema"
    return build_model_from_schema(name, tool.parameters or {}, not tool.is_local)


def wrap_payload_model(tool: Tool) -> type[BaseModel]:
    """Make the class of an object that has what a tool is given as its `payload`.

    Raises:
        ConfigurationError: pydantic is not installed.
    """
    inner = build_payload_model(tool)
    from pydantic import create_model

    made: type[BaseModel] = create_model(f"{inner.__name__}Payload", payload=(inner, ...))
    return made


def read_payload(payload: Any) -> Any:
    """Return what a tool's function was given as plain values."""
    if hasattr(payload, "model_dump"):
        return payload.model_dump(exclude_none=True, by_alias=True)
    return payload


def describe_payload(function: Callable[..., Any], tool: Tool) -> Callable[..., Any]:
    """Give a function the name, the docstring and the parameter that frameworks read."""
    payload = build_payload_model(tool)
    names = ", ".join((tool.parameters or {}).get("properties") or ())
    described: Any = function
    described.__name__ = described.__qualname__ = tool.id
    described.__doc__ = (
        f"{tool.description or tool.name}\n\n"
        f"All arguments go into the one object `payload`{f': {names}' if names else ''}."
    )
    described.__annotations__ = {"payload": payload, "return": Any}
    described.__signature__ = inspect.Signature(
        [inspect.Parameter("payload", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=payload)],
        return_annotation=Any,
    )
    made: Callable[..., Any] = described
    return made
