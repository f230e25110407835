"""The threads of the store in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from .. import threads
from ..clock import Clock
from ..refusal import Refusal
from ..settings import Settings
from .group_commit import GroupCommit, Transaction
from .records import Extended, IdempotencyKey, MessageRecord, ThreadRecord
from .sqlite_rows import SEQ_BITS, find, first_answer, keep_alive, remember

__all__ = ["SqliteThreads"]

FEW = 100
"""So many messages are read on the event loop; handing more to a thread is worth its while."""

_SELECT = "SELECT number, id, organization_id, length, document FROM threads"
_ONE = f"{_SELECT} WHERE organization_id = ? AND id = ?"

# As with events: a message's place is its thread's number and its own position, from 0, in one
# integer, so that a thread's messages lie side by side and are reached from either end.


class SqliteThreads:
    """Threads as rows, messages as rows of their own: a write costs what is written, a read what is
    read, however long the thread is.
    """

    def __init__(
        self,
        writer: GroupCommit,
        reader: Callable[[], sqlite3.Connection],
        listed: Callable[[str, tuple[Any, ...]], Awaitable[list[Any]]],
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._listed = listed
        self._clock = clock
        self._settings = settings

    async def create(
        self,
        organization_id: str,
        body: Mapping[str, Any],
        *,
        thread_id: str,
        key: IdempotencyKey | None = None,
    ) -> ThreadRecord:
        """A new thread without messages, or the one that the key made before."""

        def command(tx: Transaction) -> ThreadRecord:
            now = self._clock()
            first = first_answer(tx, organization_id, key)
            if first is not None:
                return _find(tx, organization_id, first)[1]
            there = "SELECT 1 FROM threads WHERE organization_id = ? AND id = ?"
            if tx.execute(there, (organization_id, thread_id)).fetchone() is not None:
                raise Refusal(409, f"there is a thread {thread_id} already")
            remember(tx, organization_id, key, thread_id, now)
            document = threads.begin(thread_id, body, now)
            user_id, agent_id = threads.belongs_to(document)
            encoded = orjson.dumps(document)
            tx.execute(
                "INSERT INTO threads (id, organization_id, length, user_id, agent_id, document) "
                "VALUES (?, ?, 0, ?, ?, ?)",
                (thread_id, organization_id, user_id, agent_id, encoded),
            )
            return ThreadRecord(thread_id, organization_id, 0, encoded)

        return await self._writer.submit(command)

    async def get(self, organization_id: str, thread_id: str) -> ThreadRecord:
        """The thread."""
        return _found(
            self._reader().execute(_ONE, (organization_id, thread_id)).fetchone(), thread_id
        )[1]

    async def read(self, thread: ThreadRecord, after: int = 0) -> Sequence[MessageRecord]:
        """The thread's messages but for the first `after`, as far as the record knows of them."""
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
        """The thread's system messages and the last ones of the others, in their order."""
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

    async def extend(
        self,
        organization_id: str,
        thread_id: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        task_id: str | None = None,
        attempt: int | None = None,
        key: IdempotencyKey | None = None,
    ) -> Extended:
        """Add messages to the end, all or none; a sign of life of the task's holder."""

        def command(tx: Transaction) -> Extended:
            number, thread = _find(tx, organization_id, thread_id)
            found = None if task_id is None else find(tx, organization_id, task_id)
            if first_answer(tx, organization_id, key) is not None:
                return Extended(thread, None if found is None else found[1])
            now = self._clock()
            task = None
            if found is not None:
                task = keep_alive(tx, *found, attempt, now=now, settings=self._settings)
            _append(tx, number, thread.length, messages)
            longer = ThreadRecord(
                thread.id, organization_id, thread.length + len(messages), thread.document
            )
            if messages:
                tx.execute(
                    "UPDATE threads SET length = ? WHERE number = ?", (longer.length, number)
                )
            remember(tx, organization_id, key, thread_id, now)
            return Extended(longer, task)

        return await self._writer.submit(command)

    async def update(
        self,
        organization_id: str,
        thread_id: str,
        changes: Mapping[str, Any],
        *,
        messages: Sequence[Mapping[str, Any]] | None = None,
    ) -> ThreadRecord:
        """Set fields of a thread; `messages` take the place of those that it has."""

        def command(tx: Transaction) -> ThreadRecord:
            number, thread = _find(tx, organization_id, thread_id)
            document = threads.changed(thread.read(), changes)
            user_id, agent_id = threads.belongs_to(document)
            length = thread.length
            if messages is not None:
                _forget_messages(tx, number)
                _append(tx, number, 0, messages)
                length = len(messages)
            encoded = orjson.dumps(document)
            tx.execute(
                "UPDATE threads SET length = ?, user_id = ?, agent_id = ?, document = ? "
                "WHERE number = ?",
                (length, user_id, agent_id, encoded, number),
            )
            return ThreadRecord(thread_id, organization_id, length, encoded)

        return await self._writer.submit(command)

    async def delete(self, organization_id: str, thread_id: str) -> None:
        """Forget a thread and its messages."""

        def command(tx: Transaction) -> None:
            number, _ = _find(tx, organization_id, thread_id)
            _forget_messages(tx, number)
            tx.execute("DELETE FROM threads WHERE number = ?", (number,))

        await self._writer.submit(command)

    async def of_user(
        self, organization_id: str, user_id: str, agent_id: str | None
    ) -> Sequence[ThreadRecord]:
        """The threads with a user, and with an agent if one is named, the newest first."""
        rows = await self._listed(
            f"{_SELECT} WHERE organization_id = ? AND user_id = ? AND (? IS NULL OR agent_id = ?) "
            "ORDER BY number DESC",
            (organization_id, user_id, agent_id, agent_id),
        )
        return [_thread(row)[1] for row in rows]

    def _base(self, thread: ThreadRecord) -> int:
        row = (
            self._reader()
            .execute(
                "SELECT number FROM threads WHERE organization_id = ? AND id = ?",
                (thread.organization_id, thread.id),
            )
            .fetchone()
        )
        # A thread that was forgotten meanwhile has no messages: 0 is no thread's number.
        return 0 if row is None else int(row[0]) << SEQ_BITS

    async def _messages(self, sql: str, parameters: tuple[Any, ...], *, many: int) -> list[Any]:
        if many > FEW:
            return await self._listed(sql, parameters)
        return self._reader().execute(sql, parameters).fetchall()


def _thread(row: Sequence[Any]) -> tuple[int, ThreadRecord]:
    number, *fields = row
    return number, ThreadRecord(*fields)


def _found(row: Sequence[Any] | None, thread_id: str) -> tuple[int, ThreadRecord]:
    if row is None:
        raise Refusal(404, f"there is no thread {thread_id}")
    return _thread(row)


def _find(tx: Transaction, organization_id: str, thread_id: str) -> tuple[int, ThreadRecord]:
    return _found(tx.execute(_ONE, (organization_id, thread_id)).fetchone(), thread_id)


def _append(
    tx: Transaction, number: int, length: int, messages: Sequence[Mapping[str, Any]]
) -> None:
    for place, message in enumerate(messages, (number << SEQ_BITS) + length):
        tx.execute(
            "INSERT INTO messages (place, role, body) VALUES (?, ?, ?)",
            (place, message["role"], orjson.dumps(message)),
        )


def _forget_messages(tx: Transaction, number: int) -> None:
    tx.execute(
        "DELETE FROM messages WHERE place >= ? AND place < ?",
        (number << SEQ_BITS, (number + 1) << SEQ_BITS),
    )
