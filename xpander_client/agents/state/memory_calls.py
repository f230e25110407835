"""The calls that run in this process: which they are, which are cancelled, who reserved what."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Sequence

import attrs

from xpander_client.agents.state.store import CallRecord, Scope

PENDING_SECONDS = 60.0
"""How long a cancel waits for a call to begin: one that came too late must not stop next day's."""


@attrs.define
class _Running:
    call: CallRecord
    cancelled: bool


@attrs.define
class MemoryCalls:
    """Everything about running calls; whoever uses it holds a lock."""

    _running: dict[int, _Running] = attrs.field(factory=dict, init=False)
    _pending: dict[tuple[Scope, str], float] = attrs.field(factory=dict, init=False)
    # In the order of coming.
    _reserved: dict[int, tuple[Scope, frozenset[str]]] = attrs.field(factory=dict, init=False)
    _numbers: itertools.count[int] = attrs.field(factory=itertools.count, init=False)

    def begin(self, scope: Scope, task: str) -> CallRecord:
        """Begin a call, cancelled at once if that was asked for a moment ago."""
        call = CallRecord(next(self._numbers), scope, task)
        until = self._pending.pop((scope, task), None)
        cancelled = until is not None and time.time() < until
        self._running[call.number] = _Running(call, cancelled)
        return call

    def end(self, call: CallRecord) -> None:
        """Forget the call."""
        self._running.pop(call.number, None)
        self._reserved.pop(call.number, None)

    def cancel(self, scope: Scope, task: str) -> int:
        """Cancel what runs of a task, or else what starts next; says how many were running."""
        found = [
            each
            for each in self._running.values()
            if each.call.scope == scope and each.call.task == task
        ]
        for each in found:
            each.cancelled = True
        if not found:
            now = time.time()
            # The moment to forget those that nobody began: nothing else would.
            self._pending = {key: until for key, until in self._pending.items() if until > now}
            self._pending[scope, task] = now + PENDING_SECONDS
        return len(found)

    def is_cancelled(self, call: CallRecord) -> bool:
        """Tell whether somebody cancelled it."""
        running = self._running.get(call.number)
        return running is not None and running.cancelled

    def list_running(self, scope: Scope) -> Sequence[tuple[str, bool]]:
        """List the task of each running call, and whether it is cancelled."""
        return [
            (each.call.task, each.cancelled)
            for each in self._running.values()
            if each.call.scope == scope
        ]

    def forget(self, kind: str, session: str) -> None:
        """Drop the cancels that wait for a session."""
        self._pending = {
            (scope, task): until
            for (scope, task), until in self._pending.items()
            if (scope.kind, scope.session) != (kind, session)
        }

    def queue(self, call: CallRecord, names: Collection[str]) -> None:
        """Reserve names for a call; it keeps its place when it comes again with more."""
        self._reserved[call.number] = (call.scope, frozenset(names))

    def leave(self, call: CallRecord) -> None:
        """Give up what it reserved."""
        self._reserved.pop(call.number, None)

    def list_taken(self, call: CallRecord, names: Collection[str]) -> list[str]:
        """List those of the names that others reserved before this call did."""
        found: set[str] = set()
        for number, (scope, reserved) in self._reserved.items():
            if number == call.number:
                break
            if scope == call.scope:
                found.update(name for name in names if name in reserved)
        return sorted(found)

    def is_first(self, call: CallRecord) -> bool:
        """Tell whether nobody is before it in reserving one of its names."""
        entry = self._reserved.get(call.number)
        return entry is None or not self.list_taken(call, entry[1])
