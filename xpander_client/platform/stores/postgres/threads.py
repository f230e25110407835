"""The threads of the store on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xpander_client.platform.rules.records import MessageRecord, ThreadRecord
from xpander_client.platform.rules.task_machine import Leases
from xpander_client.platform.stores.base.commands import unknown_thread
from xpander_client.platform.stores.base.thread_store import ThreadStore
from xpander_client.platform.stores.base.transaction import Submit
from xpander_client.platform.stores.postgres.connections import Database
from xpander_client.platform.stores.postgres.rows import THREAD, read_thread

_OF_THREAD = "FROM messages WHERE organization_id = $1 AND thread_id = $2 AND place < $3"


class PostgresThreads(ThreadStore):
    """Threads as rows, messages as rows of their own: a write costs what is written, a read what is
    read, however long the thread is.
    """

    def __init__(self, submit: Submit, leases: Leases, database: Database) -> None:
        super().__init__(submit, leases)
        self._database = database

    async def get(self, organization_id: str, thread_id: str) -> ThreadRecord:
        """Return the thread."""
        row = await self._database.fetchrow(
            f"SELECT {THREAD} FROM threads WHERE organization_id = $1 AND id = $2",
            organization_id,
            thread_id,
        )
        if row is None or (thread := read_thread(row)).gone:
            raise unknown_thread(thread_id)
        return thread

    async def read(self, thread: ThreadRecord, after: int = 0) -> Sequence[MessageRecord]:
        """Return the thread's messages but for the first `after`, as far as the record knows of
        them.
        """
        rows = await self._database.fetch(
            f"SELECT role, body {_OF_THREAD} AND place >= $4 ORDER BY place",
            *_place(thread),
            min(after, thread.length),
        )
        return [MessageRecord(*row) for row in rows]

    async def tail(self, thread: ThreadRecord, last: int) -> Sequence[MessageRecord]:
        """Return the thread's system messages and the last ones of the others, in their order."""
        rows = await self._database.fetch(
            f"(SELECT place, role, body {_OF_THREAD} AND role = 'system') UNION ALL "
            f"(SELECT place, role, body {_OF_THREAD} AND role != 'system' "
            "ORDER BY place DESC LIMIT $4) ORDER BY place",
            *_place(thread),
            last,
        )
        return [MessageRecord(role, body) for _, role, body in rows]

    async def list_of_user(
        self,
        organization_id: str,
        user_id: str,
        agent_id: str | None,
        *,
        limit: int | None = None,
    ) -> Sequence[ThreadRecord]:
        """Return the threads with a user, and with an agent if one is named, the newest first."""
        rows = await self._database.fetch(
            f"SELECT {THREAD} FROM threads WHERE organization_id = $1 AND user_id = $2 "
            "AND ($3::text IS NULL OR agent_id = $3) ORDER BY number DESC LIMIT $4",
            organization_id,
            user_id,
            agent_id,
            limit,
        )
        return [read_thread(row) for row in rows]


def _place(thread: ThreadRecord) -> tuple[Any, ...]:
    return thread.organization_id, thread.id, thread.length
