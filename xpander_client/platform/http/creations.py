"""Creating tasks, and continuing them, whichever route asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xpander_client.platform.agents.registry import AgentRegistry
from xpander_client.platform.auth.access import WORKER, KeyGrant
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.ids import new_task_id
from xpander_client.platform.http.routing import without_nulls
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.rules.records import IdempotencyKey, TaskRecord
from xpander_client.platform.stores.base.store import Store

_WHICH_IDS = "an id that this key chooses begins with one of its agents', like AGENT/NAME"


class Creations:
    """Creates what a key may create, and tells the workers that wait for it."""

    def __init__(
        self, store: Store, agents: AgentRegistry, workers: Dispatch, reach: KeyScope
    ) -> None:
        self._store = store
        self._agents = agents
        self._workers = workers
        self._reach = reach

    async def create(
        self,
        access: KeyGrant,
        agent_id: str,
        body: Mapping[str, Any],
        *,
        key: IdempotencyKey | None,
        version: str | None,
        create_missing: bool = False,
    ) -> TaskRecord:
        """Create a task, or continue the one that the body names: with `create_missing` a task of
        that name is created if there is none.

        Raises:
            HttpError: 404, there is no such task or agent; 403, the key may not; 409, the task is
                not finished; 422, the body connects the task with what is not there.
        """
        organization_id = access.organization_id
        given = {"source": "api", **without_nulls(body)}
        existing_id = body.get("id") or None
        if existing_id is not None:
            existing_id, name = await self._find(access, existing_id, create_missing), existing_id
            if existing_id != name:
                given["chosen_id"] = name
        await self._reach.check_named(access, body, existing_id)
        if body.get("parent_execution_id"):
            given["parent_execution_id"] = await self._reach.find_stored_id(
                organization_id, body["parent_execution_id"]
            )
        await self._agents.ensure(organization_id, agent_id)
        if version:
            given["agent_version"] = version
        put = await self._store.put(
            organization_id,
            agent_id,
            given,
            task_id=new_task_id(),
            existing_id=existing_id,
            create_missing=create_missing,
            key=key,
        )
        self._workers.on_task_created(put.record)
        return put.record

    async def _find(self, access: KeyGrant, name: str, create_missing: bool) -> str:
        """Return the id that a task is stored under, or will be."""
        if create_missing:
            try:
                return await self._reach.store_as(access, name)
            except HttpError as error:
                if access.agent_ids is None or error.status != 404:
                    raise
                # The same words whatever is in the way of the id.
                raise HttpError(404, f"{error.detail}; {_WHICH_IDS}") from None
        await self._reach.check_task(access, name)
        stored = await self._reach.find_stored_id(access.organization_id, name)
        if access.role == WORKER:
            known = await self._store.get(access.organization_id, stored, whole=False)
            if not known.finished:
                raise HttpError(403, "this key has the role worker: it continues finished tasks")
        return stored


def name_one_parent(body: dict[str, Any]) -> dict[str, Any]:
    """Name a task's parent by the name of the contract, and by the one that tasks show it with."""
    parent = body.get("parent_execution")
    if not parent:
        return body
    if body.get("parent_execution_id") not in (None, "", parent):
        raise HttpError(422, "a task has one parent", "$.parent_execution")
    rest = {name: value for name, value in body.items() if name != "parent_execution"}
    return {**rest, "parent_execution_id": parent}
