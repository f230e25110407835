"""One run of a tool: the hooks around it, the tool itself, and what those who follow the task see.

It is described once, as steps that sync and async code carry out each in its way.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from xpander_client.api.models import (
    TaskUpdateEvent,
    TaskUpdateEventType,
    ToolCallRequest,
    ToolCallResult,
)
from xpander_client.api.requests import agents as agents_requests
from xpander_client.core.result import error_text, plain
from xpander_client.core.steps import AskEither, Steps, ask
from xpander_client.errors import ArgumentError, ModuleException
from xpander_client.tools.calling import call_tool
from xpander_client.tools.current_task import FollowedTask
from xpander_client.tools.functions.form import MisfitError
from xpander_client.tools.hooks import ToolHooksRegistry
from xpander_client.tools.result import ToolInvocationResult
from xpander_client.transport import Transport

if TYPE_CHECKING:
    from xpander_client.tools.tool import Tool

_logger = logging.getLogger("xpander_client.tools")

# A call's answer type is a class; `Any` is none to type checkers.
_ANYTHING: Any = Any


@attrs.frozen(kw_only=True)
class Invocation:
    """What a tool is run with, and for whom."""

    tool: Tool
    payload: Any
    agent_id: str
    agent_version: str | int | None
    payload_extension: dict[str, Any]
    transport: Transport
    task_id: str | None
    tool_call_id: str | None
    task: FollowedTask | None
    """Who follows it is told of the run; with None nobody is."""
    request_id: str = attrs.field(factory=lambda: str(uuid.uuid4()))

    def steps(self) -> Steps[ToolInvocationResult]:
        """Describe the run. It raises nothing that the tool or a hook raises."""
        tool, extension = self.tool, self.payload_extension
        about = (tool, self.payload, extension, self.tool_call_id, self.agent_version)
        outcome = ToolInvocationResult(
            tool_id=tool.id,
            tool_call_id=self.tool_call_id,
            task_id=self.task_id,
            payload=self.payload,
            is_local=tool.is_local,
        )
        if self.task is not None:
            yield from self._report(self.task, TaskUpdateEventType.ToolCallRequest, self._request())
        yield from ToolHooksRegistry.call_before(*about)
        try:
            outcome.result = yield from self._run()
        except Exception as error:
            outcome.is_error, outcome.error = True, error
            outcome.result = error_text(error)
            outcome.status_code = 500
            if isinstance(error, ModuleException):
                outcome.result = error.description
                outcome.status_code = error.status_code or 500
            yield from ToolHooksRegistry.call_error(*about, error)
        else:
            outcome.is_success = True
            yield from ToolHooksRegistry.call_after(*about, outcome.result)
        if self.task is not None:
            yield from self._report(
                self.task, TaskUpdateEventType.ToolCallResult, self._result(outcome)
            )
        return outcome

    def _run(self) -> Steps[Any]:
        if self.tool.is_local:
            return (yield from self._run_here())
        spec = agents_requests.invoke_tool(
            agent_id=self.agent_id,
            tool_id=self.tool.id,
            payload=_extend(self.payload, self.payload_extension),
            agent_version=self.agent_version,
            execution_id=self.task_id,
            tool_call_id=self.tool_call_id,
        )
        answer = yield AskEither(
            partial(self.transport.call, spec, _ANYTHING),
            partial(self.transport.acall, spec, _ANYTHING),
        )
        return answer.parsed

    def _run_here(self) -> Steps[Any]:
        parameters = self.tool.describe_arguments()
        assert self.tool.fn is not None
        try:
            arguments = parameters.read({} if self.payload is None else self.payload)
        except MisfitError as error:
            raise ArgumentError(f"Invalid payload for tool '{self.tool.name}': {error}") from None
        try:
            return (yield from call_tool(self.tool.fn, **arguments))
        except Exception as error:
            # The model is told the end of the story; whoever wrote the tool wants all of it.
            _logger.warning("the tool %s failed", self.tool.id, exc_info=error)
            raise

    def _description(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "operation_id": self.tool.id,
            "tool_call_id": self.tool_call_id,
            "tool_name": self.tool.name,
            "payload": plain(_extend(self.payload, self.payload_extension)),
        }

    def _request(self) -> ToolCallRequest:
        return ToolCallRequest(**self._description())

    def _result(self, outcome: ToolInvocationResult) -> ToolCallResult:
        return ToolCallResult(
            **self._description(), result=plain(outcome.result), is_error=outcome.is_error
        )

    def _report(
        self, task: FollowedTask, kind: TaskUpdateEventType, data: ToolCallRequest | ToolCallResult
    ) -> Steps[None]:
        event = TaskUpdateEvent(
            type=kind,
            task_id=task.id,
            organization_id=task.organization_id,
            time=datetime.datetime.now(datetime.UTC),
            data=data,
        )
        try:
            yield from ask(task.push_events, task.apush_events, [event])
        except ModuleException as error:
            # The tool's work counts for more than that somebody hears of it.
            _logger.warning(
                "task %s: a call of %s was not reported: %s", task.id, self.tool.id, error
            )


def _extend(payload: Any, extension: Mapping[str, Any]) -> Any:
    """Return the payload with a task's additions, which win; objects in both are merged.

    Example:
        >>> _extend({"query": {"year": 2026}}, {"query": {"region": "north"}})
        {'query': {'year': 2026, 'region': 'north'}}
    """
    if not extension or not isinstance(payload, Mapping):
        return payload
    merged = dict(payload)
    for name, value in extension.items():
        before = merged.get(name)
        is_nested = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[name] = _extend(before, value) if is_nested else value
    return merged
