"""The threads of the store in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from xpander_client.platform.rules.records import MessageRecord, ThreadRecord
from xpander_client.platform.rules.task_machine import Leases
from xpander_client.platform.stores.base.commands import unknown_thread
from xpander_client.platform.stores.base.thread_store import ThreadStore
from xpander_client.platform.stores.base.transaction import Submit
from xpander_client.platform.stores.sqlite.work import SELECT_THREAD, SEQ_BITS, read_thread

_FEW = 100
"""So many messages are read on the event loop; handing more to a thread is worth its while."""

_ONE = f"{SELECT_THREAD} WHERE organization_id = ? AND id = ?"


class SqliteThreads(ThreadStore):
    """Threads as rows, messages as rows of their own: a write costs what is written, a read what is
    read, however long the thread is.
    """

    def __init__(
        self,
        submit: Submit,
        leases: Leases,
        reader: Callable[[], sqlite3.Connection],
        listed: Callable[[str, tuple[Any, ...]], Awaitable[list[Any]]],
    ) -> None:
        super().__init__(submit, leases)
        self._reader = reader
        self._listed = listed

    async def get(self, organization_id: str, thread_id: str) -> ThreadRecord:
        """Return the thread."""
        row = self._reader().execute(_ONE, (organization_id, thread_id)).fetchone()
        if row is None or (thread := read_thread(row)[1]).gone:
            raise unknown_thread(thread_id)
        return thread

    async def read(self, thread: ThreadRecord, after: int = 0) -> Sequence[MessageRecord]:
        """Return the thread's messages but for the first `after`, as far as the record knows of
        them.
        """
        base = self._base(thread)
        return [
            MessageRecord(role, body)
            for _, role, body in await self._messages(
                "SELECT place, role, body FROM messages WHERE place >= ? AND place < ? "
                "ORDER BY place",
                (base + min(after, thread.length), base + thread.length),
                many=thread.length - after,
            )
        ]

    async def tail(self, thread: ThreadRecord, last: int) -> Sequence[MessageRecord]:
        """Return the thread's system messages and the last ones of the others, in their order."""
        base = self._base(thread)
        between = (base, base + thread.length)
        system = await self._messages(
            "SELECT place, role, body FROM messages "
            "WHERE role = 'system' AND place >= ? AND place < ? ORDER BY place",
            between,
            many=last,
        )
        others = await self._messages(
            "SELECT place, role, body FROM messages "
            "WHERE role != 'system' AND place >= ? AND place < ? ORDER BY place DESC LIMIT ?",
            (*between, last),
            many=last,
        )
        return [MessageRecord(role, body) for _, role, body in sorted([*system, *others])]

    async def list_of_user(
        self,
        organization_id: str,
        user_id: str,
        agent_id: str | None,
        *,
        limit: int | None = None,
    ) -> Sequence[ThreadRecord]:
        """Return the threads with a user, and with an agent if one is named, the newest first."""
        rows = await self._listed(
            f"{SELECT_THREAD} WHERE organization_id = ? AND user_id = ? "
            "AND (? IS NULL OR agent_id = ?) ORDER BY number DESC LIMIT ?",
            (organization_id, user_id, agent_id, agent_id, -1 if limit is None else limit),
        )
        return [read_thread(row)[1] for row in rows]

    def _base(self, thread: ThreadRecord) -> int:
        row = self._reader().execute(_ONE, (thread.organization_id, thread.id)).fetchone()
        # A thread that was forgotten meanwhile has no messages: 0 is no thread's number.
        return 0 if row is None else int(row[0]) << SEQ_BITS

    async def _messages(self, sql: str, parameters: tuple[Any, ...], *, many: int) -> list[Any]:
        if many > _FEW:
            return await self._listed(sql, parameters)
        return self._reader().execute(sql, parameters).fetchall()
