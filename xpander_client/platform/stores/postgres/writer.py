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

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules.records import EventRecord
from xpander_client.platform.stores.base.admission import Admission
from xpander_client.platform.stores.base.queue import (
    BATCH_BYTES,
    UNSTORABLE,
    BatchLimit,
    QueuedCommand,
    refuse_unstorable,
    resolve,
)
from xpander_client.platform.stores.base.transaction import Command
from xpander_client.platform.stores.postgres.connections import (
    AWAY,
    COMMAND_TIMEOUT,
    NEVER,
    UNANSWERED,
    Database,
)
from xpander_client.platform.stores.postgres.queue_fronts import Fronts
from xpander_client.platform.stores.postgres.recent_tasks import VersionedTasks
from xpander_client.platform.stores.postgres.transaction import (
    EVERYBODY,
    OUTDATED,
    WRITER_SETTINGS,
    build_payload,
    fetch,
    write,
)
from xpander_client.platform.stores.postgres.work import NotFetched, PostgresWork, RowsToFetch

T = TypeVar("T")

_TURNS = 3
"""So many turns of the loop a command waits for others, and only when there usually are some."""

_ROUNDS = 8
"""So often a batch is tried whose rows others change at the same time."""

_PAUSE = 0.2
"""How long nothing is tried after the database could not be reached, in seconds."""

_CATCH_UP = 1.0
"""How often it is tried whether the queue of notifications has room again, in seconds."""

_SLOWEST = 1024 * 1024
"""A write has a second more for each so many bytes that it holds. One with more than these is a
transaction of several steps: when it fails, it is known whether it was committed."""

_CONFLICTS = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
"""Somebody else was first. What there is now decides."""

_logger = logging.getLogger(__name__)


