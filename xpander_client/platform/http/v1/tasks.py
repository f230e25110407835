"""Routes of tasks: read, listed, stopped and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from xpander_client.core.statuses import STATUSES
from xpander_client.platform.agents.registry import AgentRegistry
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.bounds import ID, LOOKED_UP, fault
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http.deletions import Deletions
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.routing import access, count, organization, path_id
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.http.v1.answers import answer_task, encode_item
from xpander_client.platform.http.v1.faults import QueryError
from xpander_client.platform.rules.records import TaskFilter
from xpander_client.platform.stores.base.store import Store

_COUNTED = 10_000
"""So many tasks are counted, and shown page by page: a list costs the same however many there
are."""

_PER_PAGE = 50


class OfficialTaskEndpoints:
    """Answers requests about tasks."""

    def __init__(
        self,
        store: Store,
        agents: AgentRegistry,
        workers: Dispatch,
        reach: KeyScope,
        deletions: Deletions,
    ) -> None:
        self._store = store
        self._reach = reach
        self._agents = agents
        self._workers = workers
        self._deletions = deletions

    async def get_task(self, request: Request) -> Response:
        """Answer with the task as it is now."""
        return answer_task(
            await self._store.get(organization(request), path_id(request, "task_id"))
        )

    async def stop_task(self, request: Request) -> Response:
        """Stop a task, and tell the worker that has it. A finished one stays as it is."""
        record = await self._store.stop(
            organization(request), path_id(request, "task_id"), actor=access(request).key_id
        )
        self._workers.on_task_written(record)
        return answer_task(record)

    async def delete_task(self, request: Request) -> Response:
        """Delete a task with those that it led to, and what was said in them."""
        await self._deletions.family(access(request), path_id(request, "task_id"))
        return Response(status=204)

    async def list_agent_tasks(self, request: Request) -> Response:
        """List the tasks of an agent."""
        agent_id = path_id(request, "agent_id")
        if not await self._agents.exists(organization(request), agent_id):
            raise HttpError(404, f"there is no agent {agent_id}")
        return await self._list(request, agent_id)

    async def list_tasks(self, request: Request) -> Response:
        """List the tasks of all agents, or of one that the query names."""
        agent_id = _read_text(request, "agent_id", ID)
        access(request).check(agent_id)
        return await self._list(request, agent_id)

    async def _list(self, request: Request, agent_id: str | None) -> Response:
        page = _read_number(request, "page", 1)
        per_page = _read_number(request, "per_page", 20, most=_PER_PAGE)
        status = _read_text(request, "status", {})
        if status is not None and status not in STATUSES:
            raise QueryError("status", f"there is no status {status!r}")
        parent_id = _read_text(request, "parent_task_id", ID)
        if parent_id is not None:
            parent_id = await self._reach.find_stored_id(organization(request), parent_id)
        wanted = TaskFilter(
            agent_id=agent_id,
            agent_ids=None if agent_id is not None else access(request).agent_ids,
            user_id=_read_text(request, "user_id", LOOKED_UP),
            parent_task_id=parent_id,
            triggering_agent_id=_read_text(request, "triggering_agent_id", ID),
            status=status,
            internal_status=_read_text(request, "internal_status", LOOKED_UP),
        )
        numbers = await self._store.list_numbers(organization(request), wanted, _COUNTED)
        shown = numbers[(page - 1) * per_page : page * per_page]
        items: list[orjson.Fragment] = []
        while shown:
            part = await self._store.read_numbered(organization(request), shown)
            items += [orjson.Fragment(encode_item(record)) for record in part.records]
            shown = [] if part.cursor is None else [n for n in shown if n < int(part.cursor)]
        return Json.of(
            {
                "items": items,
                "total": len(numbers),
                "page": page,
                "per_page": per_page,
                "total_pages": -(-len(numbers) // per_page),
            }
        )


def _read_text(request: Request, name: str, bounds: Mapping[str, Any]) -> str | None:
    """Return a text out of the query, if it is there, within bounds."""
    text = request.query_params.get(name)
    expected = fault(text, bounds)
    if expected is not None:
        raise QueryError(name, expected)
    return text


def _read_number(request: Request, name: str, otherwise: int, *, most: int | None = None) -> int:
    """Return a number from 1 on out of the query."""
    try:
        number = count(request.query_params.get(name), name)
    except HttpError as error:
        raise QueryError(name, error.detail) from None
    if number is None:
        return otherwise
    if number < 1 or (most is not None and number > most):
        raise QueryError(name, f"expected a number from 1{f' to {most}' if most else ' on'}")
    return number
