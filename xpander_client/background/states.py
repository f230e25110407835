"""How tasks ended: known for a while, and for as long as somebody holds the handle."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

from xpander_client.background.plugin import AsyncTaskHandle
from xpander_client.background.signals import TaskCtl

Key = tuple[str, str]


class EndedStates:
    """The ends of the last `most` tasks, none older than `longest` seconds, and of all tasks whose
    handle somebody holds.

    Nothing runs for it: what is too old is dropped when somebody comes by.
    """

    def __init__(self, most: int, longest: float, clock: Callable[[], float]) -> None:
        self.most = most
        self.longest = longest
        self._clock = clock
        # In the order of their ends.
        self._ends: OrderedDict[Key, tuple[float, TaskCtl]] = OrderedDict()
        self._held: WeakValueDictionary[Key, AsyncTaskHandle] = WeakValueDictionary()

    def __len__(self) -> int:
        self._drop()
        return len(self._ends)

    def remember(self, handle: AsyncTaskHandle, ctl: TaskCtl) -> None:
        """Keep the end of a task."""
        key = (handle.task_type, handle.task_id)
        handle._end = ctl
        self._held[key] = handle
        self._ends.pop(key, None)
        self._ends[key] = (self._clock(), ctl)
        while len(self._ends) > self.most:
            self._ends.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Drop what is known of a task that starts anew."""
        self._ends.pop(key, None)
        self._held.pop(key, None)

    def get(self, key: Key) -> TaskCtl | None:
        """Return how a task ended, or None when that is not known."""
        self._drop()
        found = self._ends.get(key)
        if found is not None:
            return found[1]
        handle = self._held.get(key)
        return handle._end if handle is not None else None

    def _drop(self) -> None:
        oldest = self._clock() - self.longest
        while self._ends:
            since, _ = next(iter(self._ends.values()))
            if len(self._ends) <= self.most and since > oldest:
                return
            self._ends.popitem(last=False)
