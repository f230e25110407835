"""The routes: from requests to commands for the store, and back."""

from __future__ import annotations

import datetime
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs
import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from xpander_client.api.models import (
    AgentCreate,
    AgentExecutionStatus,
    ApiKeyAllowanceRequest,
    ExecutionMetricsReport,
    LLMUsageReport,
    TaskCreate,
    TaskFinish,
    TaskNotification,
    TaskReportRequest,
    TasksDelete,
    TaskUpdate,
    TaskUpdateEvent,
    WorkerMessage,
)
from xpander_client.core.answer import BRIEF
from xpander_client.core.statuses import STATUSES
from xpander_client.platform.agents.registry import Agents, list_item
from xpander_client.platform.auth.access import APPLICATION, READER, WORKER
from xpander_client.platform.auth.keys import Keys
from xpander_client.platform.dispatch import sessions
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.bounds import ID, ITEMS, LOOKED_UP, within
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.ids import new_task_id
from xpander_client.platform.foundation.models import check_model
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http import bodies
from xpander_client.platform.http.deletions import Deletions, Removed
from xpander_client.platform.http.routing import (
    Endpoint,
    Json,
    access,
    count,
    ending_attempt,
    flag,
    idempotency,
    organization,
    path_id,
    read_held_attempt,
    read_query,
    route,
    without_nulls,
)
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.rules import activity, task_machine
from xpander_client.platform.rules.records import (
    LARGE,
    IdempotencyKey,
    Report,
    TaskFilter,
    TaskRecord,
)
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming.event_log import EventLogs
from xpander_client.platform.streaming.responses import TaskEvents, WorkerChannel

T = TypeVar("T")

_PAGE = 500
"""How many rows are read at once, and how many items a caller may ask for in one answer."""
_ENVIRONMENTS = frozenset({"local", "xpander"})


class _Stream(Response):
    """An answer that another room serves."""

    def __init__(self, stream: TaskEvents | WorkerChannel) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stream(scope, receive, send)


def _moment(text: str, path: str) -> float:
    """Seconds since 1970; a time without a zone is UTC."""
    try:
        said = datetime.datetime.fromisoformat(text)
        return (said if said.tzinfo else said.replace(tzinfo=datetime.UTC)).timestamp()
    except (OverflowError, ValueError):
        raise HttpError(422, "expected a date and a time", path) from None


def _answer_removed(removed: Removed) -> Response:
    return Json.of(
        {name: value for name, value in attrs.asdict(removed).items() if value is not None}
    )


