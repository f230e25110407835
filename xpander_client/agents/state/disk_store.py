"""State in a directory, shared by all processes that use it."""

from __future__ import annotations

import datetime
import secrets
import sqlite3
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import attrs

from xpander_client.agents.state import disk_calls
from xpander_client.agents.state.disk_file import DiskFile
from xpander_client.agents.state.disk_schema import BITS, MASK, compute_key_range
from xpander_client.agents.state.merging import (
    find_changes,
    find_clashes,
    list_visible_ranges,
    overlay,
)
from xpander_client.agents.state.store import (
    CallRecord,
    Changes,
    Commit,
    Conflict,
    Initial,
    Scope,
    StartingPoint,
    TurnChanges,
    Variables,
)


@attrs.define
class _Row:
    """A session's own row: its newest commit, and how many of each thing it has had."""

    number: int
    head: str
    commits: int
    changes: int
    events: int


class DiskStore:
    """A `StateStore` in SQLite. What a call costs depends on what it changes, not on what there is.

    Variables point to the change that made them, so each value is there once. No call reads old
    commits, changes or events.
    """

    def __init__(self, directory: Path, *, history: bool) -> None:
        self._file = DiskFile.of(directory)
        self._history = history

    # Calls ---------------------------------------------------------------------------------------

    def begin(self, scope: Scope, task: str, initial: Initial) -> tuple[CallRecord, StartingPoint]:
        """Register a call; the session is made when it isn't there."""
        first: Variables | None = None
        while True:
            with self._file.begin_write() as (connection, mark):
                begun = self._read_begun(connection, scope, first)
                if begun is not None:
                    return disk_calls.begin(connection, mark, scope, task), begun
            # Outside the lock: it is somebody else's code, and may be slow or use a session itself.
            first = initial()

    def reread(self, call: CallRecord, initial: Initial) -> StartingPoint:
        """Read what the call would begin with now; the session is made when it isn't there."""
        with self._file.begin_read() as (connection, _):
            row = _find(connection, call.scope)
            if row is not None:
                return StartingPoint(row.number, row.head, _variables(connection, row))
        first = initial()
        with self._file.begin_write() as (connection, _):
            begun = self._read_begun(connection, call.scope, first)
            assert begun is not None
            return begun

    def _read_begun(
        self, connection: sqlite3.Connection, scope: Scope, first: Variables | None
    ) -> StartingPoint | None:
        row = _find(connection, scope)
        if row is None:
            if first is None:
                return None
            row = self._make(connection, scope, first)
        return StartingPoint(row.number, row.head, _variables(connection, row))

    def _make(self, connection: sqlite3.Connection, scope: Scope, first: Variables) -> _Row:
        number = connection.execute(
            "INSERT INTO sessions (scope, kind, name, head, commits, changes, events) "
            "VALUES (?, ?, ?, '', 0, 0, 0)",
            (scope.text, scope.kind, scope.session),
        ).lastrowid
        assert number is not None
        row = _Row(number, "", 0, 0, 0)
        if self._history:
            self._commit(connection, row, secrets.token_hex(8), None, first, time.time(), 0)
        else:
            self._apply(connection, row, first)
        _save(connection, row)
        return row

    def end(self, call: CallRecord, place: int, events: Sequence[bytes]) -> None:
        """Forget the call, keep its last events."""
        with self._file.begin_write() as (connection, _):
            disk_calls.end(connection, call)
            if events:
                row = _find(connection, call.scope)
                if row is not None and row.number == place:
                    _append(connection, row, events)
                    _save(connection, row)

    def cancel(self, scope: Scope, task: str) -> int:
        """Cancel what runs of a task, or else what starts next; says how many were running."""
        with self._file.begin_write() as (connection, mark):
            return disk_calls.cancel(connection, mark, scope, task)

    def is_cancelled(self, call: CallRecord) -> bool:
        """Tell whether somebody cancelled it."""
        with self._file.begin_read() as (connection, _):
            return disk_calls.is_cancelled(connection, call)

    def list_running(self, scope: Scope) -> Sequence[tuple[str, bool]]:
        """List the task of each running call, and whether it is cancelled."""
        with self._file.begin_read() as (connection, mark):
            return disk_calls.list_running(connection, mark, scope)

    def queue(self, call: CallRecord, names: Collection[str]) -> None:
        """Reserve names for a call, behind those that did before."""
        with self._file.begin_write() as (connection, mark):
            disk_calls.queue(connection, mark, call, names)

    def is_first(self, call: CallRecord) -> bool:
        """Tell whether nobody is before it in reserving one of its names."""
        with self._file.begin_read() as (connection, mark):
            return not disk_calls.list_taken(connection, mark, call)

    def leave(self, call: CallRecord) -> None:
        """Give up what it reserved."""
        with self._file.begin_write() as (connection, _):
            disk_calls.leave(connection, call)

    # Writing -------------------------------------------------------------------------------------

    def write(
        self,
        call: CallRecord,
        place: int,
        base: Variables,
        turns: Sequence[TurnChanges],
        events: Sequence[bytes],
    ) -> str:
        """Put a call's turns on top of its session.

        Raises:
            Conflict: nothing was written.
        """
        changes = overlay(turns)
        with self._file.begin_write() as (connection, mark):
            row = _find(connection, call.scope)
            if row is None or row.number != place:
                if changes:
                    raise Conflict(changes)
                return ""
            names = {*find_clashes(changes, base, _variables(connection, row, changes))}
            names.update(disk_calls.list_taken(connection, mark, call, changes))
            if names:
                raise Conflict(names)
            if self._history:
                count, before = row.events, 0
                for turn in turns:
                    self._commit(
                        connection,
                        row,
                        turn.commit,
                        call.task,
                        turn.changes,
                        turn.made_at,
                        count + before,
                    )
                    before = turn.events
            else:
                self._apply(connection, row, changes)
            _append(connection, row, events)
            _save(connection, row)
            disk_calls.leave(connection, call)
            return row.head

    def _commit(
        self,
        connection: sqlite3.Connection,
        row: _Row,
        identity: str,
        task: str | None,
        changes: Changes,
        made_at: float,
        events_before: int,
    ) -> None:
        self._apply(connection, row, changes)
        row.commits += 1
        row.head = identity
        connection.execute(
            "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.number << BITS | row.commits,
                identity,
                task,
                made_at,
                row.changes,
                events_before,
            ),
        )

    def _apply(self, connection: sqlite3.Connection, row: _Row, changes: Changes) -> None:
        for name, value in changes.items():
            where = (row.number, name)
            if not self._history:
                # Nobody asks for what was there before.
                connection.execute(
                    "DELETE FROM changes WHERE key = "
                    "(SELECT change FROM variables WHERE session = ? AND name = ?)",
                    where,
                )
            if self._history or value is not None:
                row.changes += 1
                key = row.number << BITS | row.changes
                connection.execute("INSERT INTO changes VALUES (?, ?, ?)", (key, name, value))
                connection.execute(
                    "INSERT OR REPLACE INTO variables VALUES (?, ?, ?)", (*where, key)
                )
            if value is None:
                connection.execute("DELETE FROM variables WHERE session = ? AND name = ?", where)

    # Reading -------------------------------------------------------------------------------------

    def read(self, scope: Scope) -> Variables:
        """Read the variables of a session; none if it isn't there."""
        with self._file.begin_read() as (connection, _):
            row = _find(connection, scope)
            return _variables(connection, row) if row is not None else {}

    def read_history(self, scope: Scope, limit: int | None) -> Sequence[Commit]:
        """Read the commits of a session, newest first."""
        with self._file.begin_read() as (connection, _):
            row = _find(connection, scope)
            if row is None:
                return []
            low, high = compute_key_range(row.number)
            commits = connection.execute(
                "SELECT key & ?, id, task, made_at, changes FROM commits "
                "WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT ?",
                (MASK, low, high, -1 if limit is None else limit + 1),
            ).fetchall()
            oldest = commits[-1][4] if limit is not None and len(commits) > limit else 0
            names: dict[int, list[str]] = {}
            for number, name in connection.execute(
                "SELECT key & ?, name FROM changes WHERE key BETWEEN ? AND ?",
                (MASK, low | (oldest + 1), high),
            ):
                names.setdefault(number, []).append(name)
            targets = dict(
                connection.execute(
                    "SELECT reverts.key & ?, id FROM reverts JOIN commits ON commits.key = target "
                    "WHERE reverts.key BETWEEN ? AND ?",
                    (MASK, low, high),
                ).fetchall()
            )
        found: list[Commit] = []
        for index, (number, identity, task, made_at, upto) in enumerate(commits[:limit]):
            since = commits[index + 1][4] if index + 1 < len(commits) else 0
            changed = {name for change in range(since + 1, upto + 1) for name in names[change]}
            found.append(
                Commit(
                    identity,
                    task,
                    tuple(sorted(changed)),
                    datetime.datetime.fromtimestamp(made_at, datetime.UTC),
                    targets.get(number),
                )
            )
        return found

    def revert(self, scope: Scope, commit: str) -> str | None:
        """Go back to a commit with a new one, whose id comes back; None: there is no such."""
        with self._file.begin_write() as (connection, _):
            row = _find(connection, scope)
            if row is None:
                return None
            low, high = compute_key_range(row.number)
            target = connection.execute(
                "SELECT key, changes FROM commits WHERE key BETWEEN ? AND ? AND id = ?",
                (low, high, commit),
            ).fetchone()
            if target is None:
                return None
            then = {
                name: value
                # The newest change of each name: SQLite takes the value from the row of the max.
                for name, value, _ in connection.execute(
                    "SELECT name, value, max(key) FROM changes WHERE key BETWEEN ? AND ? "
                    "GROUP BY name",
                    (low, low | target[1]),
                )
                if value is not None
            }
            changes = find_changes(_variables(connection, row), then)
            identity = secrets.token_hex(8)
            self._commit(connection, row, identity, None, changes, time.time(), row.events)
            connection.execute("INSERT INTO reverts VALUES (?, ?)", (low | row.commits, target[0]))
            _save(connection, row)
            return identity

    def read_events(self, scope: Scope, limit: int | None) -> Sequence[bytes]:
        """Read the newest events of a session, oldest first, without those that were reverted."""
        with self._file.begin_read() as (connection, _):
            row = _find(connection, scope)
            if row is None:
                return []
            low, high = compute_key_range(row.number)
            reverts = connection.execute(
                "SELECT key & ?, target & ? FROM reverts WHERE key BETWEEN ? AND ? ORDER BY key",
                (MASK, MASK, low, high),
            ).fetchall()
            found: list[bytes] = []
            wanted = row.events if limit is None else limit
            for first, last in reversed(list_visible_ranges(row.commits, reverts)):
                end = (
                    row.events if last == row.commits else _events_before(connection, row, last + 1)
                )
                found += (
                    payload
                    for (payload,) in connection.execute(
                        "SELECT payload FROM events WHERE key > ? AND key <= ? "
                        "ORDER BY key DESC LIMIT ?",
                        (
                            low | _events_before(connection, row, first),
                            low | end,
                            wanted - len(found),
                        ),
                    )
                )
                if len(found) >= wanted:
                    break
            return found[::-1]

    def list_sessions(self, kind: str) -> Sequence[str]:
        """List the names of all sessions of a kind of state, sorted."""
        with self._file.begin_read() as (connection, _):
            rows = connection.execute("SELECT DISTINCT name FROM sessions WHERE kind = ?", (kind,))
            return sorted(name for (name,) in rows)

    def delete(self, kind: str, session: str) -> bool:
        """Remove a session, for all agents; False if there was none."""
        with self._file.begin_write() as (connection, _):
            which = (kind, session)
            numbers = connection.execute(
                "SELECT number FROM sessions WHERE kind = ? AND name = ?", which
            ).fetchall()
            for (number,) in numbers:
                for table in ("changes", "commits", "reverts", "events"):
                    connection.execute(
                        f"DELETE FROM {table} WHERE key BETWEEN ? AND ?", compute_key_range(number)
                    )
                connection.execute("DELETE FROM variables WHERE session = ?", (number,))
            connection.execute("DELETE FROM sessions WHERE kind = ? AND name = ?", which)
            prefix = Scope(kind, session, "").text
            connection.execute(
                "DELETE FROM pending_cancels WHERE substr(scope, 1, ?) = ?", (len(prefix), prefix)
            )
            return bool(numbers)


