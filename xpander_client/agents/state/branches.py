"""One call's own view of a session: its turns, and how they come back to the session."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from xpander_client.agents.state.merging import drop_unchanged, find_changes, overlay
from xpander_client.agents.state.store import (
    CallRecord,
    Changes,
    Conflict,
    Initial,
    Merged,
    StartingPoint,
    StateStore,
    TurnChanges,
)


class Branch:
    """What one running call of a task sees and changes; `Session.branch` makes it.

    Of versioned state it is a copy that nobody else sees before `merge`. Of live state it is the
    session itself: each `snapshot` writes at once, all of its changes or none. Used in a `with`
    statement, it is finished at the end.
    """

    def __init__(
        self, store: StateStore, call: CallRecord, begun: StartingPoint, initial: Initial
    ) -> None:
        self._store = store
        self._call = call
        self._initial = initial
        self._live = call.scope.kind == "live"
        self._turns: list[TurnChanges] = []
        self._events: list[bytes] = []
        self._contested: set[str] = set()
        self._in_line = False
        self._finished = False
        self._begin(begun)

    def _begin(self, begun: StartingPoint) -> None:
        self._place = begun.place
        self._head = self._tip = begun.head
        self._base = dict(begun.variables)
        self._view = dict(begun.variables)
        self._turns.clear()

    @property
    def task_name(self) -> str:
        """The task that the call is of."""
        return self._call.task

    @property
    def variables(self) -> Mapping[str, bytes]:
        """The encoded variables as they were when the call began, with its own changes."""
        return MappingProxyType(self._view)

    def snapshot(self, changes: Changes) -> str:
        """Keep what a turn changed; None stands for a deleted name.

        The id of the turn's commit comes back, which is the session's once it is merged; the one
        before, if nothing really changed. It is empty where no commits are kept.

        Raises:
            Conflict: live state only: others changed one of the names since the view was made.
                Nothing was written; `restart` makes a new view to run the turn's code on again.
        """
        changed = drop_unchanged(changes, self._view)
        if not changed:
            return self._tip
        turn = TurnChanges(secrets.token_hex(8), changed, len(self._events), time.time())
        self._turns.append(turn)
        if self._live:
            try:
                self._write(keep_events=True)
            except Conflict:
                self._turns.clear()
                raise
        elif self._call.scope.kind == "versioned":
            self._tip = turn.commit
        self._apply(self._view, changed)
        return self._tip

    def merge(self) -> Merged:
        """Put the turns on top of the session, with the events so far; nothing of it or all.

        Of a call that changed nothing, nothing is written.

        Raises:
            Conflict: others changed a name, since the call began, that the call changed, too, or
                reserved it by standing in line. The branch is as it was.
        """
        if self._turns:
            self._head = self._tip = self._write(keep_events=False)
        return Merged(self._tip)

    def _write(self, *, keep_events: bool) -> str:
        changes = overlay(self._turns)
        events = [] if keep_events else self._events
        try:
            head = self._store.write(self._call, self._place, self._base, self._turns, events)
        except Conflict as conflict:
            # All that it changed, not only what clashed now: that could be next.
            self._contested.update(changes, conflict.keys)
            if self._in_line:
                self.line_up()
            raise
        self._in_line = False  # having written gives the place up
        self._apply(self._base, changes)
        self._turns.clear()
        if not keep_events:
            self._events.clear()
        return head

    @staticmethod
    def _apply(variables: dict[str, bytes], changes: Changes) -> None:
        for name, value in changes.items():
            if value is None:
                variables.pop(name, None)
            else:
                variables[name] = value

    def restart(self, *, keep_events: bool = False) -> None:
        """Begin again with the session as it is now; turns that are not merged are dropped.

        What live state has taken stays. With `keep_events` the call's events are kept.
        """
        self._begin(self._store.reread(self._call, self._initial))
        if not keep_events:
            self._events.clear()

    def refresh(self) -> dict[str, bytes | None]:
        """Take over what others wrote to live state; the names that changed come back.

        A branch of other state has a view of its own, so nothing ever comes.
        """
        if not self._live:
            return {}
        before = self._view
        self._begin(self._store.reread(self._call, self._initial))
        return find_changes(before, self._view)

    def discard(self, *, keep_events: bool = True) -> None:
        """Drop the turns that are not merged."""
        self._turns.clear()
        self._view = dict(self._base)
        self._tip = self._head
        if not keep_events:
            self._events.clear()

    def append_event(self, payload: bytes) -> None:
        """Add an event; it becomes the session's with `merge` or `finish`, in this order."""
        self._events.append(payload)

    def is_cancelled(self) -> bool:
        """Tell whether somebody cancelled the call, in this process or another one."""
        return self._store.is_cancelled(self._call)

    def line_up(self) -> None:
        """After a conflict: reserve all names that the call changed, behind those in line already.

        Until it has written, finishes or steps aside, changes of other calls to these names are
        conflicts, so that all who change them come into one line, and each needs but one try more:
        wait for `is_at_front`, then `restart`. A call that has another conflict in line keeps its
        place, for the new names as well.
        """
        if self._contested:
            self._store.queue(self._call, self._contested)
            self._in_line = True

    def is_at_front(self) -> bool:
        """Tell whether no other call is before this one in the line for any of its names."""
        return self._store.is_first(self._call)

    def step_aside(self) -> None:
        """Give up the place in the line; having written does so, too."""
        if self._in_line:
            self._in_line = False
            self._store.leave(self._call)

    def finish(self) -> None:
        """End the call: its events become the session's; turns that are not merged are lost.

        Finishing twice is once.
        """
        if not self._finished:
            self._finished = True
            self._store.end(self._call, self._place, self._events)
            self._events.clear()

    def __enter__(self) -> Branch:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish()