class Writer:
    """Runs commands in order, as many to a transaction as have queued up and as it has room for.

    A caller hears of its command only after the commit that holds it. A command that refuses does
    not touch the others of its batch. A batch that fails is tried again in halves, as long as it
    is known that nothing of it was committed. How many may be queued is up to `admission`. When the
    database is away, callers hear so: nothing is kept for later, because who asked may ask again,
    elsewhere.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        on_written: Callable[[Iterable[str], Iterable[tuple[str, EventRecord]]], None],
        admission: Admission,
        fronts: Fronts,
        *,
        batch: int = 256,
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_written = on_written
        self._limit = BatchLimit(batch)
        self._admission = admission
        self._fronts = fronts
        self._queue: deque[QueuedCommand] = deque()
        self._filled = asyncio.Event()
        self._closing = False
        self._usual = 1
        self._undone = False
        self._quiet = False
        self._catching_up: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self._recent = VersionedTasks()
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
            raise HttpError(503, "the store is closed")
        pieces = await self._admission.enter()
        if self._closing:
            self._admission.leave(pieces)
            raise HttpError(503, "the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(QueuedCommand(command, future, pieces))
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
        if self._catching_up is not None:
            self._catching_up.cancel()
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
            batch = [self._queue.popleft() for _ in range(min(self._limit.now, len(self._queue)))]
            self._usual = len(batch)
            await self._write(batch)

    async def _linger(self) -> None:
        """Wait a moment for the callers of the last commit, who come back together."""
        usual = min(self._usual, self._limit.now)
        for _ in range(_TURNS):
            if len(self._queue) >= usual:
                return
            await asyncio.sleep(0)  # lets those run on the loop who are about to ask for more

    # One batch -----------------------------------------------------------------------------------

    async def _write(self, batch: list[QueuedCommand]) -> None:
        """One transaction for the batch, or for as much of it as fits into one."""
        begun = time.perf_counter()
        work: PostgresWork | None = None
        try:
            connection = await self._connect()
            work = await self._commit(connection, batch)
        except Exception as error:
            if isinstance(error, AWAY):
                await self._drop()
            # When the database did not answer, it may have been committed all the same.
            is_known = self._undone or not isinstance(error, (*UNANSWERED, HttpError))
            if is_known and self._limit.split(len(batch), error):
                self._queue.extendleft(reversed(batch))
                return
            self._fail(batch, self._convert_error(error))
        else:
            self.commits += 1
            self.commands += len(batch)
            self._admission.observer.on_commit(len(batch), time.perf_counter() - begun)
        self._limit.release(len(batch))
        resolve(batch, self._admission)
        if work is not None:
            self._on_written(work.topics, work.events)

    def _convert_error(self, error: Exception) -> HttpError:
        if isinstance(error, HttpError):
            return error
        if isinstance(error, AWAY):
            if not self._away:
                self._away = True
                _logger.warning("the database is away: %s: %s", type(error).__name__, error)
            if isinstance(error, UNANSWERED):
                return _unreachable()
            return HttpError(503, "the store's database can't write this now")
        if isinstance(error, NEVER):
            return refuse_unstorable(error)
        # Whatever it was, others are to be written.
        _logger.error("a write failed: %s", error, exc_info=error)
        if isinstance(error, UNSTORABLE):
            return refuse_unstorable(error)
        return HttpError(503, "the store could not write this")

    @staticmethod
    def _fail(batch: list[QueuedCommand], error: HttpError) -> None:
        for entry in batch:
            entry.error = HttpError(error.status, error.detail)

    async def _commit(
        self, connection: asyncpg.Connection, batch: list[QueuedCommand]
    ) -> PostgresWork:
        missed = RowsToFetch()
        assume_new_keys, quiet = True, self._quiet
        for number in range(_ROUNDS):
            wanted = RowsToFetch()
            for entry in batch:
                wanted.add(entry.command.reads)
            wanted.merge(missed)
            recalled = None if number else self._recent.recall(wanted)
            work = PostgresWork(self._clock(), assume_new_keys=assume_new_keys)
            self._undone = True
            try:
                if recalled is not None:
                    # What adds rows, and changes some that are recalled, is one statement, which is
                    # a transaction by itself: one round trip instead of four. When a version is not
                    # the expected one, it fails as OUTDATED, and the next round fetches the rows.
                    work.recall(recalled)
                    if self._carry_out(batch, work) and work.is_verified and work.size <= _SLOWEST:
                        self._undone = False
                        await self._write_changes(connection, work, quiet=quiet)
                        self._tell_later(work, quiet=quiet)
                        return work
                else:
                    async with connection.transaction():
                        await fetch(connection, work, wanted, self._fronts.find)
                        if complete := self._carry_out(batch, work):
                            await self._write_changes(connection, work, quiet=quiet)
                            self._undone = False
                    if complete:
                        self._tell_later(work, quiet=quiet)
                        return work
            except OUTDATED:
                self._recent.forget(row.record.id for row in work.recalled)
            except _CONFLICTS:
                assume_new_keys = False
            except asyncpg.ProgramLimitExceededError:
                # It may be the queue of notifications that is full, and these are only hints.
                if quiet or not work.topics:
                    raise
                quiet = True
            missed.merge(work.wanted)
        raise HttpError(503, "others kept changing the same; nothing was changed")

    def _carry_out(self, batch: list[QueuedCommand], work: PostgresWork) -> bool:
        """Run the commands in turn; False when some need rows that were not fetched.

        Those that a transaction has no room for go back to where they were.
        """
        complete = True
        for number, entry in enumerate(batch):
            if number and work.size > BATCH_BYTES:
                self._queue.extendleft(reversed(batch[number:]))
                del batch[number:]
                self._limit.cut(number)  # or as many rows would be fetched in vain again
                break
            entry.result = entry.error = None
            work.begin()
            try:
                entry.result = entry.command.run(work)
            except NotFetched:
                work.undo()
                complete = False
            except HttpError as error:
                work.undo()
                entry.error = error
                if work.assumed_keys or work.recalled:
                    # It may be refused only because of what was assumed: no caller may be told so
                    # before the rows themselves say the same.
                    work.wanted.keys |= work.assumed_keys
                    complete = False
        return complete

    async def _write_changes(
        self, connection: asyncpg.Connection, work: PostgresWork, *, quiet: bool
    ) -> None:
        changes = work.changes()
        if changes:
            payload = None if quiet else build_payload(work.topics)
            timeout = COMMAND_TIMEOUT + work.size / _SLOWEST
            version = await write(connection, changes, self.channel, payload, timeout)
            self._recent.keep_changes(changes, version)

    # A queue of notifications that is full -------------------------------------------------------

    def _tell_later(self, work: PostgresWork, *, quiet: bool) -> None:
        """Note that something was written that the other servers could not be told of."""
        if not (quiet and work.topics):
            return
        self._quiet = True
        if self._catching_up is None or self._catching_up.done():
            _logger.warning(
                "the database's notification queue is full: writes go on, but other servers hear "
                "of them later; a session that listens has been in a transaction for too long, see "
                "pg_stat_activity"
            )
            self._catching_up = asyncio.create_task(self._catch_up(), name="store-catch-up")

    async def _catch_up(self) -> None:
        """Have everybody look, as soon as they can be told so."""
        while self._quiet:
            await asyncio.sleep(_CATCH_UP)
            self._quiet = False  # first, so that whatever is written quietly comes before the call
            try:
                await self._database.fetch("SELECT pg_notify($1, $2)", self.channel, EVERYBODY)
            except HttpError:
                self._quiet = True
        _logger.warning("the database's notification queue has room again")

    # The connection ------------------------------------------------------------------------------

    async def _connect(self) -> asyncpg.Connection:
        self._undone = False  # nor would it help to write less
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if time.monotonic() < self._not_before:
            raise _unreachable()
        try:
            self._connection = await self._database.connect(WRITER_SETTINGS)
        except Exception:
            self._not_before = time.monotonic() + _PAUSE
            raise
        if self._away:
            self._away = False
            _logger.warning("the database is back")
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


def _unreachable() -> HttpError:
    return HttpError(503, "the store's database can't be reached")
