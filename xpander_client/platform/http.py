"""The routes: from requests to commands for the store, and back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from ..api.models import (
    ApiKeyAllowanceRequest,
    ExecutionMetricsReport,
    TaskCreate,
    TaskReportRequest,
    TaskUpdate,
    TaskUpdateEvent,
    WorkerMessage,
)
from ..version import __version__
from . import activity, bodies, dispatch, machine
from .agents import LONGEST_ID, Agents, listed
from .clock import timestamp
from .dispatch import Dispatch
from .gate import Keys
from .ids import new_task_id
from .records import EventRecord, IdempotencyKey, TaskFilter, TaskRecord
from .refusal import Refusal
from .settings import Settings
from .store import Store
from .streams import EventLogs, TaskEvents, WorkerChannel
from .tools import Tools

__all__ = ["Endpoints"]

T = TypeVar("T")

PAGE = 500
ENVIRONMENTS = frozenset({"local", "xpander"})
_COUNT = re.compile(r"[0-9]{1,18}\Z", re.ASCII)

Endpoint = Callable[[Request], Awaitable[Response]]


class _Json(Response):
    media_type = "application/json"


def _json(value: Any) -> Response:
    return _Json(orjson.dumps(value))


class _Stream(Response):
    """An answer that another room serves."""

    def __init__(self, stream: TaskEvents | WorkerChannel) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stream(scope, receive, send)


class _Served:
    """An endpoint as the app of a route: without the router's own answers to exceptions, which are
    the gate's to give.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


