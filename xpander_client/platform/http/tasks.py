"""Routes of tasks: made, read, changed, ended, listed and deleted."""

from __future__ import annotations

import datetime
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import attrs
import orjson

from xpander_client.api.models import (
    AgentExecutionStatus,
    TaskCreate,
    TaskFinish,
    TaskNotification,
    TaskReportRequest,
    TasksDelete,
    TaskUpdate,
)
from xpander_client.core.answer import BRIEF
from xpander_client.core.statuses import STATUSES
from xpander_client.platform.agents.registry import AgentRegistry
from xpander_client.platform.auth.access import APPLICATION, WORKER
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.bounds import ID, LOOKED_UP
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.ids import new_task_id
from xpander_client.platform.foundation.models import check_model
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http.bodies import take_body, take_object
from xpander_client.platform.http.creations import Creations, name_one_parent
from xpander_client.platform.http.deletions import DeletionProgress, Deletions
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, JsonPieces, Response, Streamed
from xpander_client.platform.http.routing import (
    PAGE,
    access,
    ending_attempt,
    flag,
    idempotency,
    organization,
    path_id,
    read_held_attempt,
    read_limit,
    read_place,
    read_query,
    streams_events,
    without_nulls,
)
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.http.task_bodies import add_total, text_result
from xpander_client.platform.rules import activity, task_machine
from xpander_client.platform.rules.records import (
    LARGE,
    TaskFilter,
    TaskRecord,
)
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming.event_log import EventLogs
from xpander_client.platform.streaming.responses import TaskEvents


def _moment(text: str, path: str) -> float:
    """Seconds since 1970; a time without a zone is UTC."""
    try:
        said = datetime.datetime.fromisoformat(text)
        return (said if said.tzinfo else said.replace(tzinfo=datetime.UTC)).timestamp()
    except (OverflowError, ValueError):
        raise HttpError(422, "expected a date and a time", path) from None


def _answer_removed(removed: DeletionProgress) -> Response:
    return Json.of(
        {name: value for name, value in attrs.asdict(removed).items() if value is not None}
    )


