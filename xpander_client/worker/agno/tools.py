"""An agent's tools as functions that agno offers to a model. The platform runs them."""

from __future__ import annotations

import datetime
import inspect
import logging
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
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
class _AgnoCall:
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


def sync_tools(agent: Agent, task: Task | None) -> list[Any]:
    """Make the agent's tools for agno's sync calls, in the agent's order."""
    return _functions(agent, task, _sync_entrypoint)


def async_tools(agent: Agent, task: Task | None) -> list[Any]:
    """Make the agent's tools for agno's async calls, in the agent's order."""
    return _functions(agent, task, _async_entrypoint)


_Begin = Callable[[dict[str, Any]], _AgnoCall]


def _sync_entrypoint(begin: _Begin) -> Callable[..., Any]:
    def call(**given: Any) -> str:
        return begin(given).run()

    return call


def _async_entrypoint(begin: _Begin) -> Callable[..., Any]:
    async def call(**given: Any) -> str:
        return await begin(given).arun()

    return call


def _functions(
    agent: Agent, task: Task | None, entrypoint: Callable[[_Begin], Callable[..., Any]]
) -> list[Any]:
    function = import_module("agno.tools.function").Function
    made: dict[str, Any] = {}
    for tool in agent.tools or ():
        name = _name(tool, made)
        parameters = _parameters(tool)
        made[name] = function(
            name=name,
            description=tool.description or tool.name,
            parameters=parameters,
            entrypoint=_record_model(agent, tool, task, parameters, entrypoint),
            # What the model may send is described by the platform, not by the function.
            skip_entrypoint_processing=True,
        )
    return list(made.values())


# Under this name agno hands its own record of a call to functions that have such a parameter.
_RECORD = "fc"


def _record_model(
    agent: Agent,
    tool: AgentTool,
    task: Task | None,
    parameters: Mapping[str, Any],
    entrypoint: Callable[[_Begin], Callable[..., Any]],
) -> Callable[..., Any]:
    """Make the function for a tool, which learns the model's id of each call."""
    # A tool with a parameter of that name needs it for itself.
    is_recorded = _RECORD not in parameters["properties"]
    extension = (None if task is None else task.payload_extension) or {}

    def begin(given: dict[str, Any]) -> _AgnoCall:
        record = given.pop(_RECORD, None) if is_recorded else None
        payload = _extend(given, extension)
        return _AgnoCall(agent, tool, task, payload, getattr(record, "call_id", None))

    call: Any = entrypoint(begin)
    known = [inspect.Parameter("given", inspect.Parameter.VAR_KEYWORD)]
    if is_recorded:
        known.insert(0, inspect.Parameter(_RECORD, inspect.Parameter.KEYWORD_ONLY, default=None))
    call.__signature__ = inspect.Signature(known)
    made: Callable[..., Any] = call
    return made


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


def _name(tool: AgentTool, taken: Collection[str]) -> str:
    """Return the tool's name in the letters that providers of models take, not twice the same."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", tool.name).strip("_")
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
