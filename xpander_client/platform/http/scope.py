"""How far a key reaches: one for some agents finds nothing of the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from xpander_client.platform.auth.access import KeyGrant
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.ids import derive_task_id, is_platforms
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Response
from xpander_client.platform.http.router import Endpoint, Route
from xpander_client.platform.http.routing import access, path_id
from xpander_client.platform.rules import threads
from xpander_client.platform.rules.records import TaskRecord, ThreadRecord
from xpander_client.platform.stores.base.store import Store

AGENTS_NAMED = frozenset({"triggering_agent_id"})
TASKS_NAMED = frozenset({"parent_execution", "parent_execution_id", "sub_executions"})
THREADS_NAMED = frozenset({"conversation_id", "memory_thread_id"})
"""Fields of a task by which it is connected with others, wherever a body has them."""

SAID = frozenset(
    {
        "ai_employee_id",
        "approval_request_id",
        "client_id",
        "execution_id",
        "graph_node_id",
        "last_executed_node_id",
        "operation_id",
        "plan_task_id",
        "pool",
        "request_id",
        "task",
        "tasks",
        "test_run_node_id",
        "tool_call_id",
        "user_id",
        "voice_id",
        "wait_node_id",
        "worker",
        "worker_id",
        "worker_pool",
    }
)
"""Ids in bodies and queries that open nothing: they are kept as they were said, or choose among
what is within reach anyway. A task waits for a worker by its name, whether there is one or not."""

_TASKS_IN_PATHS = ("agent_or_task_id", "execution_id", "task_id")

_FREE = frozenset({"name", "operation_id", "strategy", "tool_id", "user_id", "worker_id"})
"""What paths have in them that is no agent's by itself. Routes that answer with tasks or threads
for these leave out what the key does not reach."""

_Check = Callable[[KeyGrant, Request, str], Awaitable[None]]


class KeyScope:
    """Holds what requests are about against what their keys open.

    An agent that a key is not for is refused by its name. Tasks and threads of such an agent are
    not there, just as those of another organization. A thread that names no agent is everybody's in
    its organization.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def guard_routes(self, routes: Sequence[Route]) -> Sequence[Route]:
        """Make each route check the ids in its path before anything else.

        Raises:
            ValueError: a route has an id in its path of which nobody said whose it is.
        """
        checks: dict[str, _Check] = {
            "agent_id": self._check_agent,
            "agent_or_task_id": self._check_agent_or_task,
            "execution_id": self._check_task,
            "task_id": self._check_task,
            "thread_id": self._check_thread,
        }
        for route in routes:
            strange = route.ids.keys() - checks.keys() - _FREE
            if strange:
                raise ValueError(f"{route.path}: whose is the {', '.join(sorted(strange))}?")
            named = {name: checks[name] for name in route.ids if name in checks}
            if named:
                route.wrap(partial(self._guard, named))
        return routes

    def _guard(self, checks: Mapping[str, _Check], method: str, endpoint: Endpoint) -> Endpoint:
        """Put the checks of the ids in its path before an endpoint."""
        # What is an agent here is not looked for among tasks.
        tasks = [
            name
            for name in _TASKS_IN_PATHS
            if name in checks and (name != "agent_or_task_id" or method != "POST")
        ]

        async def serve(request: Request) -> Response:
            opened = access(request)
            for name in tasks:
                task_id = path_id(request, name)
                stored = await self.find_stored_id(opened.organization_id, task_id)
                if stored != task_id:
                    request.path_params[name] = stored
            if opened.agent_ids is not None:
                for name, check in checks.items():
                    await check(opened, request, name)
            return await endpoint(request)

        return serve

    async def check_task(self, access: KeyGrant, task_id: str) -> None:
        """Refuse a task that is not within reach, also where there is none.

        Raises:
            HttpError: 404, in the words for a task that is not there.
        """
        if access.agent_ids is None:
            return
        if not await self._reaches_task(access, task_id):
            raise HttpError(404, f"there is no task {task_id}")

    async def check_thread(self, access: KeyGrant, thread_id: str) -> None:
        """Refuse a thread that is not within reach, also where there is none.

        Raises:
            HttpError: 404, in the words for a thread that is not there.
        """
        if access.agent_ids is None:
            return
        if not await self._reaches_thread(access, thread_id):
            raise HttpError(404, f"there is no thread {thread_id}")

    async def check_chosen_thread(self, access: KeyGrant, thread_id: str) -> None:
        """Refuse an id for a new thread that could be one beyond reach.

        Raises:
            HttpError: 403, whether or not there is such a thread.
        """
        if access.agent_ids is None or await self._may_name(access, thread_id):
            return
        raise HttpError(
            403,
            "this key is for some agents, and an id that it chooses begins with one of theirs, "
            "like AGENT/NAME",
            "$.id",
        )

    async def check_named(
        self, access: KeyGrant, body: Mapping[str, Any], task_id: str | None = None
    ) -> None:
        """Refuse what a body connects a task with, if it is not within reach: agents, tasks and
        threads, unless the task has to do with them already.

        What is not there is refused in the same words.

        Raises:
            HttpError: 403 because of an agent, else 404.
        """
        if access.agent_ids is None:
            return
        known = None
        if task_id is not None:
            whole = "sub_executions" in body  # there may be many
            known = await self._task(access.organization_id, task_id, whole=whole)
        before = {} if known is None else known.read() if known.whole else known.outline()
        for name in body.keys() & AGENTS_NAMED:
            if body[name] and body[name] != before.get(name):
                access.check(body[name])
        for name in sorted(body.keys() & TASKS_NAMED):
            there = before.get("parent_execution" if name == "parent_execution_id" else name)
            said = body[name] if isinstance(body[name], list) else [body[name]]
            for task_id in said:
                if task_id and task_id != there and task_id not in (there or ()):
                    await self.check_task(access, task_id)
        for name in sorted(body.keys() & THREADS_NAMED):
            thread_id = body[name]
            if not thread_id or thread_id in (before.get(name), task_id):
                continue
            if not await self._may_name(access, thread_id):
                raise HttpError(404, f"there is no thread {thread_id}")

    async def find_stored_id(self, organization_id: str, task_id: str) -> str:
        """Return the id that a task is stored under, when somebody else may have chosen it."""
        if is_platforms(task_id):
            return task_id
        chosen = derive_task_id(organization_id, task_id)
        return task_id if await self._task(organization_id, chosen) is None else chosen

    async def store_as(self, access: KeyGrant, chosen: str) -> str:
        """Return the id to store a task under whose id the caller chose; it may be there already.

        Raises:
            HttpError: 404, as for a task that is not there: it could be one beyond reach, of this
                organization or of another one.
        """
        stored = await self.find_stored_id(access.organization_id, chosen)
        known = await self._task(access.organization_id, stored)
        if known is not None and access.covers(known.agent_id):
            return stored
        is_free = access.agent_ids is None or _is_own(access, chosen)
        if known is not None or is_platforms(chosen) or not is_free:
            raise HttpError(404, f"there is no task {chosen}")
        return derive_task_id(access.organization_id, chosen)

    async def _may_name(self, access: KeyGrant, thread_id: str) -> bool:
        """Whether a thread is within reach; or, if there is none, nobody else's to begin: a
        conversation may be called like the task that it is about.
        """
        there = await self._thread(access, thread_id)
        if there is not None:
            return access.covers(threads.belongs_to(there.read())[1])
        return _is_own(access, thread_id) or await self._reaches_task(access, thread_id)

    async def _reaches_task(self, access: KeyGrant, task_id: str) -> bool:
        stored = await self.find_stored_id(access.organization_id, task_id)
        task = await self._task(access.organization_id, stored)
        return task is not None and access.covers(task.agent_id)

    async def _task(
        self, organization_id: str, task_id: str, *, whole: bool = False
    ) -> TaskRecord | None:
        try:
            return await self._store.get(organization_id, task_id, whole=whole)
        except HttpError as error:
            if error.status != 404:
                raise
            return None

    async def _reaches_thread(self, access: KeyGrant, thread_id: str) -> bool:
        there = await self._thread(access, thread_id)
        return there is not None and access.covers(threads.belongs_to(there.read())[1])

    async def _thread(self, access: KeyGrant, thread_id: str) -> ThreadRecord | None:
        try:
            return await self._store.threads.get(access.organization_id, thread_id)
        except HttpError as error:
            if error.status != 404:
                raise
            return None

    async def _check_agent(self, access: KeyGrant, request: Request, name: str) -> None:
        access.check(path_id(request, name))

    async def _check_task(self, access: KeyGrant, request: Request, name: str) -> None:
        await self.check_task(access, path_id(request, name))

    async def _check_thread(self, access: KeyGrant, request: Request, name: str) -> None:
        await self.check_thread(access, path_id(request, name))

    async def _check_agent_or_task(self, access: KeyGrant, request: Request, name: str) -> None:
        check = self._check_agent if request.method == "POST" else self._check_task
        await check(access, request, name)


def _is_own(access: KeyGrant, chosen: str) -> bool:
    """Whether an id that somebody chose says by itself that it is one of the key's agents'."""
    return any(chosen.startswith(f"{agent_id}/") for agent_id in access.agent_ids or ())