class Endpoints:
    """One method for each operation. Each gets the caller's organization from the gate."""

    def __init__(
        self,
        store: Store,
        agents: Agents,
        workers: Dispatch,
        logs: EventLogs,
        keys: Keys,
        reach: KeyScope,
        deletions: Deletions,
        settings: Settings,
    ) -> None:
        self._store = store
        self._agents = agents
        self._workers = workers
        self._logs = logs
        self._keys = keys
        self._reach = reach
        self._deletions = deletions
        self._settings = settings

    def routes(self) -> Sequence[Route]:
        """All routes; those that are asked for most come first."""
        table: dict[str, dict[str, Endpoint]] = {
            "/agent-execution/{agent_or_task_id}": {
                "POST": self.create_task,
                "DELETE": self.stop_task,
            },
            "/agent-execution/executions/delete": {"POST": self.delete_tasks},
            "/agent-execution/executions/{task_id}": {"DELETE": self.delete_task},
            # Before the route of a task's status, which fits a worker called "status", too.
            "/agent-execution/pending-executions/{worker_id}": {"GET": self.get_pending},
            "/agent-execution/{task_id}/status": {"GET": self.get_task},
            "/agent-execution/{task_id}/events/push": {"POST": self.push_events},
            "/agent-execution/{task_id}/update": {"PATCH": self.update_task},
            "/agent-execution/{task_id}/finish": {"PATCH": self.finish_task},
            "/agent-execution/{task_id}/events": {"GET": self.follow_task},
            "/agent-execution/{task_id}/notify": {"POST": self.notify_task},
            "/events/{worker_id}": {"POST": self.hear_worker},
            "/agent-execution/executions/history/{agent_id}": {"GET": self.list_tasks},
            "/agent-execution/executions/history/user/{user_id}": {"GET": self.list_user_tasks},
            "/agent-execution/{agent_id}/report_task": {"POST": self.report_task},
            "/agents-metrics/{agent_id}/execution": {"POST": self.report_metrics},
            "/agents-metrics/{agent_id}/llm": {"POST": self.report_llm_usage},
            "/activity/{agent_id}/{task_id}": {"GET": self.get_activity},
            "/events/{agent_id}/": {"GET": self.listen},
            "/agents/list": {"GET": self.list_agents},
            "/agents/{agent_id}": {"GET": self.get_agent},
            "/agents/{agent_id}/db": {"GET": self.get_database},
            "/metadata/default_llm_extra_headers": {"GET": self.get_default_llm_extra_headers},
            "/agents-crud/tools/crud/create": {"POST": self.create_agent},
            "/metadata/api_key_allowance": {"POST": self.check_api_key},
            "/metadata/audit": {"GET": self.list_audit},
            "/metadata/users/{user_id}": {"DELETE": self.forget_user},
            "/metadata/workers": {"GET": self.list_workers},
        }
        return [route(path, endpoints) for path, endpoints in table.items()]

    # Tasks ---------------------------------------------------------------------------------------

    async def create_task(self, request: Request) -> Response:
        """Create a task, or continue the one that the body names."""
        organization_id, agent_id = organization(request), path_id(request, "agent_or_task_id")
        body = _with_one_parent(await self._object(request, TaskCreate))
        existing_id = body.get("id") or None
        if existing_id is not None:
            await self._reach.check_task(access(request), existing_id)
            existing_id = await self._reach.find_stored_id(organization_id, existing_id)
            if access(request).role == WORKER:
                known = await self._store.get(organization_id, existing_id, whole=False)
                if not known.finished:
                    raise HttpError(
                        403, "this key has the role worker: it continues finished tasks"
                    )
        await self._reach.check_named(access(request), body, existing_id)
        if body.get("parent_execution_id"):
            parent_id = await self._reach.find_stored_id(
                organization_id, body["parent_execution_id"]
            )
            body = {**body, "parent_execution_id": parent_id}
        await self._agents.ensure(organization_id, agent_id)
        key = idempotency(request, f"create {agent_id}", body)
        version = bodies.header(request, b"x-agent-version")
        given = {"source": "api", **without_nulls(body)}
        if version:
            given["agent_version"] = version
        put = await self._store.put(
            organization_id,
            agent_id,
            given,
            task_id=new_task_id(),
            existing_id=existing_id,
            key=key,
        )
        self._workers.on_task_created(put.record)
        return _task(put.record)

    async def get_task(self, request: Request) -> Response:
        """Answer with the task as it is now."""
        return _task(await self._store.get(organization(request), path_id(request, "task_id")))

    async def update_task(self, request: Request) -> Response:
        """Change fields of a task."""
        body, attempt = _by_role(request, await self._take(request, _check_update))
        task_id = path_id(request, "task_id")
        await self._reach.check_named(access(request), body, task_id)
        record = await self._store.patch(
            organization(request),
            task_id,
            body,
            attempt=attempt,
            # A worker that says so of its own attempt was told to.
            actor=access(request).key_id if attempt is None else None,
            whole=not (is_brief := _prefers_little(request)),
        )
        if attempt is None and body.get("run_locally") is True:
            self._workers.on_task_created(record)
        self._workers.observe(record, attempt)
        answer = record.document if is_brief else record.json()
        if attempt not in (None, record.attempt) and not task_machine.takes_up_again(body):
            # Clients take over what the answer says: whoever has lost the task must not learn the
            # number by which it is another's.
            answer = orjson.dumps({**orjson.loads(answer), "execution_attempts": attempt})
        return Json(answer, headers={"preference-applied": BRIEF["prefer"]} if is_brief else None)

    async def finish_task(self, request: Request) -> Response:
        """End a task, as a PATCH of its status and its result would."""
        body = await self._take(request, _check_ending)
        attempt = ending_attempt(request)
        said = {name: body[name] for name in ("status", "result") if body.get(name) is not None}
        record = await self._store.patch(
            organization(request),
            path_id(request, "task_id"),
            said,
            attempt=attempt,
            actor=access(request).key_id if attempt is None else None,
        )
        self._workers.observe(record, attempt)
        return _task(record)

    async def get_pending(self, request: Request) -> Response:
        """Answer with the task that waits for a worker because another task started it, or null."""
        opened = access(request)
        record = await self._store.find_delegated(
            opened.organization_id, path_id(request, "worker_id"), opened.agent_ids
        )
        return Json.of(None) if record is None else _task(record)

    async def stop_task(self, request: Request) -> Response:
        """Stop a task, and tell the worker that has it."""
        organization_id, task_id = organization(request), path_id(request, "agent_or_task_id")
        if access(request).role == WORKER:
            said = {"status": AgentExecutionStatus.Stopped.value, "is_manually_stopped": True}
            record = await self._store.patch(
                organization_id, task_id, said, attempt=ending_attempt(request)
            )
        else:
            record = await self._store.stop(organization_id, task_id, actor=access(request).key_id)
        self._workers.observe(record)
        return _task(record)

    async def delete_task(self, request: Request) -> Response:
        """Delete a task with all that belongs to it."""
        removed = await self._deletions.one(
            access(request),
            path_id(request, "task_id"),
            stop=flag(request, "stop"),
            with_thread=flag(request, "with_thread"),
        )
        return _answer_removed(removed)

    async def delete_tasks(self, request: Request) -> Response:
        """Delete the tasks that fit, or the first of them."""
        body = without_nulls(await self._object(request, TasksDelete))
        access(request).check(body.get("agent_id"))
        names = ("agent_id", "user_id", "parent_task_id", "status")
        before = body.get("finished_before")
        if not body.keys() & {*names, "finished_before"}:
            raise HttpError(422, f"say which: give some of {', '.join(names)} and finished_before")
        status = body.get("status")
        if status is not None and status not in STATUSES:
            raise HttpError(422, f"there is no status {status!r}", "$.status")
        wanted = TaskFilter(
            agent_ids=None if "agent_id" in body else access(request).agent_ids,
            **{name: body[name] for name in names if name in body},
        )
        removed = await self._deletions.matching(
            access(request),
            wanted,
            before=None if before is None else _moment(before, "$.finished_before"),
            stop=body.get("stop", False),
            with_threads=body.get("with_threads", False),
            cursor=body.get("cursor"),
        )
        return _answer_removed(removed)

    async def forget_user(self, request: Request) -> Response:
        """Delete what there is of a user, or so much of it as one request may."""
        return _answer_removed(
            await self._deletions.user(access(request), path_id(request, "user_id"))
        )

    async def list_audit(self, request: Request) -> Response:
        """List what was done in the organization, the newest first."""
        if access(request).agent_ids is not None:
            raise HttpError(
                403, "what was done in the organization is not for a key of some agents"
            )
        limit = count(request.query_params.get("limit"), "limit")
        if limit is not None and not 1 <= limit <= _PAGE:
            raise HttpError(422, f"limit has to be from 1 to {_PAGE}, not {limit}")
        page = await self._store.audit(
            organization(request), cursor=request.query_params.get("cursor"), limit=limit or 100
        )
        entries = [
            {
                "id": str(entry.number),
                "time": timestamp(entry.created_at),
                "actor": entry.actor,
                "action": entry.action,
                "target": entry.target,
                "outcome": entry.outcome,
            }
            for entry in page.entries
        ]
        return Json.of(entries, {"x-next-cursor": page.cursor} if page.cursor else None)

    async def list_workers(self, request: Request) -> Response:
        """List the workers that listen, whichever server they listen at."""
        listening = await self._store.presence.list_listening(organization(request))
        covers = access(request).covers
        return Json.of(
            [
                {"id": worker_id, "agent_id": agent_id}
                for agent_id, worker_id in sorted(listening)
                if covers(agent_id)
            ]
        )

    async def notify_task(self, request: Request) -> Response:
        """Keep what a task is told, and pass it on to the worker that has it."""
        task_id = path_id(request, "task_id")
        body = await self._object(request, TaskNotification)
        appended = await self._store.notify(
            organization(request), task_id, body, key=idempotency(request, f"tell {task_id}", body)
        )
        delivered = await self._workers.tell(appended.record, appended.last_seq, body)
        return Json.of({"delivered": delivered})

    async def list_tasks(self, request: Request) -> Response:
        """List the tasks of an agent."""
        organization_id, agent_id = organization(request), path_id(request, "agent_id")
        if not await self._agents.exists(organization_id, agent_id):
            raise HttpError(404, f"there is no agent {agent_id}")
        user_id = read_query(request, "user_id", LOOKED_UP)
        return await self._listing(request, agent_id=agent_id, user_id=user_id)

    async def list_user_tasks(self, request: Request) -> Response:
        """List the tasks of a user, of all agents."""
        return await self._listing(request, agent_id=None, user_id=path_id(request, "user_id"))

    async def _listing(
        self, request: Request, *, agent_id: str | None, user_id: str | None
    ) -> Response:
        query = request.query_params
        status = query.get("status")
        if status is not None and status not in STATUSES:
            raise HttpError(422, f"there is no status {status!r}")
        wanted = TaskFilter(
            agent_id=agent_id,
            agent_ids=None if agent_id is not None else access(request).agent_ids,
            user_id=user_id,
            parent_task_id=read_query(request, "parent_task_id", ID),
            triggering_agent_id=read_query(request, "triggering_agent_id", ID),
            status=status,
            internal_status=read_query(request, "internal_status", LOOKED_UP),
        )
        limit = count(query.get("limit"), "limit")
        if limit is not None and not 1 <= limit <= _PAGE:
            raise HttpError(422, f"limit has to be from 1 to {_PAGE}, not {limit}")

        async def page_behind(cursor: str | None, most: int) -> tuple[list[bytes], str | None]:
            page = await self._store.list_tasks(
                organization(request), wanted, cursor=cursor, limit=most
            )
            return [_list_item(record) for record in page.records], page.cursor

        items, cursor = await page_behind(query.get("cursor"), limit or _PAGE)
        if limit is None and cursor is not None:
            return StreamingResponse(_array(items, cursor, page_behind), media_type=Json.media_type)
        while cursor is not None and limit is not None and len(items) < limit:
            more, cursor = await page_behind(cursor, limit - len(items))
            items += more
        headers = {"x-next-cursor": cursor} if cursor is not None else None
        return Json(b"[%b]" % b",".join(items), headers=headers)

    async def report_task(self, request: Request) -> Response:
        """Store a task that ran elsewhere."""
        organization_id, agent_id = organization(request), path_id(request, "agent_id")
        body = await self._object(request, TaskReportRequest)
        chosen = body.get("id") or None
        task_id = await self._reach.store_as(access(request), chosen) if chosen else new_task_id()
        await self._reach.check_named(access(request), body, task_id)
        await self._agents.ensure(organization_id, agent_id)
        put = await self._store.report(
            organization_id,
            agent_id,
            {"source": "api", **_with_total(without_nulls(body))},
            task_id=task_id,
            name=chosen,
            key=idempotency(request, f"report {agent_id}", body),
        )
        self._workers.observe(put.record)
        return _task(put.record)

    async def report_metrics(self, request: Request) -> Response:
        """Keep what running a task took."""
        return await self._answer_kept(request, "metrics", ExecutionMetricsReport)

    async def report_llm_usage(self, request: Request) -> Response:
        """Keep what one call of a model took."""
        return await self._answer_kept(request, "llm-usage", LLMUsageReport)

    async def _answer_kept(self, request: Request, kind: str, model: type[Any]) -> Response:
        organization_id, agent_id = organization(request), path_id(request, "agent_id")
        body = await self._object(request, model)
        await self._agents.ensure(organization_id, agent_id)
        task_id = body.get("execution_id")
        within(task_id, ID, "$.execution_id")
        if isinstance(task_id, str) and task_id:
            task_id = await self._reach.find_stored_id(organization_id, task_id)
        by = body.get("triggered_by")
        report = Report(
            kind=kind,
            agent_id=agent_id,
            task_id=task_id if isinstance(task_id, str) and task_id else None,
            # It may be anything, and is no user's id where it could not be one.
            user_id=by if isinstance(by, str) and 0 < len(by) <= 255 and "\0" not in by else None,
            value=orjson.dumps(body),
        )
        await self._store.add_report(
            organization_id, report, key=idempotency(request, f"{kind} {agent_id}", body)
        )
        return Response()

    async def get_activity(self, request: Request) -> Response:
        """Answer with what was said and done in a task."""
        organization_id, task_id = organization(request), path_id(request, "task_id")
        record = await self._store.get(organization_id, task_id, whole=False)
        if record.agent_id != path_id(request, "agent_id"):
            raise HttpError(404, f"the agent has no task {task_id}")
        pieces = activity.thread(
            record,
            await self._store.last_seq(task_id),
            lambda after, last: self._store.read_kinds(
                task_id, activity.KINDS, after=after, until=last
            ),
        )
        begun = await anext(pieces)  # what can't be read is refused before the answer begins
        return StreamingResponse(_list_all(begun, pieces), media_type=Json.media_type)

    # Events --------------------------------------------------------------------------------------

    async def push_events(self, request: Request) -> Response:
        """Add events to a task's stream."""
        task_id = path_id(request, "task_id")
        place = {"task_id": task_id, "organization_id": organization(request)}

        def check(events: Any) -> tuple[list[dict[str, Any]], IdempotencyKey | None]:
            within(events, ITEMS, "$")
            check_model(events, list[TaskUpdateEvent], known_values_only=False)
            whole = [_whole_event(event, index, place) for index, event in enumerate(events)]
            return whole, idempotency(request, f"push {task_id}", events)

        whole, key = await self._take(request, check)
        ends = any(each["type"] == "task_finished" for each in whole)
        attempt = ending_attempt(request) if ends else read_held_attempt(request)
        appended = await self._store.append(
            organization(request),
            task_id,
            whole,
            attempt=attempt,
            key=key,
        )
        self._workers.observe(appended.record, attempt)
        return Response()

    async def follow_task(self, request: Request) -> Response:
        """Replay a task's events, and go on with them until it is finished."""
        if self._logs.closing:
            raise HttpError(503, "the platform is stopping")
        task_id = path_id(request, "task_id")
        record = await self._store.get(organization(request), task_id, whole=False)
        if record.outline().get("events_streaming") is not True:
            raise HttpError(409, "the task was not created with events_streaming")
        given = request.headers.get("last-event-id") or request.query_params.get("after")
        position = _place(given) if given else record.run_from
        return _Stream(TaskEvents(self._logs, record, position))

    # Workers -------------------------------------------------------------------------------------

    async def listen(self, request: Request) -> Response:
        """Register a worker, and bring it its tasks."""
        if self._logs.closing:
            raise HttpError(503, "the platform is stopping")
        organization_id, agent_id = organization(request), path_id(request, "agent_id")
        environment = request.query_params.get("environment")
        if environment is not None and environment not in _ENVIRONMENTS:
            raise HttpError(422, f"there is no environment {environment!r}")
        worker_id = request.headers.get("x-worker-id")
        within(worker_id, {**ID, "minLength": 1}, what="x-worker-id")
        slots = count(request.query_params.get("slots"), "slots")
        if slots == 0:
            raise HttpError(422, "a worker without slots has nothing to listen for")
        agent = await self._agents.ensure(organization_id, agent_id)
        session = await self._workers.register(
            organization_id,
            agent_id,
            environment=environment,
            peer=_peer(request),
            worker_id=worker_id,
            pool=read_query(request, "pool", ID) or None,
            slots=slots or 1,
        )
        hello = sessions.registration(session, agent.wire)
        return _Stream(
            WorkerChannel(session, hello, self._settings, self._workers, self._logs.metrics)
        )

    async def hear_worker(self, request: Request) -> Response:
        """Take in what a worker says about itself."""
        body = await self._object(request, WorkerMessage)
        agent_id = read_query(request, "agent_id", ID)
        if not agent_id:
            raise HttpError(422, "the query has to say the worker's agent_id")
        access(request).check(agent_id)
        await self._workers.hear(
            organization(request),
            agent_id,
            path_id(request, "worker_id"),
            body["event"],
            body.get("data"),
            _peer(request),
        )
        return Response()

    async def check_api_key(self, request: Request) -> Response:
        """List the agents that a key may use: those of its organization, told to that organization,
        as far as the asking key may use them as well.
        """
        body = await self._object(request, ApiKeyAllowanceRequest)
        asking = access(request)
        key: str = body["api_key"]
        asked = await self._keys.access(key)
        allowance: dict[str, Any] = {"api_key": key, "agent_ids": []}
        if asked is not None and asked.organization_id == asking.organization_id:
            agents = await self._agents.list(asking.organization_id)
            allowance["agent_ids"] = [
                agent["id"]
                for agent in agents
                if asked.covers(agent["id"]) and asking.covers(agent["id"])
            ]
            if asked.agent_ids is not None:
                allowance["restricted"] = True
            if asked.role == READER:
                allowance["agent_ids"] = []  # who asks wants to know whom to run tasks for
        return Json.of(allowance)

    # Agents --------------------------------------------------------------------------------------

    async def list_agents(self, request: Request) -> Response:
        """List the agents of the organization that the key may use."""
        agents = await self._agents.list(organization(request))
        return Json.of(
            [list_item(agent) for agent in agents if access(request).covers(agent["id"])]
        )

    async def get_agent(self, request: Request) -> Response:
        """Answer with an agent and all that is known about it."""
        agent = await self._agents.ensure(organization(request), path_id(request, "agent_id"))
        return _answer_agent(agent.wire)

    async def get_database(self, request: Request) -> Response:
        """Where the agent's own sessions are kept: nowhere here."""
        agent = await self._agents.ensure(organization(request), path_id(request, "agent_id"))
        told = {name: agent.wire[name] for name in ("id", "name", "organization_id")}
        return Json.of({**told, "connection_uri": None})

    async def get_default_llm_extra_headers(self, request: Request) -> Response:
        """Answer with the headers that calls of models have: none that the platform knows of."""
        return Json.of({})

    async def create_agent(self, request: Request) -> Response:
        """Make an agent of a name."""
        if access(request).agent_ids is not None:
            raise HttpError(403, "this key is for some agents, and can't make others")
        body = await self._object(request, AgentCreate)
        agent = await self._agents.create(
            organization(request),
            body,
            key=idempotency(request, "create agent", body),
            actor=access(request).key_id,
        )
        return _answer_agent(agent)

    # ---------------------------------------------------------------------------------------------

    async def _take(self, request: Request, check: Callable[[Any], T]) -> T:
        return await bodies.take_body(request, self._settings.body_limit, check)

    async def _object(self, request: Request, model: type[Any]) -> dict[str, Any]:
        """Return the body as it came; it is an object, and what the model says."""

        def check(body: Any) -> dict[str, Any]:
            made = check_model(body, model)
            if made.additional_properties:
                # What isn't in this request's contract may still be a field of the task that comes
                # of it, and then it has to have that field's type.
                check_model(made.additional_properties, TaskUpdate)
            plain: dict[str, Any] = body
            return plain

        return await self._take(request, check)


