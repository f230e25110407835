"""An agent's tools as frameworks offer them to a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import attrs

from xpander_client.core.tool_schema import simplify_schema
from xpander_client.tools import Tool, ToolInvocationResult
from xpander_client.tools.current_task import FollowedTask

_LONGEST_NAME = 64
"""What providers of models take."""


@attrs.frozen
class ToolCaller:
    """The agent that calls tools, and the task that it works on."""

    agent_id: str
    # The version whose description the model was given, also when there is a newer one.
    agent_version: int | None
    task: FollowedTask | None = None
    """The one whose handler calls them when None."""
    payload_extension: dict[str, Any] | None = None
    """What the task adds to each payload."""


@attrs.frozen
class OfferedTool:
    """A tool under the name that the model knows it by."""

    name: str
    tool: Tool
    caller: ToolCaller
    parameters: dict[str, Any]
    """The JSON Schema of its payload, which has `properties`."""

    @property
    def description(self) -> str:
        """What the model is told of it."""
        return self.tool.description or self.tool.name

    def call(self, payload: Mapping[str, Any], tool_call_id: str | None) -> ToolInvocationResult:
        """Run the tool."""
        caller = self.caller
        return self.tool.invoke(
            caller.agent_id,
            payload,
            caller.agent_version,
            caller.payload_extension,
            tool_call_id=tool_call_id,
            report_activity=True,
            task=caller.task,
        )

    async def acall(
        self, payload: Mapping[str, Any], tool_call_id: str | None
    ) -> ToolInvocationResult:
        """Run the tool."""
        caller = self.caller
        return await self.tool.ainvoke(
            caller.agent_id,
            payload,
            caller.agent_version,
            caller.payload_extension,
            tool_call_id=tool_call_id,
            report_activity=True,
            task=caller.task,
        )


def offer_tools(
    tools: Iterable[Tool],
    caller: ToolCaller,
    by: Callable[[Tool], str] = lambda tool: tool.id,
) -> list[OfferedTool]:
    """Return the tools in their order, named by their ids or as `by` says."""
    offered: dict[str, OfferedTool] = {}
    for tool in tools:
        name = _name(by(tool), tool, offered)
        offered[name] = OfferedTool(name, tool, caller, _parameters(tool))
    return list(offered.values())


def _parameters(tool: Tool) -> dict[str, Any]:
    """Return the payload's JSON Schema; providers want `properties` in it, also when there are
    none.
    """
    schema = simplify_schema(tool.parameters or {})
    properties = schema.get("properties")
    return {
        **schema,
        "type": "object",
        "properties": properties if isinstance(properties, Mapping) else {},
    }


def _name(wanted: str, tool: Tool, taken: Collection[str]) -> str:
    """Return the wanted name in the letters that providers of models take, not twice the same."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", wanted).strip("_")
    plain = readable or re.sub(r"[^A-Za-z0-9_-]+", "_", tool.id).strip("_") or "tool"
    name = plain[:_LONGEST_NAME]
    number = 1
    while name in taken:
        number += 1
        name = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]}_{number}"
    return name
