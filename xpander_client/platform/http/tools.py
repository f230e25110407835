"""Runs the tools of agents: functions, HTTP requests, other agents, and the end of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from typing import Any

import attrs
import orjson

from xpander_client.api.models import OperationCall
from xpander_client.core.statuses import TaskStatus
from xpander_client.core.tool_message import tool_message
from xpander_client.platform.agents.file import DescribedAgent
from xpander_client.platform.agents.functions import Tools
from xpander_client.platform.agents.http_operation import BODILESS, Arguments, HttpOperation
from xpander_client.platform.agents.http_tools import HttpTools
from xpander_client.platform.agents.registry import AgentRegistry
from xpander_client.platform.agents.tool_answer import SLICE
from xpander_client.platform.auth.access import KeyGrant
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError, StaleAttempt
from xpander_client.platform.foundation.ids import child_task_id, new_task_id
from xpander_client.platform.foundation.models import check_model
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http import bodies
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.router import Route
from xpander_client.platform.http.routing import (
    access,
    ending_attempt,
    organization,
    path_id,
    read_held_attempt,
)
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.http.threads import LENGTH, STATUS
from xpander_client.platform.rules import task_machine
from xpander_client.platform.rules.records import IdempotencyKey, TaskRecord
from xpander_client.platform.stores.base.store import Store

FINISH = "xpfinish-agent-execution-finished"
"""The tool by which a model ends its task."""

_TOOL_FAILURES = frozenset({404, 422, 424})
"""Refusals that a model should hear of: there is no such tool, it takes no such arguments, or it
failed.
"""

_STOP = {"xpander-agent-stop": "true"}


@attrs.frozen(kw_only=True)
class _OperationCall:
    """A call of a tool in the course of a task."""

    access: KeyGrant
    agent_id: str
    task: TaskRecord
    tool_id: str
    arguments: Arguments
    tool_call_id: str | None
    attempt: int | None
    reported: bool

    @property
    def organization_id(self) -> str:
        """The organization in which all this happens."""
        return self.task.organization_id


@attrs.frozen(kw_only=True)
class _ToolAnswer:
    """What a tool answered. With a `key` the thread is told of it once only, and of an answer that
    is not `final`, because another task will give that, not at all.
    """

    body: bytes
    headers: Mapping[str, str] = attrs.field(factory=dict)
    final: bool = True
    key: IdempotencyKey | None = None


class OperationEndpoints:
    """The routes that call tools."""

    def __init__(
        self,
        store: Store,
        agents: AgentRegistry,
        workers: Dispatch,
        tools: Tools,
        http_tools: HttpTools,
        reach: KeyScope,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._store = store
        self._agents = agents
        self._workers = workers
        self._tools = tools
        self._http_tools = http_tools
        self._reach = reach
        self._settings = settings
        self._leases = task_machine.Leases(worker=settings.lease, script=settings.loop_lease)
        self._clock = clock

    def routes(self) -> Sequence[Route]:
        """All routes of tools."""
        return [
            Route(
                "/agents/{agent_id}/{execution_id}/operations/{operation_id}", {"POST": self.run}
            ),
            Route("/agents/{agent_id}/operations/{tool_id}", {"POST": self.invoke}),
        ]

    # On nobody's behalf --------------------------------------------------------------------------

    async def invoke(self, request: Request) -> Response:
        """Call a tool, if it is one that the platform runs and not only a description."""
        payload = await bodies.take_body(request, self._settings.body_limit, _object)
        agent_id, tool_id = path_id(request, "agent_id"), path_id(request, "tool_id")
        agent = await self._having(organization(request), agent_id, tool_id)
        dry = (request.get_header(b"x-preflight-check") or "").lower() == "true"
        operation = agent.operations.get(tool_id)
        if tool_id in agent.sub_agents:
            raise HttpError(422, f"the tool {tool_id} can only be called in the course of a task")
        if operation is None or self._tools.runs(tool_id):
            known = self._tools.list_parameters(tool_id)
            return Json(
                await self._tools.call(tool_id, _drop_empty_groups(payload, known), dry=dry)
            )
        arguments = _sort_arguments(_drop_empty_groups(payload), operation)
        if dry:
            await asyncio.to_thread(operation.request, arguments)
            return Json.of(None)
        return Json(await self._http_tools.call(tool_id, operation, arguments))

    # In the course of a task ---------------------------------------------------------------------

    async def run(self, request: Request) -> Response:
        """Call a tool for a task, and tell the task's thread what came of it if that is wanted."""
        body = await bodies.take_body(request, self._settings.body_limit, _call)
        task_id = path_id(request, "execution_id")
        task = await self._store.get(organization(request), task_id, whole=False)
        tool_id = path_id(request, "operation_id")
        call = _OperationCall(
            access=access(request),
            agent_id=path_id(request, "agent_id"),
            task=task,
            tool_id=tool_id,
            arguments=Arguments(
                path=body.get("path_params") or {},
                query=_unmark(body.get("query_params") or {}),
                body=body.get("body_params") or {},
                headers=body.get("headers") or {},
            ),
            tool_call_id=request.get_header(b"x-xpander-tool-call-id") or None,
            attempt=(ending_attempt if tool_id == FINISH else read_held_attempt)(request),
            reported=_says_true(request, b"x-xpander-with-auto-report-result"),
        )
        if task.agent_id != call.agent_id:
            raise HttpError(404, f"the agent has no task {task_id}")
        await self._check(call)
        try:
            answer = await self._have_answered(call)
        except HttpError as error:
            if error.status not in _TOOL_FAILURES:  # it is the task that can't be worked on
                now = await self._store.get(call.organization_id, task_id, whole=False)
                raise _add_headers(error, {STATUS: now.status}) from None
            headers = await self._tell(call, _ToolAnswer(body=orjson.dumps(error.detail)))
            raise _add_headers(error, headers) from None
        return Json(answer.body, headers={**answer.headers, **await self._tell(call, answer)})

    async def _check(self, call: _OperationCall) -> None:
        """Refuse a call that can't be made for this task, before anything is done."""
        task = call.task
        status = {STATUS: task.status}
        if call.attempt is not None and not task_machine.holds(task, call.attempt):
            raise StaleAttempt(call.attempt, headers=status)
        if task.finished and call.tool_id != FINISH:
            raise HttpError(409, f"the task is {task.status}, which is final", headers=status)
        if call.reported and call.tool_call_id is None and _thread_id(task) is not None:
            raise HttpError(
                422,
                "x-xpander-tool-call-id has to say which call the thread is told the answer of",
                headers=status,
            )
        if call.attempt is not None and task_machine.is_worn(task, self._clock(), self._leases):
            await self._store.keep_alive(call.organization_id, task.id, attempt=call.attempt)

    async def _have_answered(self, call: _OperationCall) -> _ToolAnswer:
        """Have the tool answer.

        Raises:
            HttpError: it does not; 409, because of the task.
        """
        if call.tool_id == FINISH:
            return await self._finish(call)
        agent = await self._having(call.organization_id, call.agent_id, call.tool_id)
        sub_agent = agent.sub_agents.get(call.tool_id)
        if sub_agent is not None:
            return await self._delegate(call, sub_agent)
        operation = agent.operations.get(call.tool_id)
        if operation is None or self._tools.runs(call.tool_id):
            return _ToolAnswer(body=await self._tools.call(call.tool_id, call.arguments.keywords))
        return _ToolAnswer(
            body=await self._http_tools.call(call.tool_id, operation, call.arguments)
        )

    async def _finish(self, call: _OperationCall) -> _ToolAnswer:
        is_success = call.arguments.body.get("is_success")
        if not isinstance(is_success, bool):
            raise HttpError(422, "is_success has to be true or false", "$.body_params.is_success")
        result = call.arguments.body.get("result")
        if not isinstance(result, str):
            result = "" if result is None else orjson.dumps(result).decode()
        status: TaskStatus = "completed" if is_success else "error"
        outcome = {"status": status, "result": result}
        task = call.task
        if task.finished:
            task = await self._store.get(call.organization_id, task.id)
        else:
            task = await self._store.patch(
                call.organization_id, task.id, outcome, attempt=call.attempt
            )
            self._workers.on_task_written(task, call.attempt)
        if (task.status, task.read().get("result") or "") != (outcome["status"], result):
            raise HttpError(409, f"the task is {task.status}, which is final")
        # No caller can send such a key: it has a character that no header holds.
        name = bodies.fingerprint(f"finish\n{task.id}\n{call.tool_call_id}", None)
        return _ToolAnswer(
            body=orjson.dumps({"ok": True}),
            headers=_STOP,
            key=IdempotencyKey(f"finish\n{name.hex()}", name),
        )

    async def _delegate(self, call: _OperationCall, sub_agent: str) -> _ToolAnswer:
        text = call.arguments.body.get("input_task")
        if not isinstance(text, str) or not text:
            raise HttpError(422, "input_task has to say what to do", "$.body_params.input_task")
        await self._agents.ensure(call.organization_id, sub_agent)
        parent = call.task
        described = parent.outline()
        body = {
            "input": {"text": text},
            "source": described.get("source"),
            "events_streaming": described.get("events_streaming"),
            "worker_id": parent.pinned_to,
            "tool_call_id": call.tool_call_id,
            "tool_call_name": call.tool_id,
        }
        if call.tool_call_id is None:
            child_id = new_task_id()
        else:
            # The same call makes the same task, however often it is repeated.
            child_id = child_task_id(call.organization_id, parent.id, call.tool_call_id)
        put = await self._store.delegate(
            call.organization_id,
            parent.id,
            sub_agent,
            body,
            task_id=child_id,
            attempt=call.attempt,
        )
        return _ToolAnswer(
            body=orjson.dumps({"execution_id": put.record.id}), headers=_STOP, final=False
        )

    async def _tell(self, call: _OperationCall, answer: _ToolAnswer) -> dict[str, str]:
        """Add the tool's message to the task's thread, if wanted. A sign of life in any case.

        Returns what the headers say of the task and of the thread.
        """
        thread_id = _thread_id(call.task)
        try:
            if call.reported and answer.final and thread_id and call.tool_call_id:
                try:
                    await self._reach.check_thread(call.access, thread_id)
                    message = await asyncio.to_thread(_message, call.tool_call_id, answer.body)
                    extended = await self._store.threads.extend(
                        call.organization_id,
                        thread_id,
                        [message],
                        task_id=call.task.id,
                        attempt=call.attempt,
                        key=answer.key,
                    )
                except HttpError as error:
                    if error.status != 404:
                        raise
                else:
                    assert extended.task is not None
                    return {STATUS: extended.task.status, LENGTH: str(extended.thread.length)}
            if call.attempt is None:
                task = await self._store.get(call.organization_id, call.task.id, whole=False)
            else:
                task = await self._store.keep_alive(
                    call.organization_id, call.task.id, attempt=call.attempt
                )
        except HttpError as error:
            if error.status != 409:
                raise
            now = await self._store.get(call.organization_id, call.task.id, whole=False)
            raise HttpError(
                409,
                f"{error.detail}; the tool was called, but its answer was not kept",
                headers={STATUS: now.status},
            ) from None
        return {STATUS: task.status}

    # ---------------------------------------------------------------------------------------------

    async def _having(self, organization_id: str, agent_id: str, tool_id: str) -> DescribedAgent:
        """Return the agent, which has the tool."""
        agent = await self._agents.ensure(organization_id, agent_id)
        if not any(tool["id"] == tool_id for tool in agent.wire["tools"]):
            raise HttpError(404, f"the agent has no tool {tool_id}")
        return agent