def _peer(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _prefers_little(request: Request) -> bool:
    """Whether the caller has no use for what is large in the answer."""
    preferred = bodies.header(request, b"prefer") or ""
    return BRIEF["prefer"] in (each.strip().lower() for each in preferred.split(","))


def _task(record: TaskRecord) -> Response:
    return Json(record.json())


def _place(last_event_id: str) -> int:
    """Return the number of the event that a reader saw last; what is no number is the place of
    none. What is no number is the place of none.
    """
    is_number = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19
    return int(last_event_id) if is_number else sys.maxsize


def _by_role(request: Request, body: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Return a change of a task as the key's role may make it, and the attempt that makes it."""
    attempt = body.get("execution_attempts")
    if attempt is None:
        attempt = read_held_attempt(request)
    attempt = None if attempt is None else int(attempt)
    role = access(request).role
    claims = bool(body.get("worker_id")) and body.get("status") == AgentExecutionStatus.Executing
    if role == APPLICATION:
        if claims and attempt is None:
            raise HttpError(403, "this key has the role application, which takes no tasks")
        # Clients send whole tasks, with the attempt and the worker that they are for.
        left_out = ("execution_attempts", "run_locally", "worker_id")
        return {name: value for name, value in body.items() if name not in left_out}, None
    if attempt is None and not claims:
        attempt = ending_attempt(request)
    if role == WORKER and task_machine.takes_up_again(body):
        body = {name: value for name, value in body.items() if name != "is_manually_stopped"}
    return body, attempt


def _check_update(body: Any) -> dict[str, Any]:
    body = _with_text_result(body)
    check_model(body, TaskUpdate)
    return _with_total(body)


def _check_ending(body: Any) -> dict[str, Any]:
    ending: dict[str, Any] = _with_text_result(body)
    check_model(ending, TaskFinish)
    return ending


def _with_text_result(body: Any) -> Any:
    """Make the result a text, as on the wire; the structured ones that some workers send become
    JSON text.
    """
    if isinstance(body, dict) and isinstance(body.get("result"), dict | list):
        return {**body, "result": orjson.dumps(body["result"]).decode()}
    return body


def _with_one_parent(body: dict[str, Any]) -> dict[str, Any]:
    """Name a task's parent by the name of the contract, and by the one that tasks show it with."""
    parent = body.get("parent_execution")
    if not parent:
        return body
    if body.get("parent_execution_id") not in (None, "", parent):
        raise HttpError(422, "a task has one parent", "$.parent_execution")
    rest = {name: value for name, value in body.items() if name != "parent_execution"}
    return {**rest, "parent_execution_id": parent}


def _with_total(body: dict[str, Any]) -> dict[str, Any]:
    """Set the total of tokens, which is the platform's to say, whatever a caller makes of it."""
    tokens = body.get("tokens")
    if not isinstance(tokens, dict):
        return body
    total = (tokens.get("completion_tokens") or 0) + (tokens.get("prompt_tokens") or 0)
    return {**body, "tokens": {**tokens, "total_tokens": total}}


def _whole_event(event: dict[str, Any], index: int, place: Mapping[str, str]) -> dict[str, Any]:
    for name, value in place.items():
        if event[name] != value:
            raise HttpError(422, f"the events are for the {name} {value!r}", f"$[{index}].{name}")
    within(event["type"], ID, f"$[{index}].type")
    whole = {"data": None, **event}
    if whole["type"] == "task_finished" and whole["data"] is not None:
        whole["data"] = _with_text_result(whole["data"])
        check_model(whole["data"], TaskUpdate, f"$[{index}].data")
        whole["data"] = _with_total(whole["data"])
    return whole


async def _list_all(begun: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begun
    async for piece in pieces:
        yield piece


async def _array(
    items: list[bytes],
    cursor: str | None,
    page_behind: Callable[[str | None, int], Awaitable[tuple[list[bytes], str | None]]],
) -> AsyncIterator[bytes]:
    """Write a JSON array of any length: these items, and page by page those behind the cursor."""
    yield b"[" + b",".join(items)
    while cursor is not None:
        items, cursor = await page_behind(cursor, _PAGE)
        if items:
            yield b"," + b",".join(items)
    yield b"]"


def _list_item(record: TaskRecord) -> bytes:
    """Return what lists show of a task, as JSON."""
    task = record.outline()
    item = {
        "id": task["id"],
        "agent_id": record.agent_id,
        "organization_id": record.organization_id,
        "status": record.status,
        "user_id": record.user_id,
        "parent_task_id": record.parent_task_id,
        "triggering_agent_id": record.triggering_agent_id,
        "created_at": task["created_at"],
        "updated_at": timestamp(record.updated_at),
        "source_node_type": task.get("source"),
        "result": task.get("result"),
        "title": task.get("title"),
        "execution_kind": task.get("execution_kind"),
        "process": task.get("process"),
        "conversation_kind": task.get("conversation_kind"),
    }
    shown = {name: value for name, value in item.items() if value is not None}
    if len(record.document) > LARGE:
        # An earlier release kept it in one piece.
        shown = {name: value for name, value in shown.items() if len(orjson.dumps(value)) <= LARGE}
    return orjson.dumps(shown)


def _answer_agent(agent: Mapping[str, Any]) -> Response:
    """Answer with an agent and all that is known about it. The official client would take one of
    which nothing was said for one that has a database to keep its sessions in.
    """
    return Json.of({"agno_settings": {"session_storage": False}, **agent})