class Endpoints:
    """One method for each operation. Each gets the caller's organization from the gate."""

    def __init__(
        self,
        store: Store,
        agents: Agents,
        workers: Dispatch,
        logs: EventLogs,
        keys: Keys,
        settings: Settings,
        tools: Tools,
    ) -> None:
        self._store = store
        self._agents = agents
        self._workers = workers
        self._logs = logs
        self._keys = keys
        self._settings = settings
        self._tools = tools

    def routes(self) -> Sequence[BaseRoute]:
        """All routes; those that are asked for most come first."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/agent-execution/{task_id}/status", self.get_task),
            ("POST", "/agent-execution/{task_id}/events/push", self.push_events),
            ("PATCH", "/agent-execution/{task_id}/update", self.update_task),
            ("GET", "/agent-execution/{task_id}/events", self.follow_task),
            ("POST", "/events/{worker_id}", self.hear_worker),
            ("GET", "/agent-execution/executions/history/{agent_id}", self.list_tasks),
            ("GET", "/agent-execution/executions/history/user/{user_id}", self.list_user_tasks),
            ("POST", "/agent-execution/{agent_id}/report_task", self.report_task),
            ("POST", "/agents-metrics/{agent_id}/execution", self.report_metrics),
            ("GET", "/activity/{agent_id}/{task_id}", self.get_activity),
            ("GET", "/events/{agent_id}/", self.listen),
            ("GET", "/agents/list", self.list_agents),
            ("GET", "/agents/{agent_id}", self.get_agent),
            ("POST", "/agents/{agent_id}/operations/{tool_id}", self.invoke_tool),
            ("POST", "/metadata/api_key_allowance", self.check_api_key),
            ("GET", "/health", self.health),
        ]
        routes = [_route(path, endpoint, method) for method, path, endpoint in table]
        # Two methods of one path share a route, so that a third is told which ones there are.
        routes.insert(
            0, _route("/agent-execution/{agent_or_task_id}", self._create_or_stop, "POST", "DELETE")
        )
        return routes

    async def _create_or_stop(self, request: Request) -> Response:
        if request.method == "POST":
            return await self.create_task(request)
        return await self.stop_task(request)

    # Tasks ---------------------------------------------------------------------------------------

    async def create_task(self, request: Request) -> Response:
        """Create a task, or continue the one that the body names."""
        organization_id, agent_id = _organization(request), _id(request, "agent_or_task_id")
        body = await self._object(request, TaskCreate)
        await self._agents.ensure(organization_id, agent_id)
        key = _idempotency(request, f"create {agent_id}", body)
        version = bodies.header(request, b"x-agent-version")
        given = {"source": "api", **_without_nulls(body)}
        if version:
            given["agent_version"] = version
        put = await self._store.put(
            organization_id,
            agent_id,
            given,
            task_id=new_task_id(),
            existing_id=body.get("id") or None,
            key=key,
        )
        return _task(put.record)

    async def get_task(self, request: Request) -> Response:
        """The task as it is now."""
        return _task(await self._store.get(_organization(request), _id(request, "task_id")))

    async def update_task(self, request: Request) -> Response:
        """Change fields of a task."""
        body = await self._parsed(request)
        if isinstance(body, dict):
            body = _with_text_result(body)
        bodies.checked(body, TaskUpdate)
        body = _with_total(body)
        attempt = body.get("execution_attempts")
        if attempt is None:
            attempt = _attempt(request)
        attempt = None if attempt is None else int(attempt)
        record = await self._store.patch(
            _organization(request), _id(request, "task_id"), body, attempt=attempt
        )
        self._workers.observe(record, attempt)
        return _task(record)

    async def stop_task(self, request: Request) -> Response:
        """Stop a task, and tell the worker that has it."""
        record = await self._store.stop(_organization(request), _id(request, "agent_or_task_id"))
        self._workers.observe(record)
        return _task(record)

    async def list_tasks(self, request: Request) -> Response:
        """The tasks of an agent."""
        organization_id, agent_id = _organization(request), _id(request, "agent_id")
        if not await self._agents.exists(organization_id, agent_id):
            raise Refusal(404, f"there is no agent {agent_id}")
        user_id = request.query_params.get("user_id")
        return await self._listing(request, agent_id=agent_id, user_id=user_id)

    async def list_user_tasks(self, request: Request) -> Response:
        """The tasks of a user, of all agents."""
        return await self._listing(request, agent_id=None, user_id=_id(request, "user_id"))

    async def _listing(
        self, request: Request, *, agent_id: str | None, user_id: str | None
    ) -> Response:
        query = request.query_params
        status = query.get("status")
        if status is not None and status not in machine.STATUSES:
            raise Refusal(422, f"there is no status {status!r}")
        wanted = TaskFilter(
            agent_id=agent_id,
            user_id=user_id,
            parent_task_id=query.get("parent_task_id"),
            triggering_agent_id=query.get("triggering_agent_id"),
            status=status,
            internal_status=query.get("internal_status"),
        )
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self._store.list_tasks(
                _organization(request), wanted, cursor=cursor, limit=PAGE
            )
            items += [_list_item(record) for record in page.records]
            cursor = page.cursor
            if cursor is None:
                return _json(items)

    async def report_task(self, request: Request) -> Response:
        """Store a task that ran elsewhere."""
        organization_id, agent_id = _organization(request), _id(request, "agent_id")
        body = await self._object(request, TaskReportRequest)
        await self._agents.ensure(organization_id, agent_id)
        task_id = body.get("id") or new_task_id()
        if len(task_id) > LONGEST_ID or not task_id.isprintable():
            raise Refusal(422, "this can't be the id of a task", "$.id")
        put = await self._store.report(
            organization_id,
            agent_id,
            {"source": "api", **_with_total(_without_nulls(body))},
            task_id=task_id,
            key=_idempotency(request, f"report {agent_id}", body),
        )
        self._workers.observe(put.record)
        return _task(put.record)

    async def report_metrics(self, request: Request) -> Response:
        """Keep what running a task took."""
        organization_id, agent_id = _organization(request), _id(request, "agent_id")
        body = await self._object(request, ExecutionMetricsReport)
        await self._agents.ensure(organization_id, agent_id)
        await self._store.doc_put(
            organization_id,
            "metrics",
            str(uuid.uuid4()),
            {**body, "agent_id": agent_id},
            idempotency=_idempotency(request, f"metrics {agent_id}", body),
        )
        return Response()

    async def get_activity(self, request: Request) -> Response:
        """What was said and done in a task."""
        organization_id, task_id = _organization(request), _id(request, "task_id")
        record = await self._store.get(organization_id, task_id)
        if record.agent_id != _id(request, "agent_id"):
            raise Refusal(404, f"the agent has no task {task_id}")
        events: list[EventRecord] = []
        while page := await self._store.read(task_id, events[-1].seq if events else 0, PAGE):
            events += page
        return _json(activity.thread(record, events))

    # Events --------------------------------------------------------------------------------------

    async def push_events(self, request: Request) -> Response:
        """Add events to a task's stream."""
        task_id = _id(request, "task_id")
        events = await self._parsed(request)
        bodies.checked(events, list[TaskUpdateEvent], known_values_only=False)
        whole = [_whole_event(event, index) for index, event in enumerate(events)]
        attempt = _attempt(request)
        appended = await self._store.append(
            _organization(request),
            task_id,
            whole,
            attempt=attempt,
            key=_idempotency(request, f"push {task_id}", events),
        )
        self._workers.observe(appended.record, attempt)
        return Response()

    async def follow_task(self, request: Request) -> Response:
        """Replay a task's events, and go on with them until it is finished."""
        if self._logs.closing:
            raise Refusal(503, "the platform is stopping")
        record = await self._store.get(_organization(request), _id(request, "task_id"))
        if record.read().get("events_streaming") is not True:
            raise Refusal(409, "the task was not created with events_streaming")
        given = request.headers.get("last-event-id") or request.query_params.get("after")
        after = _count(given or None, "the last event's id")
        position = record.run_from if after is None else after
        return _Stream(TaskEvents(self._logs, record, position))

    # Workers -------------------------------------------------------------------------------------

    async def listen(self, request: Request) -> Response:
        """Register a worker, and bring it its tasks."""
        if self._logs.closing:
            raise Refusal(503, "the platform is stopping")
        organization_id, agent_id = _organization(request), _id(request, "agent_id")
        environment = request.query_params.get("environment")
        if environment is not None and environment not in ENVIRONMENTS:
            raise Refusal(422, f"there is no environment {environment!r}")
        worker_id = request.headers.get("x-worker-id")
        if worker_id is not None and (
            len(worker_id) > LONGEST_ID or not worker_id.isprintable() or not worker_id
        ):
            raise Refusal(422, "this can't be the id of a worker")
        await self._agents.ensure(organization_id, agent_id)
        agent = await self._agents.get(organization_id, agent_id)
        session = await self._workers.register(
            organization_id,
            agent_id,
            environment=environment,
            peer=_peer(request),
            worker_id=worker_id,
        )
        hello = dispatch.registration(session, agent)
        return _Stream(WorkerChannel(session, hello, self._settings, self._workers.leave))

    async def hear_worker(self, request: Request) -> Response:
        """Take in what a worker says about itself."""
        body = await self._object(request, WorkerMessage)
        agent_id = request.query_params.get("agent_id")
        if not agent_id:
            raise Refusal(422, "the query has to say the worker's agent_id")
        await self._workers.hear(
            _organization(request),
            agent_id,
            _id(request, "worker_id"),
            body["event"],
            body.get("data"),
            _peer(request),
        )
        return Response()

    async def check_api_key(self, request: Request) -> Response:
        """The agents that a key may use: those of its organization, told to that organization."""
        body = await self._object(request, ApiKeyAllowanceRequest)
        organization_id = _organization(request)
        key: str = body["api_key"]
        agent_ids: list[str] = []
        if self._keys.organization(key) == organization_id:
            agent_ids = [agent["id"] for agent in await self._agents.list(organization_id)]
        return _json({"api_key": key, "agent_ids": agent_ids})

    # Agents --------------------------------------------------------------------------------------

    async def list_agents(self, request: Request) -> Response:
        """The agents of the organization."""
        agents = await self._agents.list(_organization(request))
        return _json([listed(agent) for agent in agents])

    async def get_agent(self, request: Request) -> Response:
        """An agent with all that is known about it."""
        return _json(await self._agents.get(_organization(request), _id(request, "agent_id")))

    async def invoke_tool(self, request: Request) -> Response:
        """Call a tool, if it is one that the platform runs and not only a description."""
        payload = await self._parsed(request)
        if not isinstance(payload, dict):
            raise Refusal(422, "expected an object", "$")
        agent = await self._agents.get(_organization(request), _id(request, "agent_id"))
        tool_id = _id(request, "tool_id")
        if not any(tool["id"] == tool_id for tool in agent["tools"]):
            raise Refusal(404, f"the agent has no tool {tool_id}")
        dry = request.headers.get("x-preflight-check", "").lower() == "true"
        return _Json(await self._tools.call(tool_id, payload, dry=dry))

    async def health(self, request: Request) -> Response:
        """Whether the platform is there. Needs no key."""
        return _json({"status": "ok", "version": __version__})

    # ---------------------------------------------------------------------------------------------

    async def _parsed(self, request: Request) -> Any:
        return bodies.parsed(await bodies.read(request, self._settings.body_limit))

    async def _object(self, request: Request, model: type[Any]) -> dict[str, Any]:
        """The body as it came; it is an object, and what the model says."""
        body = await self._parsed(request)
        made = bodies.checked(body, model)
        if made.additional_properties and model is not TaskUpdate:
            # What isn't in this request's contract may still be a field of the task that comes of
            # it, and then it has to have that field's type.
            bodies.checked(made.additional_properties, TaskUpdate)
        plain: dict[str, Any] = body
        return plain


