"""Deleting tasks, and all of a user who asks to be forgotten: so much in a request, and no more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import attrs

from xpander_client.platform.auth.access import KeyGrant
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules import threads
from xpander_client.platform.rules.records import TaskFilter, TaskRecord, make_audit_entry
from xpander_client.platform.stores.base.store import Store

TOGETHER = 50
"""So many tasks are deleted in one command: others wait behind it."""

AT_ONCE = 500
"""So many tasks, threads or hundreds of reports one request looks at."""

_FAMILY = 5_000
"""So many of the tasks that one led to go with it; what is left of them stays."""

_REPORTS = 500


@attrs.define
class DeletionProgress:
    """How much was deleted. `cursor` is where to go on, and `more` says whether there is more."""

    tasks: int = 0
    threads: int = 0
    cursor: str | None = None
    more: bool = False


@attrs.define
class _Branch:
    """A task, and those that it started which nobody has looked at yet; `whole` says that these and
    all that they led to are known.
    """

    id: str
    left: list[TaskRecord]
    whole: bool


class Deletions:
    """Deletes what a key reaches, tells the workers that have it, and writes down who did it.

    `due` is set when something was deleted of which the store has still to forget the rest.
    """

    def __init__(self, store: Store, workers: Dispatch) -> None:
        self._store = store
        self._workers = workers
        self.due = asyncio.Event()

    async def one(
        self, access: KeyGrant, task_id: str, *, stop: bool, with_thread: bool
    ) -> DeletionProgress:
        """Delete a task.

        Raises:
            HttpError: 404, there is no such task; 409, it is not finished.
        """
        removed = DeletionProgress()
        await self._delete(access, [task_id], removed, stop=stop, with_threads=with_thread)
        if not removed.tasks:
            record = await self._store.get(access.organization_id, task_id)
            raise HttpError(409, f"the task is {record.status}: stop it first, or with stop=true")
        return removed

    async def family(self, access: KeyGrant, task_id: str) -> None:
        """Delete a task with those that it led to, and what was said in them. What runs is stopped.

        Raises:
            HttpError: 404, there is no such task.
        """
        root = await self._store.get(access.organization_id, task_id, whole=False)
        removed = DeletionProgress()
        family: list[str] = []
        for _ in range(_FAMILY // AT_ONCE):
            family = await self._family(access, root)
            await self._delete_parts(access, family, removed)
            if root.id in family:
                return
        await self._delete_parts(access, [root.id], removed)

    async def matching(
        self,
        access: KeyGrant,
        wanted: TaskFilter,
        *,
        before: float | None,
        stop: bool,
        with_threads: bool,
        cursor: str | None,
    ) -> DeletionProgress:
        """Delete the tasks that fit and have not changed since `before`; without `stop` only those
        that are finished.
        """
        removed = DeletionProgress(cursor=cursor)
        for _ in range(AT_ONCE // TOGETHER):
            page = await self._store.list_tasks(
                access.organization_id, wanted, cursor=removed.cursor, limit=TOGETHER
            )
            ids = [
                record.id
                for record in page.records
                if (stop or record.finished) and (before is None or record.updated_at < before)
            ]
            await self._delete(access, ids, removed, stop=stop, with_threads=with_threads)
            removed.cursor = page.cursor
            if page.cursor is None:
                break
        removed.more = removed.cursor is not None
        return removed

    async def user(self, access: KeyGrant, user_id: str) -> DeletionProgress:
        """Delete a user's tasks, with those that they started, what was said in them, the user's
        threads, and the reports that name the user. What runs is stopped.
        """
        removed = DeletionProgress()
        await self._delete_tasks(access, user_id, removed)
        await self._delete_threads(access, user_id, removed)
        for _ in range(AT_ONCE // TOGETHER):
            gone = await self._store.forget_reports(
                access.organization_id, user_id, _REPORTS, agent_ids=access.agent_ids
            )
            if gone < _REPORTS:
                break
        else:
            removed.more = True
        if not removed.more:
            await self._store.add_audit(
                make_audit_entry(
                    access.organization_id, access.key_id, "user.forget", user_id, "deleted"
                )
            )
        return removed

    async def _delete_tasks(
        self, access: KeyGrant, user_id: str, removed: DeletionProgress
    ) -> None:
        wanted = TaskFilter(user_id=user_id, agent_ids=access.agent_ids)
        while removed.tasks < AT_ONCE:
            page = await self._store.list_tasks(
                access.organization_id, wanted, cursor=None, limit=TOGETHER
            )
            if not page.records:
                return
            families = [await self._family(access, record) for record in page.records]
            ids = [*dict.fromkeys(task_id for family in families for task_id in family)]
            await self._delete_parts(access, ids, removed, of_user=user_id)
        removed.more = True

    async def _delete_parts(
        self,
        access: KeyGrant,
        ids: Sequence[str],
        removed: DeletionProgress,
        of_user: str | None = None,
    ) -> None:
        for start in range(0, len(ids), TOGETHER):
            part = ids[start : start + TOGETHER]
            await self._delete(access, part, removed, stop=True, with_threads=True, of_user=of_user)

    async def _family(self, access: KeyGrant, root: TaskRecord) -> list[str]:
        """List a task and those that it led to, each before the one that started it; when these are
        more than one request looks at, only some of which none has started another.
        """
        family: list[str] = []
        seen = {root.id}
        path = [await self._children(access, root)]
        while path:
            branch = path[-1]
            if branch.left and len(family) < AT_ONCE:
                child = branch.left.pop()
                if child.id not in seen and child.user_id in (None, root.user_id):
                    seen.add(child.id)
                    path.append(await self._children(access, child))
                continue
            path.pop()
            if branch.whole and not branch.left:
                family.append(branch.id)
            elif path:
                path[-1].whole = False
        return family

    async def _children(self, access: KeyGrant, record: TaskRecord) -> _Branch:
        wanted = TaskFilter(parent_task_id=record.id, agent_ids=access.agent_ids)
        page = await self._store.list_tasks(
            access.organization_id, wanted, cursor=None, limit=AT_ONCE
        )
        return _Branch(record.id, list(page.records), whole=page.cursor is None)

    async def _delete_threads(
        self, access: KeyGrant, user_id: str, removed: DeletionProgress
    ) -> None:
        of_user = await self._store.threads.list_of_user(
            access.organization_id,
            user_id,
            None,
            # One for some agents may have to look at many that are not for it.
            limit=AT_ONCE + 1 if access.agent_ids is None else None,
        )
        within = [
            thread.id for thread in of_user if access.covers(threads.belongs_to(thread.read())[1])
        ]
        for thread_id in within[:AT_ONCE]:
            with contextlib.suppress(HttpError):  # somebody else was first
                await self._store.threads.delete(
                    access.organization_id, thread_id, actor=access.key_id
                )
                removed.threads += 1
                self.due.set()
        removed.more = removed.more or len(within) > AT_ONCE

    async def _delete(
        self,
        access: KeyGrant,
        ids: Sequence[str],
        removed: DeletionProgress,
        *,
        stop: bool,
        with_threads: bool = False,
        of_user: str | None = None,
    ) -> None:
        def may_go(user_id: str | None, agent_id: str | None) -> bool:
            return access.covers(agent_id) and (of_user is None or user_id in (None, of_user))

        deleted = await self._store.delete(
            access.organization_id,
            ids,
            stop=stop,
            with_threads=may_go if with_threads or of_user is not None else None,
            actor=access.key_id,
        )
        for record in deleted.tasks:
            self._workers.on_task_written(record)
        removed.tasks += len(deleted.tasks)
        removed.threads += deleted.threads
        if deleted.tasks:
            self.due.set()
