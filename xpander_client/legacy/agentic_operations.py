"""The tools of an agent as version 1.x lists them: interfaces, with operations each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from xpander_client.api.models import AgentTool
from xpander_client.api.resources import Agent as Definition
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers.tool_call import FINISH_TOOL

_OWN = "tools"
"""The id of the interface of tools that belong to no connector."""


@attrs.frozen
class AgenticInterface:
    """Tools that belong together: those of one connector, or those without one."""

    id: str
    name: str
    summary: str = ""
    description: str = ""


@attrs.frozen
class AgenticOperation:
    """A tool, by its place in an interface.

    `id_to_use_on_graph` is the tool's own id; `is_function` tells whether it belongs to no
    connector.
    """

    id: str
    name: str
    summary: str
    description: str
    id_to_use_on_graph: str
    interface_id: str
    is_function: bool
    method: str
    path: str


def list_interfaces(definition: Definition) -> list[AgenticInterface]:
    """Return the interfaces that an agent has tools of.

    Raises:
        ArgumentError: it has no tools.

    Example:
        >>> tool = AgentTool(id="read_csv", name="read_csv")
        >>> sales = Definition(id="a1", name="Sales", organization_id="acme", tools=[tool])
        >>> [interface.name for interface in list_interfaces(sales)]
        ['Tools of Sales']
    """
    ids = dict.fromkeys(_interface_id(tool) for tool in _list_tools(definition))
    if not ids:
        raise ArgumentError(
            f"agent {definition.id} has no tools, and scripts can't give it any of a catalog: "
            "describe them where the agent is configured (`xpander-client agents apply FILE`, or "
            "LocalPlatform(agents=[...], tools={...})), or add functions of the script with "
            "add_local_tools"
        )
    return [
        AgenticInterface(id=each, name=f"Tools of {definition.name}" if each == _OWN else each)
        for each in ids
    ]


def list_operations(definition: Definition, interface: AgenticInterface) -> list[AgenticOperation]:
    """Return the tools of an agent that belong to an interface."""
    return [
        AgenticOperation(
            id=tool.operation_id or tool.id,
            name=tool.name,
            summary=(tool.description or "").partition("\n")[0],
            description=tool.description or "",
            id_to_use_on_graph=tool.id,
            interface_id=interface.id,
            is_function=tool.connector_id is None,
            method=tool.method or "POST",
            path=tool.path or f"/{tool.id}",
        )
        for tool in _list_tools(definition)
        if _interface_id(tool) == interface.id
    ]


def check_attached(definition: Definition, operations: Iterable[AgenticOperation]) -> None:
    """Check that an agent has the tools.

    Raises:
        ArgumentError: it lacks one.
    """
    known = {tool.id for tool in _list_tools(definition)}
    lacking = [each.name for each in operations if each.id_to_use_on_graph not in known]
    if lacking:
        raise ArgumentError(
            f"agent {definition.id} has no tool {', '.join(lacking)}: describe it where the agent "
            "is configured, or add a function of the script with add_local_tools"
        )


def _list_tools(definition: Definition) -> Sequence[AgentTool]:
    return [tool for tool in definition.tools or () if tool.id != FINISH_TOOL]


def _interface_id(tool: AgentTool) -> str:
    return tool.connector_id or _OWN