def _route(path: str, endpoint: Endpoint, *methods: str) -> Route:
    route = Route(path, _Served(endpoint), methods=list(methods))
    if path != "/health":
        route.methods = set(methods)  # without the HEAD that comes with GET
    return route


def _organization(request: Request) -> str:
    organization: str = request.scope["organization_id"]
    return organization


def _id(request: Request, name: str) -> str:
    """An id out of the path, which is still as it was sent."""
    try:
        return unquote_to_bytes(request.path_params[name].encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise Refusal(404, "an id in the path is no text") from None


def _peer(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _count(text: str | None, what: str) -> int | None:
    if text is None:
        return None
    if _COUNT.match(text) is None:
        raise Refusal(422, f"{what} has to be a whole number")
    return int(text)


def _attempt(request: Request) -> int | None:
    return _count(bodies.header(request, b"x-execution-attempt"), "x-execution-attempt")


def _idempotency(request: Request, operation: str, body: Any) -> IdempotencyKey | None:
    key = bodies.header(request, b"idempotency-key")
    if key is None:
        return None
    if not key or len(key) > 255:
        raise Refusal(422, "an idempotency key has from 1 to 255 characters")
    return IdempotencyKey(key, bodies.fingerprint(operation, body))


def _task(record: TaskRecord) -> Response:
    return _Json(record.document)


def _without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _with_text_result(body: dict[str, Any]) -> dict[str, Any]:
    """A result is text on the wire; the structured ones that some workers send become JSON text."""
    if isinstance(body.get("result"), dict | list):
        return {**body, "result": orjson.dumps(body["result"]).decode()}
    return body


def _with_total(body: dict[str, Any]) -> dict[str, Any]:
    """The total of tokens is the platform's to say, whatever a caller makes of it."""
    tokens = body.get("tokens")
    if not isinstance(tokens, dict):
        return body
    total = (tokens.get("completion_tokens") or 0) + (tokens.get("prompt_tokens") or 0)
    return {**body, "tokens": {**tokens, "total_tokens": total}}


def _whole_event(event: dict[str, Any], index: int) -> dict[str, Any]:
    whole = {"data": None, **event}
    if whole["type"] == "task_finished" and whole["data"] is not None:
        data = whole["data"]
        whole["data"] = _with_text_result(data) if isinstance(data, dict) else data
        bodies.checked(whole["data"], TaskUpdate, f"$[{index}].data")
        whole["data"] = _with_total(whole["data"])
    return whole


def _list_item(record: TaskRecord) -> dict[str, Any]:
    task = record.read()
    result = task.get("result")
    item = {
        "id": record.id,
        "agent_id": record.agent_id,
        "organization_id": record.organization_id,
        "status": record.status,
        "user_id": record.user_id,
        "parent_task_id": record.parent_task_id,
        "triggering_agent_id": record.triggering_agent_id,
        "created_at": task["created_at"],
        "updated_at": timestamp(record.updated_at),
        "source_node_type": task.get("source"),
        "result": result,
        "title": task.get("title"),
        "execution_kind": task.get("execution_kind"),
        "process": task.get("process"),
        "conversation_kind": task.get("conversation_kind"),
    }
    return {name: value for name, value in item.items() if value is not None}
