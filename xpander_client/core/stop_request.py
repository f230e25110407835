"""How code that runs a task, and can't be cancelled, learns that nobody wants the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class _Stoppable(Protocol):
    @property
    def _stop_requested(self) -> Callable[[], bool] | None: ...


class StopRequest:
    """Gives a task its `is_stop_requested`."""

    __slots__ = ()

    @property
    def is_stop_requested(self: _Stoppable) -> bool:
        """Whether the worker that runs the task wants it to end: it was stopped, or taken back.

        A sync handler can't be cancelled; one that runs long asks this now and then, and returns.
        On a task that no worker runs it is False.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.is_stop_requested
            False
        """
        return self._stop_requested is not None and self._stop_requested()
