"""One session of one agent: what it holds, where it came from, and the calls in it."""

from __future__ import annotations

from typing import Any

from xpander_client.agents.state.branches import Branch
from xpander_client.agents.state.store import Commit, Initial, Scope, StateStore, Variables
from xpander_client.lacking import refuse_attributes


class Session:
    """The state that an agent's calls of one session share; `StateConfig.session` makes it.

    It costs nothing to make, and a session that no call began holds nothing.
    """

    def __init__(self, store: StateStore, scope: Scope, initial: Initial) -> None:
        self._store = store
        self._scope = scope
        self._initial = initial

    @property
    def name(self) -> str:
        """The session's name."""
        return self._scope.session

    @property
    def agent_name(self) -> str:
        """The agent whose variables these are."""
        return self._scope.agent

    def __repr__(self) -> str:
        return f"<Session {self.name!r} of agent {self.agent_name!r}, {self._scope.kind}>"

    def branch(self, task_name: str) -> Branch:
        """Begin a call of a task: it counts as running until its branch is finished.

        A session that is new begins with what `init` gives; exceptions of `init` come through.
        """
        call, begun = self._store.begin(self._scope, task_name, self._initial)
        return Branch(self._store, call, begun, self._initial)

    def variables(self) -> Variables:
        """Return the encoded variables as they are now, by name."""
        return self._store.read(self._scope)

    def get(self, name: str) -> Any:
        """Return the value of one variable.

        Raises:
            KeyError: there is none of that name.
        """
        from xpander_client.agents.state.codec import decode

        return decode(self._store.read(self._scope)[name])

    def history(self, limit: int | None = None) -> list[Commit]:
        """Return the commits, newest first, at most `limit`; none unless the state is versioned."""
        return list(self._store.read_history(self._scope, _check_count(limit)))

    def revert(self, commit_id: str) -> str:
        """Make the variables and events again what they were after a commit.

        That is a new commit, whose id comes back, so it can be reverted as well. Calls that are
        running get a conflict about the variables that this changed.

        Raises:
            ValueError: the session has no such commit.
        """
        made = self._store.revert(self._scope, commit_id)
        if made is None:
            known = (
                "" if self._scope.kind == "versioned" else f"; {self._scope.kind} state keeps none"
            )
            raise ValueError(f"session {self.name!r} has no commit {commit_id!r}{known}")
        return made

    def events(self, limit: int | None = None) -> list[bytes]:
        """Return the newest events of calls that ended, at most `limit`, oldest first."""
        return list(self._store.read_events(self._scope, _check_count(limit)))

    def cancel(self, task_name: str) -> int:
        """Cancel every running call of a task in this session; how many there were comes back.

        If there is none, the next call is cancelled that begins within a minute. With state on
        disk, calls in other processes are cancelled, too.
        """
        return self._store.cancel(self._scope, task_name)

    def running(self) -> list[str]:
        """List the task of each running call, sorted."""
        return sorted(task for task, _ in self._store.list_running(self._scope))

    def cancellations(self) -> list[str]:
        """List the task of each running call that was cancelled and hasn't ended yet, sorted."""
        return sorted(
            task for task, cancelled in self._store.list_running(self._scope) if cancelled
        )


refuse_attributes(Session, "checkout", "current_commit", "items", "keys", "revert_to")


def _check_count(limit: int | None) -> int | None:
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, not {limit}")
    return limit
