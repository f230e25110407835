"""A disk that loses what was not synced when the power is cut, for SQLite to work on.

It lies below the real `SqliteStore`, as a file system of SQLite's that `apsw` lets Python write.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import apsw
import attrs

SECTOR = 512


@attrs.define
class _Medium:
    """What of one file is safe, and what was written since the last sync.

    `safe` is None while the file's name is not on the disk yet; `ghost` is then the file of that
    name that was deleted, but not for good.
    """

    safe: bytearray | None = None
    ghost: bytearray | None = None
    pending: list[tuple[int, bytes | None]] = attrs.field(factory=list)

    def sync(self) -> None:
        content = bytearray() if self.safe is None else self.safe
        for offset, data in self.pending:
            _apply(content, offset, data)
        self.safe, self.pending = content, []

    def left(self, chance: random.Random | None) -> bytearray | None:
        """What is there after a power cut: what is safe, and by chance some of the rest.

        A disk writes sectors, of those that wait any it likes.
        """
        if self.safe is None or chance is None:
            return self.ghost if self.safe is None else self.safe
        content = bytearray(self.safe)
        for offset, data in self.pending:
            if data is None:
                if chance.random() < 0.5:
                    _apply(content, offset, None)
                continue
            for start in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    _apply(content, offset + start, data[start : start + SECTOR])
        return content


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    """Write data, or, without any, cut off what is behind the offset."""
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk(apsw.VFS):
    """A file system whose power can be cut. `cut` is asked before each write and sync, with what is
    about to happen to which file; from when it says so on, nothing happens any more.

    A disk that `lies` says that it synced, and didn't. With `room` for so many more writes the
    next one fails as `refusal` says.
    """

    def __init__(
        self,
        cut: Callable[[str, str], bool] = lambda act, path: False,
        *,
        lies: bool = False,
    ) -> None:
        self.name = f"disk-{uuid.uuid4().hex}"
        super().__init__(self.name, "")
        self.room: int | None = None
        self.refusal: apsw.Error = apsw.FullError("the disk is full")
        self.is_on = True
        self.acts = 0
        self._cut = cut
        self._lies = lies
        self._media: dict[str, _Medium] = {}
        self._lock = threading.Lock()

    def connect(self, path: Path, instead: Mapping[str, str] | None = None) -> sqlite3.Connection:
        """A connection to a file on this disk. Of the statements `instead` has others."""
        return cast(sqlite3.Connection, _Connection(self.name, path, instead or {}))

    def left(self, folder: Path, chance: random.Random | None = None) -> None:
        """Put what the disk has after a power cut into a folder."""
        folder.mkdir()
        for path, medium in self._media.items():
            content = medium.left(chance)
            if content is not None:
                (folder / Path(path).name).write_bytes(content)

    def act(self, what: str, path: str) -> None:
        """Something is about to be done to a file."""
        self.acts += 1
        if self.is_on and self._cut(what, path):
            self.is_on = False
        if not self.is_on:
            raise apsw.IOError("the power is off")

    def write(self, path: str, offset: int, data: bytes | None) -> None:
        with self._lock:
            if self.room is not None:
                if not self.room:
                    raise self.refusal
                self.room -= 1
            self._media.setdefault(path, _Medium()).pending.append((offset, data))

    def sync(self, path: str) -> None:
        if self._lies:
            return
        with self._lock:
            medium = self._media.setdefault(path, _Medium())
            if medium.safe is None:
                # SQLite syncs the folder with the first sync of a log: what was deleted is gone.
                for each in self._media.values():
                    each.ghost = None
            medium.sync()

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        if name is None:
            return super().xOpen(name, flags)
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.act("delete", filename)
        super().xDelete(filename, syncdir)
        with self._lock:
            medium = self._media.get(filename, _Medium())
            self._media[filename] = _Medium(ghost=None if syncdir else medium.safe or medium.ghost)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.act("write", self._path)
        self._disk.write(self._path, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.act("truncate", self._path)
        self._disk.write(self._path, newsize, None)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        # The real disk is spared: what counts is what would be on it.
        self._disk.act("sync", self._path)
        self._disk.sync(self._path)


class _Connection:
    """As much of `sqlite3.Connection` as the store uses, on another file system."""

    def __init__(self, disk: str, path: Path, instead: Mapping[str, str]) -> None:
        self._instead = instead
        with _Errors():
            self._connection = apsw.Connection(str(path), vfs=disk, statementcachesize=256)
            self._connection.set_busy_timeout(10_000)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> _Rows:
        with _Errors():
            rows = self._connection.execute(self._instead.get(sql, sql), parameters).fetchall()
            connection = self._connection
            return _Rows(rows, connection.changes(), connection.last_insert_rowid())

    def executescript(self, sql: str) -> None:
        with _Errors():
            self._connection.execute(sql)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self._connection.total_changes()

    def close(self) -> None:
        # As with the standard library: what can't be tidied up on the disk is left there.
        with contextlib.suppress(apsw.Error):
            self._connection.close(True)


class _Rows:
    def __init__(self, rows: Iterable[Any], rowcount: int, lastrowid: int) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Any:
        return self._rows

    def close(self) -> None:
        pass  # the rows have all been read


class _Errors:
    """Says in the standard library's terms what went wrong."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        exc_type: Any,
        exc: BaseException | None,
        traceback: Any,
    ) -> None:
        if isinstance(exc, apsw.ConstraintError):
            raise sqlite3.IntegrityError(str(exc)) from exc
        if isinstance(exc, apsw.Error):
            raise sqlite3.OperationalError(str(exc)) from exc
