"""Tools that run here: functions, described to the model by their signatures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import (
    LLMProvider,
    MalformedError,
    Tool,
    group_arguments,
    tools_for,
)
from xpander_client.legacy.providers.tool_call import (
    GROUPS,
    LOCAL_PREFIX,
    ToolCall,
    ToolCallType,
    extend,
)
from xpander_client.tools.functions.description import describe_function
from xpander_client.tools.functions.parameters import Parameters, read_parameters


@attrs.frozen
class LocalTool:
    """A tool of the script: what the model is told, and the function if there is one.

    Without a function the script runs the tool itself, and hands in the result with
    `add_tool_call_results`; such a tool's calls are `LOCAL` ones.
    """

    tool: Tool
    function: Callable[..., Any] | None = None
    parameters: Parameters | None = None
    """What the function takes; None where that can't be known."""

    def arguments(
        self, call: ToolCall, extension: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what to call the function with, of the types that it says.

        Raises:
            MalformedError: the call's arguments can't be read.
            MisfitError: the function can't be called with them.
        """
        written = extend(
            _flat(_read_written(call), self.parameters), _merge(group_arguments(extension or {}))
        )
        return written if self.parameters is None else self.parameters.read(written)


_EVERY_GROUP = frozenset((*GROUPS, *GROUPS.values()))


def _read_written(call: ToolCall) -> Mapping[str, Any]:
    """Return a call's arguments as the model wrote them, or a script's payload made of them."""
    written = call.written
    if call.malformed is not None:
        if written is None:
            raise MalformedError(call.malformed)
        return written
    if written is None or call.type is ToolCallType.LOCAL:
        return call.payload
    return written if call.payload == group_arguments(written) else call.payload


def _flat(given: Mapping[str, Any], parameters: Parameters | None) -> dict[str, Any]:
    """Arguments by name, out of the platform's groups if they are in such.

    A parameter of the function that is called like a group is itself, and not a group.

    Raises:
        MalformedError: what has to be a group is no object.
    """
    own = set() if parameters is None else set(parameters.signature.parameters)
    others = {name: value for name, value in given.items() if name not in own}
    is_payload = set(GROUPS) <= given.keys()
    takes_any = parameters is None or parameters.takes_any
    if not _EVERY_GROUP.intersection(others) or (takes_any and not is_payload):
        return dict(given)
    groups = group_arguments(others)
    mine = {
        name: value
        for name, value in given.items()
        # A payload has all of its groups, also those that nothing was given in.
        if name in own and (value or not is_payload)
    }
    return _merge(groups) | mine


def _merge(groups: Mapping[str, Any]) -> dict[str, Any]:
    return {**groups["pathParams"], **groups["queryParams"], **groups["bodyParams"]}


def local_tools(
    given: Iterable[Callable[..., Any] | Mapping[str, Any]],
) -> list[LocalTool]:
    """Return the tools in a list of functions and OpenAI-shaped dicts.

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
        tool = _describe(each, f"tools[{index}]") if isinstance(each, Mapping) else None
        if tool is None:
            if not callable(each):
                raise ArgumentError(
                    f"tools[{index}]: expected a function or an OpenAI-shaped dict, "
                    f"got {type(each).__name__}"
                )
            tool = _of_function(each)
        tools_for([tool.tool], LLMProvider.OPEN_AI)  # refuses a schema that no model could be given
        if any(tool.tool.name == other.tool.name for other in made):
            raise ArgumentError(f"tools[{index}]: there are two tools named {tool.tool.name}")
        made.append(tool)
    return made


def _describe(given: Mapping[str, Any], place: str) -> LocalTool:
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
    tool = Tool(
        name, described.get("description") or "", copy.deepcopy(described.get("parameters"))
    )
    try:
        parameters = None if function is None else read_parameters(function, {})
    except ValueError:  # of a function that is not written in Python nothing may be known
        parameters = None
    return LocalTool(tool, function, parameters)


def _of_function(function: Callable[..., Any]) -> LocalTool:
    described = describe_function(function)
    parameters = described.parameters
    return LocalTool(
        Tool(described.name, described.description, parameters.schema), function, parameters
    )