class TaskEndpoints:
    """Answers requests about tasks."""

    def __init__(
        self,
        store: Store,
        agents: AgentRegistry,
        workers: Dispatch,
        reach: KeyScope,
        creations: Creations,
        deletions: Deletions,
        logs: EventLogs,
        settings: Settings,
    ) -> None:
        self._store = store
        self._agents = agents
        self._workers = workers
        self._reach = reach
        self._creations = creations
        self._deletions = deletions
        self._logs = logs
        self._settings = settings

    async def create_task(self, request: Request) -> Response:
        """Create a task, or continue the one that the body names. Who wants to follow it at once
        gets its events, if it streams them.
        """
        agent_id = path_id(request, "agent_or_task_id")
        body = name_one_parent(await take_object(request, self._settings.body_limit, TaskCreate))
        record = await self._creations.create(
            access(request),
            agent_id,
            body,
            key=idempotency(request, f"create {agent_id}", body),
            version=request.get_header(b"x-agent-version"),
        )
        if _accepts_events(request) and streams_events(record) and not self._logs.closing:
            return Streamed(TaskEvents(self._logs, record, read_place(request, record)))
        return _task(record)

    async def get_task(self, request: Request) -> Response:
        """Answer with the task as it is now."""
        return _task(await self._store.get(organization(request), path_id(request, "task_id")))

    async def update_task(self, request: Request) -> Response:
        """Change fields of a task."""
        said = await take_body(request, self._settings.body_limit, _check_update)
        body, attempt = _by_role(request, said)
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
        self._workers.on_task_written(record, attempt)
        answer = record.document if is_brief else record.json()
        if attempt not in (None, record.attempt) and not task_machine.takes_up_again(body):
            # Clients take over what the answer says: whoever has lost the task must not learn the
            # number by which it is another's.
            answer = orjson.dumps({**orjson.loads(answer), "execution_attempts": attempt})
        return Json(answer, headers={"preference-applied": BRIEF["prefer"]} if is_brief else None)

    async def finish_task(self, request: Request) -> Response:
        """End a task, as a PATCH of its status and its result would."""
        body = await take_body(request, self._settings.body_limit, _check_ending)
        attempt = ending_attempt(request)
        said = {name: body[name] for name in ("status", "result") if body.get(name) is not None}
        record = await self._store.patch(
            organization(request),
            path_id(request, "task_id"),
            said,
            attempt=attempt,
            actor=access(request).key_id if attempt is None else None,
        )
        self._workers.on_task_written(record, attempt)
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
        self._workers.on_task_written(record)
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
        body = without_nulls(await take_object(request, self._settings.body_limit, TasksDelete))
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

    async def notify_task(self, request: Request) -> Response:
        """Keep what a task is told, and pass it on to the worker that has it."""
        task_id = path_id(request, "task_id")
        body = await take_object(request, self._settings.body_limit, TaskNotification)
        appended = await self._store.notify(
            organization(request), task_id, body, key=idempotency(request, f"tell {task_id}", body)
        )
        delivered = await self._workers.notify_holder(appended.record, appended.last_seq, body)
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
        limit = read_limit(request)

        async def page_behind(cursor: str | None, most: int) -> tuple[list[bytes], str | None]:
            page = await self._store.list_tasks(
                organization(request), wanted, cursor=cursor, limit=most
            )
            return [orjson.dumps(list_item(record)) for record in page.records], page.cursor

        items, cursor = await page_behind(query.get("cursor"), limit or PAGE)
        if limit is None and cursor is not None:
            return JsonPieces(_array(items, cursor, page_behind))
        while cursor is not None and limit is not None and len(items) < limit:
            more, cursor = await page_behind(cursor, limit - len(items))
            items += more
        headers = {"x-next-cursor": cursor} if cursor is not None else None
        return Json(b"[%b]" % b",".join(items), headers=headers)

    async def report_task(self, request: Request) -> Response:
        """Store a task that ran elsewhere."""
        organization_id, agent_id = organization(request), path_id(request, "agent_id")
        body = await take_object(request, self._settings.body_limit, TaskReportRequest)
        chosen = body.get("id") or None
        task_id = await self._reach.store_as(access(request), chosen) if chosen else new_task_id()
        await self._reach.check_named(access(request), body, task_id)
        await self._agents.ensure(organization_id, agent_id)
        put = await self._store.report(
            organization_id,
            agent_id,
            {"source": "api", **add_total(without_nulls(body))},
            task_id=task_id,
            name=chosen,
            key=idempotency(request, f"report {agent_id}", body),
        )
        self._workers.on_task_written(put.record)
        return _task(put.record)

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
        return JsonPieces(_list_all(begun, pieces))


def _accepts_events(request: Request) -> bool:
    """Whether the caller can read an event stream, and says so: `*/*` is said by those who don't
    know.
    """
    accepted = request.get_header(b"accept") or ""
    kinds = (each.partition(";")[0].strip().lower() for each in accepted.split(","))
    return "text/event-stream" in kinds


def _prefers_little(request: Request) -> bool:
    """Whether the caller has no use for what is large in the answer."""
    preferred = request.get_header(b"prefer") or ""
    return BRIEF["prefer"] in (each.strip().lower() for each in preferred.split(","))


def _task(record: TaskRecord) -> Response:
    return Json(record.json())


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
    body = text_result(body)
    check_model(body, TaskUpdate)
    return add_total(body)


def _check_ending(body: Any) -> dict[str, Any]:
    ending: dict[str, Any] = text_result(body)
    check_model(ending, TaskFinish)
    return ending


async def _list_all(begun: bytes, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield begun
    async for piece in pieces:
        yield piece


async def _array(
    items: list[bytes],
    cursor: str | None,
    page_behind: Callable[[str | None, int], Awaitable[tuple[list[bytes], str | None]]],
) -> AsyncGenerator[bytes, None]:
    """Write a JSON array of any length: these items, and page by page those behind the cursor."""
    yield b"[" + b",".join(items)
    while cursor is not None:
        items, cursor = await page_behind(cursor, PAGE)
        if items:
            yield b"," + b",".join(items)
    yield b"]"


def list_item(record: TaskRecord) -> dict[str, Any]:
    """Return what lists show of a task."""
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
    return shown