def _message(tool_call_id: str, answer: bytes) -> dict[str, Any]:
    """Make the thread's message of an answer; a large one is kept as the tool wrote it."""
    if len(answer) <= SLICE or answer.startswith(b'"'):
        return tool_message(tool_call_id, orjson.loads(answer))
    return {**tool_message(tool_call_id, ""), "content": answer.decode()}


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise HttpError(422, "expected an object", "$")
    return body


def _call(body: Any) -> dict[str, Any]:
    check_model(body, OperationCall)
    return _object(body)


def _thread_id(task: TaskRecord) -> str | None:
    thread_id = task.outline().get("memory_thread_id")
    return thread_id if isinstance(thread_id, str) and thread_id else None


def _says_true(request: Request, name: bytes) -> bool:
    return (request.get_header(name) or "").lower() == "true"


def _add_headers(error: HttpError, headers: Mapping[str, str]) -> HttpError:
    return HttpError(error.status, error.detail, error.path, headers)


_GROUPS = {
    "path_params": "path",
    "pathParams": "path",
    "query_params": "query",
    "queryParams": "query",
    "body_params": "body",
    "bodyParams": "body",
    "headers": "headers",
}


def _drop_empty_groups(payload: Mapping[str, Any], known: Container[str] = ()) -> Mapping[str, Any]:
    """Leave out groups without arguments, unless a parameter is called so.

    The official package adds them to arguments that are side by side.
    """
    return {
        name: value
        for name, value in payload.items()
        if value != {} or name not in _GROUPS or name in known
    }


def _sort_arguments(payload: Mapping[str, Any], operation: HttpOperation) -> Arguments:
    """Sort out the arguments in a payload, which has them in groups, or side by side."""
    if payload.keys() <= _GROUPS.keys() and all(isinstance(v, dict) for v in payload.values()):
        return Arguments(**{_GROUPS[name]: group for name, group in payload.items()})
    rest = "query_params" if operation.method in BODILESS else "body_params"
    given: dict[str, dict[str, Any]] = {}
    for name, value in payload.items():
        given.setdefault(operation.home(name) or rest, {})[name] = value
    return Arguments(**{_GROUPS[group]: values for group, values in given.items()})


def _unmark(query: Mapping[str, Any]) -> dict[str, Any]:
    """Name the query's variables by their own names: lists come with brackets behind them."""
    return {
        name.removesuffix("[]") if isinstance(value, list) else name: value
        for name, value in query.items()
    }
