"""State that passes with the call: nothing is kept but which calls are running."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from xpander_client.agents.state.memory_calls import MemoryCalls
from xpander_client.agents.state.store import (
    CallRecord,
    Commit,
    Initial,
    Scope,
    StartingPoint,
    TurnChanges,
    Variables,
)


class PassingStore:
    """A `StateStore` that forgets; calls can still be cancelled, within the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = MemoryCalls()

    def begin(self, scope: Scope, task: str, initial: Initial) -> tuple[CallRecord, StartingPoint]:
        """Register a call, with variables of its own."""
        variables = initial()
        with self._lock:
            return self._calls.begin(scope, task), StartingPoint(0, "", variables)

    def reread(self, call: CallRecord, initial: Initial) -> StartingPoint:
        """Return new variables."""
        return StartingPoint(0, "", initial())

    def write(
        self,
        call: CallRecord,
        place: int,
        base: Variables,
        turns: Sequence[TurnChanges],
        events: Sequence[bytes],
    ) -> str:
        """Keep nothing, and so never conflict."""
        return ""

    def end(self, call: CallRecord, place: int, events: Sequence[bytes]) -> None:
        """Forget the call."""
        with self._lock:
            self._calls.end(call)

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
        """Do nothing: nothing is shared, so nothing has to be reserved."""

    def is_first(self, call: CallRecord) -> bool:
        """Return True, always."""
        return True

    def leave(self, call: CallRecord) -> None:
        """Do nothing: nothing was reserved."""

    def read(self, scope: Scope) -> Variables:
        """Return nothing: no variables are kept."""
        return {}

    def read_history(self, scope: Scope, limit: int | None) -> Sequence[Commit]:
        """Return nothing: no commits are kept."""
        return []

    def revert(self, scope: Scope, commit: str) -> str | None:
        """Return None: there is no commit to go back to."""
        return None

    def read_events(self, scope: Scope, limit: int | None) -> Sequence[bytes]:
        """Return nothing: no events are kept."""
        return []

    def list_sessions(self, kind: str) -> Sequence[str]:
        """Return nothing: no session is kept."""
        return []

    def delete(self, kind: str, session: str) -> bool:
        """Return False: there is no session to remove."""
        with self._lock:
            self._calls.forget(kind, session)
        return False