def _find(connection: sqlite3.Connection, scope: Scope) -> _Row | None:
    row = connection.execute(
        "SELECT number, head, commits, changes, events FROM sessions WHERE scope = ?",
        (scope.text,),
    ).fetchone()
    return _Row(*row) if row is not None else None


def _save(connection: sqlite3.Connection, row: _Row) -> None:
    connection.execute(
        "UPDATE sessions SET head = ?, commits = ?, changes = ?, events = ? WHERE number = ?",
        (row.head, row.commits, row.changes, row.events, row.number),
    )


def _variables(
    connection: sqlite3.Connection, row: _Row, names: Collection[str] | None = None
) -> dict[str, bytes]:
    query = (
        "SELECT variables.name, value FROM variables JOIN changes ON key = change WHERE session = ?"
    )
    if names is None:
        return dict(connection.execute(f"{query} ORDER BY change", (row.number,)).fetchall())
    found: dict[str, bytes] = {}
    for name in names:
        found.update(
            connection.execute(f"{query} AND variables.name = ?", (row.number, name)).fetchall()
        )
    return found


def _append(connection: sqlite3.Connection, row: _Row, events: Sequence[bytes]) -> None:
    first = row.number << BITS | (row.events + 1)
    connection.executemany("INSERT INTO events VALUES (?, ?)", list(enumerate(events, first)))
    row.events += len(events)


def _events_before(connection: sqlite3.Connection, row: _Row, commit: int) -> int:
    if commit == 1:
        return 0  # also where no commits are kept
    found = connection.execute(
        "SELECT events_before FROM commits WHERE key = ?", (row.number << BITS | commit,)
    ).fetchone()
    if found is None:
        return row.events
    before: int = found[0]
    return before
