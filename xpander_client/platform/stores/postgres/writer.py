"""One connection that writes, and makes many commands durable with one commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

import asyncpg

from ...clock import Clock
from ...refusal import Refusal
from ..admission import Admission
from ..entries import Entry, settle
from ..records import EventRecord
from ..work import Command
from .connections import AWAY, Database
from .recent import RecentTasks
from .transaction import OUTDATED, WRITER_SETTINGS, fetch, payload, write
from .work import Missing, PostgresWork, Wanted

__all__ = ["Writer"]

T = TypeVar("T")

TURNS = 3
"""So many turns of the loop a command waits for others, and only when there usually are some."""

ROUNDS = 8
"""So often a batch is tried whose rows others change at the same time."""

PAUSE = 0.2
"""How long nothing is tried after the database could not be reached, in seconds."""

CONFLICTS = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
"""Somebody else was first. What there is now decides."""

logger = logging.getLogger(__name__)


class Writer:
    """Runs commands in order, as many to a transaction as have queued up.

    A caller hears of its command only after the commit that holds it. A command that refuses does
    not touch the others of its batch. How many may be queued is up to `admission`. When the
    database is away, callers hear so: nothing is kept for later, because who asked may ask again,
    elsewhere.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        told: Callable[[Iterable[str], Iterable[tuple[str, EventRecord]]], None],
        admission: Admission,
        *,
        batch: int = 256,
    ) -> None:
        self._database = database
        self._clock = clock
        self._told = told
        self._batch = batch
        self._admission = admission
        self._queue: deque[Entry] = deque()
        self._filled = asyncio.Event()
        self._closing = False
        self._usual = 1
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self._recent = RecentTasks()
        self._not_before = 0.0
        self._away = False
        self.channel = ""
        self.commits = 0
        self.commands = 0

    @property
    def process(self) -> int | None:
        """The database's process that writes for us: what it notifies of is known here."""
        connection = self._connection
        return None if connection is None else connection.get_server_pid()

    def start(self, channel: str) -> None:
        """Begin to write; other servers are told on the channel."""
        self.channel = channel
        self._task = asyncio.create_task(self._run(), name="store-writer")

    async def submit(self, command: Command[T]) -> T:
        """Run a command; returns what it returned, once it is committed."""
        if self._task is None:
            raise Refusal(503, "the store is closed")
        await self._admission.enter()
        if self._closing:
            self._admission.leave()
            raise Refusal(503, "the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(Entry(command, future))
        self._filled.set()
        # A caller that goes away takes only its future with it; the command is run.
        return await future

    async def close(self) -> None:
        """Commit what is queued, then let go of the connection."""
        self._closing = True
        self._filled.set()
        task, self._task = self._task, None
        if task is not None:
            await task
        await self._drop(gently=True)

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._filled.clear()
                await self._filled.wait()
                continue
            await self._linger()
            batch = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
            self._usual = len(batch)
            self._settle(batch, await self._write(batch))

    async def _linger(self) -> None:
        """The callers of one commit come back together: a moment's patience spares a second one."""
        usual = min(self._usual, self._batch)
        for _ in range(TURNS):
            if len(self._queue) >= usual:
                return
            await asyncio.sleep(0)  # lets those run on the loop who are about to ask for more

    def _settle(self, batch: list[Entry], committed: list[PostgresWork]) -> None:
        settle(batch, self._admission)
        for work in committed:
            self._told(work.topics, work.events)

    # One batch -----------------------------------------------------------------------------------

    async def _write(self, batch: list[Entry]) -> list[PostgresWork]:
        """One transaction for the batch; where that can't be, one for each command."""
        begun = time.perf_counter()
        try:
            work = await self._commit(batch)
        except AWAY as error:
            await self._drop()
            self._not_before = time.monotonic() + PAUSE
            if not self._away:
                self._away = True
                logger.warning("the database is away: %s: %s", type(error).__name__, error)
            self._fail(batch, _unreachable())
            return []
        except Exception as error:
            # Whatever it was: one of many commands must not take the others with it.
            if len(batch) > 1 and not self._away:
                return [work for entry in batch for work in await self._write([entry])]
            if isinstance(error, Refusal):
                self._fail(batch, error)
            elif isinstance(error, asyncpg.DataError):
                self._fail(batch, Refusal(422, f"the database can't keep this: {error}"))
            else:
                logger.error("a write failed: %s", error, exc_info=error)
                self._fail(batch, Refusal(503, "the store could not write this"))
            return []
        self.commits += 1
        self.commands += len(batch)
        self._admission.observer.committed(len(batch), time.perf_counter() - begun)
        return [work]

    @staticmethod
    def _fail(batch: list[Entry], refusal: Refusal) -> None:
        for entry in batch:
            entry.error = Refusal(refusal.status, refusal.detail)

    async def _commit(self, batch: list[Entry]) -> PostgresWork:
        connection = await self._connected()
        wanted = Wanted()
        for entry in batch:
            wanted.add(entry.command.reads)
        hopeful = True
        recalled = self._recent.recall(wanted)
        for _ in range(ROUNDS):
            work = PostgresWork(self._clock(), hopeful=hopeful)
            try:
                if recalled is not None:
                    # What adds rows, and changes some that are known, is one statement, which is a
                    # transaction by itself.
                    work.recall(recalled)
                    if _run(batch, work) and work.certain:
                        await self._write_changes(connection, work)
                        return work
                else:
                    async with connection.transaction():
                        await fetch(connection, work, wanted)
                        if _run(batch, work):
                            await self._write_changes(connection, work)
                            return work
            except OUTDATED:
                self._recent.forget(work.recalled)
            except CONFLICTS:
                hopeful = False
            recalled = None
            wanted.merge(work.wanted)
        raise Refusal(503, "others kept changing the same; nothing was changed")

    async def _write_changes(self, connection: asyncpg.Connection, work: PostgresWork) -> None:
        changes = work.changes()
        if changes:
            version = await write(connection, changes, self.channel, payload(work.topics))
            self._recent.keep(changes, version)

    # The connection ------------------------------------------------------------------------------

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if time.monotonic() < self._not_before:
            raise _unreachable()
        self._connection = await self._database.connect(WRITER_SETTINGS)
        if self._away:
            self._away = False
            logger.warning("the database is back")
        return self._connection

    async def _drop(self, *, gently: bool = False) -> None:
        """Let go of the connection: what it still does there is undone."""
        connection, self._connection = self._connection, None
        self._recent.clear()
        if connection is None:
            return
        if gently:
            with contextlib.suppress(*AWAY):
                await connection.close(timeout=1.0)
        connection.terminate()


def _unreachable() -> Refusal:
    return Refusal(503, "the store's database can't be reached")


def _run(batch: list[Entry], work: PostgresWork) -> bool:
    """Run the commands in turn; False when some need rows that were not fetched."""
    complete = True
    for entry in batch:
        entry.result = entry.error = None
        work.begin()
        try:
            entry.result = entry.command.run(work)
        except Missing:
            work.undo()
            complete = False
        except Refusal as refusal:
            work.undo()
            entry.error = refusal
            if work.assumed or work.recalled:
                # It may be refused only because of what was taken for granted.
                work.wanted.keys |= work.assumed
                complete = False
    return complete
