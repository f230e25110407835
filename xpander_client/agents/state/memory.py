"""State that lives as long as the process."""

from __future__ import annotations

import datetime
import itertools
import secrets
import threading
import time
from collections.abc import Collection, Sequence

import attrs

from xpander_client.agents.state.memory_calls import MemoryCalls
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
class _Entry:
    """A commit, and how many events of the session are older than it."""

    commit: Commit
    changes: Changes
    events_before: int


@attrs.define
class _Session:
    place: int
    variables: dict[str, bytes]
    # Commit number n is at n - 1.
    entries: list[_Entry] = attrs.field(factory=list)
    events: list[bytes] = attrs.field(factory=list)
    reverts: list[tuple[int, int]] = attrs.field(factory=list)

    @property
    def head(self) -> str:
        return self.entries[-1].commit.id if self.entries else ""

    def apply(self, changes: Changes) -> None:
        for name, value in changes.items():
            if value is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = value

    def commit(
        self,
        identity: str,
        task: str | None,
        changes: Changes,
        made_at: float,
        events_before: int,
        reverts_to: str | None = None,
    ) -> None:
        commit = Commit(
            identity,
            task,
            tuple(sorted(changes)),
            datetime.datetime.fromtimestamp(made_at, datetime.UTC),
            reverts_to,
        )
        self.entries.append(_Entry(commit, changes, events_before))


class MemoryStore:
    """A `StateStore` in plain dicts and lists, under one lock."""

    def __init__(self, *, history: bool) -> None:
        self._history = history
        self._lock = threading.Lock()
        self._calls = MemoryCalls()
        self._sessions: dict[Scope, _Session] = {}
        self._places = itertools.count(1)

    def begin(self, scope: Scope, task: str, initial: Initial) -> tuple[CallRecord, StartingPoint]:
        """Register a call; the session is made when it isn't there."""
        begun = self._make_begun(scope, initial)
        with self._lock:
            return self._calls.begin(scope, task), begun

    def reread(self, call: CallRecord, initial: Initial) -> StartingPoint:
        """Read what the call would begin with now; the session is made when it isn't there."""
        return self._make_begun(call.scope, initial)

    def _make_begun(self, scope: Scope, initial: Initial) -> StartingPoint:
        first: Variables | None = None
        while True:
            with self._lock:
                session = self._sessions.get(scope)
                if session is None and first is not None:
                    session = self._sessions[scope] = self._make_session(first)
                if session is not None:
                    return StartingPoint(session.place, session.head, dict(session.variables))
            # Outside the lock: it is somebody else's code, and may be slow or use a session itself.
            first = initial()

    def _make_session(self, variables: Variables) -> _Session:
        session = _Session(next(self._places), dict(variables))
        if self._history:
            session.commit(secrets.token_hex(8), None, dict(variables), time.time(), 0)
        return session

    def _at(self, scope: Scope, place: int) -> _Session | None:
        session = self._sessions.get(scope)
        return session if session is not None and session.place == place else None

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
        with self._lock:
            session = self._at(call.scope, place)
            if session is None:
                if changes:
                    raise Conflict(changes)
                return ""
            names = {*find_clashes(changes, base, session.variables)}
            names.update(self._calls.list_taken(call, changes))
            if names:
                raise Conflict(names)
            session.apply(changes)
            if self._history:
                count, before = len(session.events), 0
                for turn in turns:
                    session.commit(
                        turn.commit, call.task, turn.changes, turn.made_at, count + before
                    )
                    before = turn.events
            session.events.extend(events)
            self._calls.leave(call)
            return session.head

    def end(self, call: CallRecord, place: int, events: Sequence[bytes]) -> None:
        """Forget the call, keep its last events."""
        with self._lock:
            self._calls.end(call)
            session = self._at(call.scope, place)
            if session is not None:
                session.events.extend(events)

    def cancel(self, scope: Scope, task: str) -> int:
        """Cancel what runs of a task, or else what starts next; says how many were running."""
        with self._lock:
            return self._calls.cancel(scope, task)

    def is_cancelled(self, call: CallRecord) -> bool:
        """Tell whether somebody cancelled it."""
        with self._lock:
            return self._calls.is_cancelled(call)

    def list_running(self, scope: Scope) -> Sequence[tuple[str, bool]]:
        """List the task of each running call, and whether it is cancelled."""
        with self._lock:
            return self._calls.list_running(scope)

    def queue(self, call: CallRecord, names: Collection[str]) -> None:
        """Reserve names for a call, behind those that did before."""
        with self._lock:
            self._calls.queue(call, names)

    def is_first(self, call: CallRecord) -> bool:
        """Tell whether nobody is before it in reserving one of its names."""
        with self._lock:
            return self._calls.is_first(call)

    def leave(self, call: CallRecord) -> None:
        """Give up what it reserved."""
        with self._lock:
            self._calls.leave(call)

    def read(self, scope: Scope) -> Variables:
        """Read the variables of a session; none if it isn't there."""
        with self._lock:
            session = self._sessions.get(scope)
            return dict(session.variables) if session is not None else {}

    def read_history(self, scope: Scope, limit: int | None) -> Sequence[Commit]:
        """Read the commits of a session, newest first."""
        with self._lock:
            session = self._sessions.get(scope)
            entries = session.entries if session is not None else []
            count = len(entries) if limit is None else min(limit, len(entries))
            return [entries[-1 - back].commit for back in range(count)]

    def revert(self, scope: Scope, commit: str) -> str | None:
        """Go back to a commit with a new one, whose id comes back; None: there is no such."""
        with self._lock:
            session = self._sessions.get(scope)
            if session is None:
                return None
            numbers = {entry.commit.id: number for number, entry in enumerate(session.entries, 1)}
            target = numbers.get(commit)
            if target is None:
                return None
            then = _Session(0, {})
            for entry in session.entries[:target]:
                then.apply(entry.changes)
            changes = find_changes(session.variables, then.variables)
            session.apply(changes)
            session.commit(
                secrets.token_hex(8), None, changes, time.time(), len(session.events), commit
            )
            session.reverts.append((len(session.entries), target))
            return session.head

    def read_events(self, scope: Scope, limit: int | None) -> Sequence[bytes]:
        """Read the newest events of a session, oldest first, without those that were reverted."""
        with self._lock:
            session = self._sessions.get(scope)
            if session is None:
                return []
            found: list[bytes] = []
            wanted = len(session.events) if limit is None else limit
            for low, high in reversed(list_visible_ranges(len(session.entries), session.reverts)):
                start = session.entries[low - 1].events_before if session.entries else 0
                stop = len(session.events)
                if high < len(session.entries):
                    stop = session.entries[high].events_before
                start = max(start, stop - (wanted - len(found)))
                found[:0] = session.events[start:stop]
                if len(found) >= wanted:
                    break
            return found

    def list_sessions(self, kind: str) -> Sequence[str]:
        """List the names of all sessions of a kind of state, sorted."""
        with self._lock:
            return sorted({scope.session for scope in self._sessions if scope.kind == kind})

    def delete(self, kind: str, session: str) -> bool:
        """Remove a session, for all agents; False if there was none."""
        with self._lock:
            found = [
                scope for scope in self._sessions if (scope.kind, scope.session) == (kind, session)
            ]
            for scope in found:
                del self._sessions[scope]
            self._calls.forget(kind, session)
            return bool(found)
