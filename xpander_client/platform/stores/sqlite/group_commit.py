"""One thread that writes, and makes many writes safe with one sync of the disk."""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.stores.base.admission import Admission
from xpander_client.platform.stores.base.queue import (
    BATCH_BYTES,
    UNSTORABLE,
    BatchLimit,
    QueuedCommand,
    refuse_unstorable,
    resolve,
)

T = TypeVar("T")
Tx = TypeVar("Tx", bound="Transaction")

_LINGER = 0.001
"""The longest that a command waits for others, in seconds, and only when there usually are some."""

_NEVER = (*UNSTORABLE, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""How a write fails that can't be stored whenever it is tried."""

_logger = logging.getLogger(__name__)


class Transaction:
    """What a command gets: the connection, and where to say who should hear of the commit, and how
    many bytes there are to write.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.size = 0
        self.topics: set[str] = set()

    def commit(self) -> None:
        """Make durable what was written."""
        self.connection.execute("COMMIT")

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.connection.execute(sql, tuple(parameters))


class GroupCommit(Generic[Tx]):
    """Runs commands on its own connection, in order, as many to a commit as have queued up and as
    it has room for.

    While one commit is under way, the next commands gather; so the busier it is, the fewer syncs
    each command costs. A caller hears of its command only after the commit that holds it. A command
    that fails does not touch the others of its batch. While another process has the file locked,
    all that wait are refused together, and `locked_out` is called, on the thread. `on_written` is
    given, on the loop, what was committed. How many may be queued is up to `admission`.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        begin: Callable[[sqlite3.Connection], Tx],
        on_written: Callable[[Tx], None],
        admission: Admission,
        *,
        batch: int = 512,
        locked_out: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect = connect
        self._begin = begin
        self._on_written = on_written
        self._locked_out = locked_out
        self._limit = BatchLimit(batch)
        self._admission = admission
        self._first: deque[QueuedCommand] = deque()
        self._entries: queue.SimpleQueue[QueuedCommand | None] = queue.SimpleQueue()
        self._closing = False
        self._ended = False
        self._usual = 1
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.commits = 0
        self.commands = 0

    def start(self) -> None:
        """Start the thread. Results are handed to the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(
            target=self._run, args=(self._connect(),), name="xpander-store", daemon=True
        )
        self._thread.start()

    async def submit(self, command: Callable[[Tx], T]) -> T:
        """Run a command; returns what it returned, once it is on disk."""
        loop = self._loop
        if loop is None or self._thread is None:
            raise HttpError(503, "the store is closed")
        pieces = await self._admission.enter()
        if self._closing:
            self._admission.leave(pieces)
            raise HttpError(503, "the store is closed")
        future: asyncio.Future[T] = loop.create_future()
        self._entries.put(QueuedCommand(command, future, pieces))
        # A caller that goes away takes only its future with it; the command is run.
        return await future

    async def close(self) -> None:
        """Commit what is queued, then end the thread."""
        self._closing = True
        thread, self._thread = self._thread, None
        if thread is not None:
            self._entries.put(None)
            await asyncio.get_running_loop().run_in_executor(None, thread.join)

    def _run(self, connection: sqlite3.Connection) -> None:
        try:
            while batch := self._next():
                self._usual = len(batch)
                written = self._write(connection, batch)
                assert self._loop is not None
                try:
                    self._loop.call_soon_threadsafe(self._settle, batch, written)
                except RuntimeError:
                    return  # the loop was closed without us; what is committed is committed
        finally:
            connection.close()

    def _next(self) -> list[QueuedCommand]:
        """Wait for commands, and return those that are there; none when the end is reached."""
        entry = self._take(wait=True)
        # The callers of one commit come back together: a moment's patience spares a second sync.
        patience = time.monotonic() + _LINGER
        while self._entries.qsize() + 1 < self._usual and time.monotonic() < patience:
            time.sleep(_LINGER / 20)
        batch: list[QueuedCommand] = []
        while entry is not None:
            batch.append(entry)
            entry = self._take() if len(batch) < self._limit.now else None
        return batch

    def _take(self, *, wait: bool = False) -> QueuedCommand | None:
        """Take the next command; None when there is none, or none any more."""
        if self._first:
            return self._first.popleft()
        if self._ended:
            return None
        try:
            entry = self._entries.get(block=wait)
        except queue.Empty:
            return None
        self._ended = entry is None
        return entry

    def _write(self, connection: sqlite3.Connection, batch: list[QueuedCommand]) -> Tx | None:
        """One transaction for the batch, or for as much of it as fits into one. What is left of the
        batch is settled; the rest comes next. Returns the transaction if it was committed.
        """
        transaction = self._begin(connection)
        begun = time.perf_counter()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            # Another process has the file locked, or it can't be written at all: whoever came
            # meanwhile has waited, too, and need not do so once more in turn.
            while (entry := self._take()) is not None:
                batch.append(entry)
            _logger.warning("%d writes were refused: %s", len(batch), error)
            self._locked_out()
            for entry in batch:
                entry.error = HttpError(503, f"the store can't be written now: {error}")
            return None
        try:
            for number, entry in enumerate(batch):
                if number and transaction.size > BATCH_BYTES:
                    self._first.extendleft(reversed(batch[number:]))
                    del batch[number:]
                    break
                entry.result = entry.error = None
                before = connection.total_changes
                try:
                    entry.result = entry.command(transaction)
                except HttpError as error:
                    entry.error = error
                    if connection.total_changes != before:
                        raise _Spoilt from error
            transaction.commit()
        except Exception as error:
            _roll_back(connection)
            if self._limit.split(len(batch), error):
                self._first.extendleft(reversed(batch))
                batch.clear()
                return None
            if not isinstance(error, _Spoilt):
                _logger.error("a write failed: %s", error, exc_info=error)
                _fail(batch, error)
            self._limit.release(len(batch))
            return None
        self._limit.release(len(batch))
        self.commits += 1
        self.commands += len(batch)
        self._admission.observer.on_commit(len(batch), time.perf_counter() - begun)
        return transaction

    def _settle(self, batch: list[QueuedCommand], written: Tx | None) -> None:
        resolve(batch, self._admission)
        if written is not None:
            self._on_written(written)


class _Spoilt(Exception):
    """A command refused after it had written: its batch is undone and written one by one."""


def _fail(batch: list[QueuedCommand], error: Exception) -> None:
    for entry in batch:
        entry.error = (
            refuse_unstorable(error)
            if isinstance(error, _NEVER)
            else HttpError(503, "the store could not write this; nothing was changed")
        )


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            _logger.exception("the transaction could not be rolled back")
