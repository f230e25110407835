"""The database of a state directory, as one process has it open."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from xpander_client.agents.state.disk_schema import prepare
from xpander_client.agents.state.process_mark import ProcessMark
from xpander_client.errors import ConfigurationError
from xpander_client.private_files import check_private, make_private_folder, open_private

_BUSY_SECONDS = 60.0
_LOG_PAGES = 128
"""The log is half a megabyte at most before it is copied back: it counts as space, too."""


class DiskFile:
    """One connection, used by one thread at a time, and the sign that this process is alive.

    `DiskFile.of` gives everyone in a process the same one for a directory. It is opened when first
    used, and anew in a process that was forked.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._mark: ProcessMark | None = None
        self._closing: weakref.finalize[[sqlite3.Connection, ProcessMark], DiskFile] | None = None

    @classmethod
    def of(cls, directory: Path) -> DiskFile:
        """Return the one of that directory."""
        key = os.path.realpath(directory)
        with _open.lock:
            found = _open.files.get(key)
            if found is None:
                found = _open.files[key] = cls(Path(key))
            return found

    def reset_after_fork(self) -> None:
        """Begin anew in a process that was forked, and leave alone what is the parent's."""
        # Another thread may have held it, which there is none of here.
        self._lock = threading.Lock()
        if self._closing is not None:
            _left_alone.append(self._closing.detach())
        if self._mark is not None:
            self._mark.leave_to_parent()
        self._connection = self._mark = self._closing = None

    @property
    def path(self) -> Path:
        """The database itself."""
        return self.directory / "state.sqlite3"

    def begin_read(self) -> AbstractContextManager[tuple[sqlite3.Connection, ProcessMark]]:
        """Open a view of one moment; nothing may be written."""
        return self._transaction("BEGIN")

    def begin_write(self) -> AbstractContextManager[tuple[sqlite3.Connection, ProcessMark]]:
        """Take the database alone: all that is done in it is kept, or nothing."""
        return self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def _transaction(self, begin: str) -> Generator[tuple[sqlite3.Connection, ProcessMark]]:
        try:
            with self._lock:
                connection, mark = self._open_database()
                connection.execute(begin)
                try:
                    yield connection, mark
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"{self.directory} can't be used for state: {error}"
            ) from error

    def _open_database(self) -> tuple[sqlite3.Connection, ProcessMark]:
        if self._connection is None or self._mark is None:
            make_private_folder(self.directory)
            # SQLite gives what it keeps beside the file the same rights.
            os.close(open_private(self.path))
            for ending in ("-wal", "-shm"):
                check_private(self.path.with_name(self.path.name + ending))
            connection = _connect(self.path)
            try:
                mark = ProcessMark(self.directory / "processes")
                self._closing = weakref.finalize(self, _close, connection, mark)
            except BaseException:
                connection.close()
                raise
            _introduce(connection, mark)
            self._connection, self._mark = connection, mark
        return self._connection, self._mark


class _Open:
    """The files that this process has a use for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.files: weakref.WeakValueDictionary[str, DiskFile] = weakref.WeakValueDictionary()

    def reopen_after_fork(self) -> None:
        self.lock = threading.Lock()
        for file in list(self.files.values()):
            file.reset_after_fork()


_open = _Open()
_left_alone: list[object] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_open.reopen_after_fork)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        isolation_level=None,  # transactions begin where we say
        check_same_thread=False,  # it is still used by one thread at a time
        cached_statements=256,
        timeout=_BUSY_SECONDS,
    )
    try:
        # Each commit is whole after a crash of the machine; the last ones may be missing.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        _log_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        prepare(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    # Changing over needs the database alone, and is refused at once, without the usual wait, when
    # several processes that are the first come to it together. One of them makes it.
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _BUSY or time.monotonic() >= until:
                raise
            time.sleep(0.005)
        else:
            return


_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY_SNAPSHOT}


def _introduce(connection: sqlite3.Connection, mark: ProcessMark) -> None:
    """Have others know of this process, and forget those that are gone."""
    connection.execute("BEGIN IMMEDIATE")
    rows = connection.execute("SELECT name FROM processes").fetchall()
    for row in rows:
        if not mark.alive(row[0]):
            connection.execute("DELETE FROM calls WHERE process = ?", row)
            connection.execute("DELETE FROM line WHERE process = ?", row)
            connection.execute("DELETE FROM processes WHERE name = ?", row)
    connection.execute("INSERT INTO processes VALUES (?)", (mark.name,))
    connection.execute("COMMIT")


def _close(connection: sqlite3.Connection, mark: ProcessMark) -> None:
    with contextlib.suppress(sqlite3.Error):
        connection.close()
    mark.close()
