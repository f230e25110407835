"""The events that this server wrote last, so that those who follow need not read them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from xpander_client.platform.rules.records import EventRecord
from xpander_client.platform.stores.base.hints import task_topic

KEPT_BYTES = 4 * 1024 * 1024
"""How much is kept, for all tasks together; the task that was written to first goes first."""

_OVERHEAD = 128
"""What an event takes beside its body, about."""


class RecentEvents:
    """The last events of tasks, without holes, as far as this server has committed them.

    An event never changes, so what is here is right; but there may be more in the store. Whoever
    hears that another server wrote to a task has to `forget` its tail. A tail goes by the topic of
    its task, as `name` gives it.
    """

    def __init__(self, name: Callable[[str], str] = task_topic) -> None:
        self._name = name
        self._events: dict[str, list[EventRecord]] = {}
        self._size = 0

    def extend(self, events: Iterable[tuple[str, EventRecord]]) -> None:
        """Keep events that were committed, in this order."""
        for task_id, group in groupby(events, itemgetter(0)):
            topic = self._name(task_id)
            tail = self._events[topic] = self._events.pop(topic, [])  # the last one now
            for _, event in group:
                if tail and tail[-1].seq + 1 != event.seq:
                    self._drop(tail, len(tail))
                tail.append(event)
                self._size += _weight(event)
        while self._size > KEPT_BYTES:
            self.forget([next(iter(self._events))])

    def read(
        self, task_id: str, after: int, limit: int, size: int | None
    ) -> Sequence[EventRecord] | None:
        """Return events behind a number, about `size` bytes of them; None if none are here."""
        tail = self._events.get(self._name(task_id))
        if not tail or not tail[0].seq <= after + 1 <= tail[-1].seq:
            return None
        # Who follows goes on from here, and who is behind reads what was kept of it for all.
        self._drop(tail, after + 1 - tail[0].seq)
        found = tail[:limit]
        if size is not None:
            for number, event in enumerate(found, 1):
                size -= len(event.body)
                if size <= 0:
                    return found[:number]
        return found

    def forget(self, topics: Iterable[str]) -> None:
        """Forget the events of tasks that somebody else wrote to."""
        for topic in topics:
            tail = self._events.pop(topic, [])
            self._drop(tail, len(tail))

    def clear(self) -> None:
        """Forget everything."""
        self._events.clear()
        self._size = 0

    def _drop(self, tail: list[EventRecord], count: int) -> None:
        self._size -= sum(map(_weight, tail[:count]))
        del tail[:count]


def _weight(event: EventRecord) -> int:
    return len(event.body) + _OVERHEAD
