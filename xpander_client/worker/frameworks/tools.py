"""An agent's tools as frameworks offer them to a model. The platform runs them."""

from __future__ import annotations

import datetime
import logging
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

import attrs

from xpander_client.api.models import (
    AgentTool,
    TaskUpdateEvent,
    TaskUpdateEventType,
    ToolCallRequest,
    ToolCallResult,
)
from xpander_client.api.resources import Agent, Task
from xpander_client.core.result import value_text
from xpander_client.core.tool_schema import simplify_schema
from xpander_client.errors import ModuleException

_logger = logging.getLogger("xpander_client.worker")

_LONGEST_NAME = 64
"""What providers of models take."""


@attrs.frozen
class OfferedTool:
    """A tool of an agent, under the name that the model knows it by."""

    agent: Agent
    tool: AgentTool
    task: Task | None
    name: str
    parameters: dict[str, Any]
    """The JSON Schema of its payload, which has `properties`."""

    @property
    def description(self) -> str:
        """What the model is told of it."""
        return self.tool.description or self.tool.name

    def call(self, payload: Mapping[str, Any], tool_call_id: str | None) -> str:
        """Run the tool, and return its answer as text for the model.

        Raises:
            ModuleException: the tool failed, or could not be called.
        """
        return self._begin(payload, tool_call_id).run()

    async def acall(self, payload: Mapping[str, Any], tool_call_id: str | None) -> str:
        """Run the tool, and return its answer as text for the model.

        Raises:
            ModuleException: the tool failed, or could not be called.
        """
        return await self._begin(payload, tool_call_id).arun()

    def _begin(self, payload: Mapping[str, Any], tool_call_id: str | None) -> _ToolCall:
        extension = (None if self.task is None else self.task.payload_extension) or {}
        extended = _extend(payload, extension)
        return _ToolCall(self.agent, self.tool, self.task, extended, tool_call_id)


def offer_tools(
    agent: Agent,
    task: Task | None,
    by: Callable[[AgentTool], str] = lambda tool: tool.id,
) -> list[OfferedTool]:
    """Return the agent's tools in the agent's order, named by their ids or as `by` says."""
    offered: dict[str, OfferedTool] = {}
    for tool in agent.tools or ():
        name = _name(by(tool), tool, offered)
        offered[name] = OfferedTool(agent, tool, task, name, _parameters(tool))
    return list(offered.values())


@attrs.frozen
class _ToolCall:
    """One call of a tool, made on behalf of a task and told to those who follow it."""

    agent: Agent
    tool: AgentTool
    task: Task | None
    payload: dict[str, Any]
    tool_call_id: str | None
    request_id: str = attrs.field(factory=lambda: str(uuid.uuid4()))

    def run(self) -> str:
        """Run the tool, and return its answer as text for the model.

        Raises:
            ModuleException: the tool failed, or could not be called.
        """
        self._report(self._request())
        try:
            answer = self.agent.invoke_tool(self.tool.id, self.payload, **self._on_behalf())
        except ModuleException as error:
            self._report(self._failure(error))
            raise
        self._report(self._result(answer))
        return value_text(answer)

    async def arun(self) -> str:
        """Run the tool, and return its answer as text for the model.

        Raises:
            ModuleException: the tool failed, or could not be called.
        """
        await self._areport(self._request())
        try:
            answer = await self.agent.ainvoke_tool(self.tool.id, self.payload, **self._on_behalf())
        except ModuleException as error:
            await self._areport(self._failure(error))
            raise
        await self._areport(self._result(answer))
        return value_text(answer)

    def _on_behalf(self) -> dict[str, Any]:
        return {
            # The version whose description the model was given, also when there is a newer one.
            "agent_version": self.agent.version,
            "execution_id": None if self.task is None else self.task.id,
            "tool_call_id": self.tool_call_id,
        }

    def _describe_answer(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "operation_id": self.tool.id,
            "tool_call_id": self.tool_call_id,
            "tool_name": self.tool.name,
            "payload": self.payload,
        }

    def _request(self) -> tuple[TaskUpdateEventType, Any]:
        return TaskUpdateEventType.ToolCallRequest, ToolCallRequest(**self._describe_answer())

    def _result(self, answer: Any) -> tuple[TaskUpdateEventType, Any]:
        return TaskUpdateEventType.ToolCallResult, ToolCallResult(
            **self._describe_answer(), result=answer
        )

    def _failure(self, error: ModuleException) -> tuple[TaskUpdateEventType, Any]:
        result = ToolCallResult(**self._describe_answer(), result=error.description, is_error=True)
        return TaskUpdateEventType.ToolCallResult, result

    def _report(self, told: tuple[TaskUpdateEventType, Any]) -> None:
        if self.task is not None:
            try:
                self.task.push_events([_event(self.task, *told)])
            except ModuleException as error:
                self._log_unreported(error)

    async def _areport(self, told: tuple[TaskUpdateEventType, Any]) -> None:
        if self.task is not None:
            try:
                await self.task.apush_events([_event(self.task, *told)])
            except ModuleException as error:
                self._log_unreported(error)

    def _log_unreported(self, error: ModuleException) -> None:
        # The tool's work counts for more than that somebody hears of it.
        task_id = None if self.task is None else self.task.id
        _logger.warning("task %s: a call of %s was not reported: %s", task_id, self.tool.id, error)


def _extend(payload: Mapping[str, Any], extension: Mapping[str, Any]) -> dict[str, Any]:
    """Add the task's additions to the payload; they win, and objects in both are merged."""
    merged = dict(payload)
    for name, value in extension.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            value = _extend(before, value)
        merged[name] = value
    return merged


def _parameters(tool: AgentTool) -> dict[str, Any]:
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


def _name(wanted: str, tool: AgentTool, taken: Collection[str]) -> str:
    """Return the wanted name in the letters that providers of models take, not twice the same."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", wanted).strip("_")
    plain = readable or re.sub(r"[^A-Za-z0-9_-]+", "_", tool.id).strip("_") or "tool"
    name = plain[:_LONGEST_NAME]
    number = 1
    while name in taken:
        number += 1
        name = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]}_{number}"
    return name


def _event(task: Task, kind: TaskUpdateEventType, data: Any) -> TaskUpdateEvent:
    return TaskUpdateEvent(
        type=kind,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.datetime.now(datetime.UTC),
        data=data,
    )
