"""How tasks ended, remembered for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from .signals import TaskCtl

__all__ = ["EndedStates"]

Key = tuple[str, str]


class EndedStates:
    """The ends of the last `most` tasks, none older than `longest` seconds.

    Nothing runs for it: what is too old is dropped when somebody comes by.
    """

    def __init__(self, most: int, longest: float, clock: Callable[[], float]) -> None:
        self.most = most
        self.longest = longest
        self._clock = clock
        # In the order of their ends.
        self._ends: OrderedDict[Key, tuple[float, TaskCtl]] = OrderedDict()

    def __len__(self) -> int:
        self._drop()
        return len(self._ends)

    def remember(self, key: Key, ctl: TaskCtl) -> None:
        """Keep the end of a task."""
        self._ends.pop(key, None)
        self._ends[key] = (self._clock(), ctl)
        while len(self._ends) > self.most:
            self._ends.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Drop what is known of a task that starts anew."""
        self._ends.pop(key, None)

    def get(self, key: Key) -> TaskCtl | None:
        """How it ended, if that is still known."""
        self._drop()
        found = self._ends.get(key)
        return found[1] if found is not None else None

    def _drop(self) -> None:
        oldest = self._clock() - self.longest
        while self._ends:
            since, _ = next(iter(self._ends.values()))
            if len(self._ends) <= self.most and since > oldest:
                return
            self._ends.popitem(last=False)
