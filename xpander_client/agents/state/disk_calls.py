"""Running calls, cancels and those who wait in line, as rows that all processes see."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Collection, Sequence

from xpander_client.agents.state.memory_calls import PENDING_SECONDS
from xpander_client.agents.state.process_mark import ProcessMark
from xpander_client.agents.state.store import CallRecord, Scope


def begin(connection: sqlite3.Connection, mark: ProcessMark, scope: Scope, task: str) -> CallRecord:
    """Begin a call, cancelled at once if that was asked for a moment ago."""
    call = CallRecord(secrets.randbits(62), scope, task)
    key = (scope.text, task)
    row = connection.execute(
        "SELECT until FROM pending_cancels WHERE scope = ? AND task = ?", key
    ).fetchone()
    if row is not None:
        connection.execute("DELETE FROM pending_cancels WHERE scope = ? AND task = ?", key)
    connection.execute(
        "INSERT INTO calls VALUES (?, ?, ?, ?, ?)",
        (call.number, *key, mark.name, row is not None and time.time() < row[0]),
    )
    return call


def end(connection: sqlite3.Connection, call: CallRecord) -> None:
    """Forget the call."""
    connection.execute("DELETE FROM calls WHERE number = ?", (call.number,))
    leave(connection, call)


def cancel(connection: sqlite3.Connection, mark: ProcessMark, scope: Scope, task: str) -> int:
    """Cancel what runs of a task, or else what starts next; says how many were running."""
    rows = connection.execute(
        "SELECT number, process FROM calls WHERE scope = ? AND task = ?", (scope.text, task)
    ).fetchall()
    found = [number for number, process in rows if mark.alive(process)]
    connection.executemany(
        "UPDATE calls SET cancelled = 1 WHERE number = ?", [(number,) for number in found]
    )
    if not found:
        now = time.time()
        # The moment to forget those that nobody began: nothing else would.
        connection.execute("DELETE FROM pending_cancels WHERE until <= ?", (now,))
        connection.execute(
            "INSERT OR REPLACE INTO pending_cancels VALUES (?, ?, ?)",
            (scope.text, task, now + PENDING_SECONDS),
        )
    return len(found)


def is_cancelled(connection: sqlite3.Connection, call: CallRecord) -> bool:
    """Tell whether somebody cancelled it."""
    row = connection.execute(
        "SELECT cancelled FROM calls WHERE number = ?", (call.number,)
    ).fetchone()
    return row is not None and bool(row[0])


def list_running(
    connection: sqlite3.Connection, mark: ProcessMark, scope: Scope
) -> Sequence[tuple[str, bool]]:
    """List the task of each running call, and whether it is cancelled."""
    return [
        (task, bool(marked))
        for task, marked, process in connection.execute(
            "SELECT task, cancelled, process FROM calls WHERE scope = ?", (scope.text,)
        ).fetchall()
        if mark.alive(process)
    ]


def queue(
    connection: sqlite3.Connection, mark: ProcessMark, call: CallRecord, names: Collection[str]
) -> None:
    """Reserve names for a call; it keeps its place when it comes again with more."""
    connection.execute(
        "INSERT INTO line (call, scope, process, names) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (call) DO UPDATE SET names = excluded.names",
        (call.number, call.scope.text, mark.name, json.dumps(sorted(names))),
    )


def leave(connection: sqlite3.Connection, call: CallRecord) -> None:
    """Give up what it reserved."""
    connection.execute("DELETE FROM line WHERE call = ?", (call.number,))


def list_taken(
    connection: sqlite3.Connection,
    mark: ProcessMark,
    call: CallRecord,
    names: Collection[str] | None = None,
) -> list[str]:
    """List the names that others reserved before this call did; None: of those it reserved."""
    rows = connection.execute(
        "SELECT call, process, names FROM line WHERE scope = ? ORDER BY number", (call.scope.text,)
    ).fetchall()
    before: set[str] = set()
    for number, process, text in rows:
        reserved = json.loads(text)
        if number == call.number:
            names = reserved if names is None else names
            break
        if not before.issuperset(reserved) and mark.alive(process):
            before.update(reserved)
    return sorted(before.intersection(names or ()))
