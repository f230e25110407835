"""Tools that run here: functions, described to the model by their signatures."""

from __future__ import annotations

import copy
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal

import attrs

from xpander_client.errors import ArgumentError

from .providers import LLMProvider, Tool, tools_for
from .tool_call import LOCAL_PREFIX

__all__ = ["LocalTool", "local_tools"]


@attrs.frozen
class LocalTool:
    """A tool of the script: what the model is told, and the function if there is one.

    Without a function the script runs the tool itself, and hands in the result with
    `add_tool_call_results`; such a tool's calls are `LOCAL` ones.
    """

    tool: Tool
    function: Callable[..., Any] | None = None

    def bind(self, arguments: Mapping[str, Any]) -> str | None:
        """Why the function can't be called with these arguments; None when it can."""
        assert self.function is not None
        try:
            inspect.signature(self.function).bind(**arguments)
        except TypeError as error:
            return str(error)
        return None


def local_tools(
    given: Iterable[Callable[..., Any] | Mapping[str, Any]],
) -> list[LocalTool]:
    """The tools in a list of functions and OpenAI-shaped dicts.

    A dict may have a `function` that can be called beside its description, as in
    `{"type": "function", "function": {"name": …, "parameters": …}, "run": sum_up}`.

    Raises:
        ArgumentError: one is neither, or two have the same name.

    Example:
        >>> def sum_up(region: str, year: int = 2026) -> float:
        ...     "Sum up the sales of a region."
        ...     return 200.0
        >>> [tool] = local_tools([sum_up])
        >>> tool.tool.name, tool.tool.parameters["required"]
        ('sum_up', ['region'])
    """
    if isinstance(given, Mapping) or callable(given):
        raise ArgumentError("tools: expected a list of functions or of OpenAI-shaped dicts")
    made: list[LocalTool] = []
    for index, each in enumerate(given):
        tool = _described(each, f"tools[{index}]") if isinstance(each, Mapping) else None
        if tool is None:
            if not callable(each):
                raise ArgumentError(
                    f"tools[{index}]: expected a function or an OpenAI-shaped dict, "
                    f"got {type(each).__name__}"
                )
            tool = LocalTool(_of_function(each), each)
        tools_for([tool.tool], LLMProvider.OPEN_AI)  # refuses a schema that no model could be given
        if any(tool.tool.name == other.tool.name for other in made):
            raise ArgumentError(f"tools[{index}]: there are two tools named {tool.tool.name}")
        made.append(tool)
    return made


def _described(given: Mapping[str, Any], place: str) -> LocalTool:
    described = given.get("function")
    function = given.get("run")
    if callable(described):  # {name, description, function, parameters}, as older pages have it
        described, function = given, described
    if not isinstance(described, Mapping) or not isinstance(described.get("name"), str):
        raise ArgumentError(
            f'{place}: expected {{"type": "function", "function": {{"name": …, "parameters": …}}}}'
        )
    if function is not None and not callable(function):
        raise ArgumentError(f"{place}.run: expected a function")
    name = described["name"]
    if function is None:
        name = LOCAL_PREFIX + name.removeprefix(LOCAL_PREFIX)
    description = described.get("description") or ""
    return LocalTool(Tool(name, description, copy.deepcopy(described.get("parameters"))), function)


def _of_function(function: Callable[..., Any]) -> Tool:
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        raise ArgumentError(f"{function!r} has no name to call it by; give a function made by def")
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):  # annotations that are not there at run time describe nothing
        hints = {}
    properties: dict[str, Any] = {}
    required = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise ArgumentError(
                f"{name} can't be called by a model: its parameter {parameter.name} has no keyword"
            )
        schema = schema_of(hints.get(parameter.name, Any))
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        properties[parameter.name] = schema
    parameters = {"type": "object", "properties": properties, "required": required}
    return Tool(name, inspect.getdoc(function) or "", parameters)


_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_of(annotation: Any) -> dict[str, Any]:
    """The JSON Schema of a type; of one that JSON doesn't know, the schema of anything.

    Example:
        >>> schema_of(list[int])
        {'type': 'array', 'items': {'type': 'integer'}}
        >>> schema_of(str | None)
        {'anyOf': [{'type': 'string'}, {'type': 'null'}]}
    """
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        told = [each for each in arguments[1:] if isinstance(each, str)]
        return schema_of(arguments[0]) | ({"description": told[0]} if told else {})
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [schema_of(each) for each in arguments]}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"enum": [member.value for member in annotation]}
    kind = origin or annotation
    if not isinstance(kind, type) or issubclass(kind, str | bytes):
        return {}
    if typing.is_typeddict(annotation):
        hints = typing.get_type_hints(annotation)
        return {
            "type": "object",
            "properties": {name: schema_of(hint) for name, hint in hints.items()},
            "required": sorted(annotation.__required_keys__),
        }
    if issubclass(kind, Mapping):
        return {"type": "object"} | (
            {"additionalProperties": schema_of(arguments[1])} if len(arguments) == 2 else {}
        )
    if issubclass(kind, Sequence | set | frozenset):
        return {"type": "array"} | ({"items": schema_of(arguments[0])} if arguments else {})
    return {}
