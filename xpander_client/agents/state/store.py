"""What keeps the state of sessions: the records that go in and out, and the interface."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, TypeAlias

import attrs

from xpander_client.errors import ModuleException

Variables: TypeAlias = Mapping[str, bytes]
"""Names and what they hold, encoded."""

Changes: TypeAlias = Mapping[str, bytes | None]
"""Names and what they hold now; None where a name was deleted."""

Initial: TypeAlias = Callable[[], Variables]
"""Makes the variables that a new session begins with."""


class Conflict(ModuleException):
    """Nothing was written: others changed what this call changed, since it began.

    `keys` are the names in question, sorted. Trying again may help.
    """

    retryable = True

    def __init__(self, keys: Collection[str]) -> None:
        self.keys = tuple(sorted(keys))
        names = ", ".join(self.keys)
        super().__init__(None, f"changed by another call at the same time: {names}")

    def __reduce__(self) -> tuple[type[Conflict], tuple[tuple[str, ...]]]:
        return (Conflict, (self.keys,))


@attrs.frozen
class Scope:
    """Whose variables: each agent has its own in a session, and each kind of state."""

    kind: str
    session: str
    agent: str

    @property
    def text(self) -> str:
        """One string for it; no two scopes share one, as session names have no slash."""
        return f"{self.kind}/{self.session}/{self.agent}"


@attrs.frozen
class CallRecord:
    """One running call of a task, as the store knows it."""

    number: int
    scope: Scope
    task: str


@attrs.frozen
class StartingPoint:
    """What a call begins with.

    `place` is the session's number: a session that is deleted and made again has another.
    `head` is the id of its newest commit, empty where no commits are kept.
    """

    place: int
    head: str
    variables: Variables


@attrs.frozen
class TurnChanges:
    """What one turn of a call changed; `events` is how many of the call's events preceded it."""

    commit: str
    changes: Changes
    events: int
    made_at: float


@attrs.frozen
class Commit:
    """One step in the history of a session.

    `task_name` is the task whose turn made it, or None for the beginning of the session and for a
    revert. `names` are the variables it changed, sorted. `reverts_to` is the commit that a revert
    went back to. `made_at` is in UTC.
    """

    id: str
    task_name: str | None
    names: tuple[str, ...]
    made_at: datetime.datetime
    reverts_to: str | None = None


@attrs.frozen
class Merged:
    """How a merge went: `commit` is the session's newest; `clean` is True, as the rest raises."""

    commit: str
    clean: bool = True


class StateStore(Protocol):
    """Sessions, and the calls that run in them. Every method is all or nothing, from any thread."""

    def begin(self, scope: Scope, task: str, initial: Initial) -> tuple[CallRecord, StartingPoint]:
        """Register a call; the session is made when it isn't there."""
        ...

    def reread(self, call: CallRecord, initial: Initial) -> StartingPoint:
        """Read what the call would begin with now; the session is made when it isn't there."""
        ...

    def write(
        self,
        call: CallRecord,
        place: int,
        base: Variables,
        turns: Sequence[TurnChanges],
        events: Sequence[bytes],
    ) -> str:
        """Put a call's turns on top of its session; the newest commit's id comes back.

        Raises:
            Conflict: nothing was written.
        """
        ...

    def end(self, call: CallRecord, place: int, events: Sequence[bytes]) -> None:
        """Forget the call, keep its last events."""
        ...

    def cancel(self, scope: Scope, task: str) -> int:
        """Cancel what runs of a task, or else what starts next; says how many were running."""
        ...

    def is_cancelled(self, call: CallRecord) -> bool:
        """Tell whether somebody cancelled it."""
        ...

    def list_running(self, scope: Scope) -> Sequence[tuple[str, bool]]:
        """List the task of each running call, and whether it is cancelled."""
        ...

    def queue(self, call: CallRecord, names: Collection[str]) -> None:
        """Reserve names for a call, behind those that did before."""
        ...

    def is_first(self, call: CallRecord) -> bool:
        """Tell whether nobody is before it in reserving one of its names."""
        ...

    def leave(self, call: CallRecord) -> None:
        """Give up what it reserved."""
        ...

    def read(self, scope: Scope) -> Variables:
        """Read the variables of a session; none if it isn't there."""
        ...

    def read_history(self, scope: Scope, limit: int | None) -> Sequence[Commit]:
        """Read the commits of a session, newest first."""
        ...

    def revert(self, scope: Scope, commit: str) -> str | None:
        """Go back to a commit with a new one, whose id comes back; None: there is no such."""
        ...

    def read_events(self, scope: Scope, limit: int | None) -> Sequence[bytes]:
        """Read the newest events of a session, oldest first, without those that were reverted."""
        ...

    def list_sessions(self, kind: str) -> Sequence[str]:
        """List the names of all sessions of a kind of state, sorted."""
        ...

    def delete(self, kind: str, session: str) -> bool:
        """Remove a session, for all agents; False if there was none."""
        ...
