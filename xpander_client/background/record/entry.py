"""One background task as far as it is recorded, and what is to be written of it next."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any

import attrs

from xpander_client.background.recorder import PluginTask
from xpander_client.background.signals import TaskCtl
from xpander_client.core.result import error_text, plain, value_text
from xpander_client.core.statuses import TaskStatus

SPACING = 0.1
"""Seconds between two writes of progress."""


@attrs.frozen
class Create:
    """Create the task on the platform."""


@attrs.frozen
class Look:
    """Look how the task stands on the platform."""


@attrs.frozen
class Pause:
    """Write nothing for so many seconds."""

    seconds: float


@attrs.frozen
class Write:
    """Write fields of the task: those of its end, when `is_last`, and else its progress."""

    is_last: bool


@attrs.frozen
class FinalStatus:
    """How a task ended, in the platform's words."""

    status: TaskStatus
    result: str | None


@attrs.define(eq=False)
class Entry:
    """A task with what is not written down of it yet.

    The task's event loop, or any thread, leaves the newest progress and the end here; the record's
    own loop takes them. Only the newest progress is kept: a task that says much waits for nothing,
    and neither does a platform that was away.
    """

    name: str
    running: PluginTask | None
    creation: dict[str, Any]
    key: str
    """Makes the creation happen once."""
    task_id: str | None = None
    """The platform's name for it; None until it is created there."""
    attempt: int = 1
    has_begun: bool = False
    is_doubtful: bool = False
    is_dropped: bool = False
    is_noted: bool = False
    final: FinalStatus | None = None
    notified: set[int] = attrs.field(factory=set)
    """The numbers of the notifications that it has got."""
    news: asyncio.Event = attrs.field(factory=asyncio.Event)
    _newest: deque[TaskCtl] = attrs.field(factory=lambda: deque(maxlen=1))
    _writing: TaskCtl | None = None
    _written_at: float = -math.inf
    _is_bare: bool = False

    def take_progress(self, ctl: TaskCtl) -> None:
        """Take note of how far the task is."""
        self._newest.append(ctl)

    def due(self, now: float) -> Create | Look | Pause | Write | None:
        """Return what is to be done at the moment `now`, in seconds; None when all is done.

        The progress that was said last is written before the end, and keeps its distance too.
        """
        if self.task_id is None:
            return Create()
        if self.is_doubtful:
            return Look()
        # In this order: the end may come in between, but no progress comes behind it.
        final = self.final
        if self._newest or self._writing is not None:
            wait = self._written_at + SPACING - now
            return Pause(wait) if wait > 0 else Write(is_last=False)
        if final is not None:
            return Write(is_last=True)
        return None if self.has_begun else Write(is_last=False)

    def fields(self, step: Write) -> dict[str, Any]:
        """Return what to write, with the newest progress that there is at this moment."""
        said: dict[str, Any] = {"execution_attempts": self.attempt}
        if step.is_last:
            assert self.final is not None
            said["status"] = self.final.status
            if self.final.result is not None:
                said["result"] = self.final.result
            return said
        if not self.has_begun:
            said["status"] = "executing"
        if self._newest:
            self._writing = self._newest.pop()
        if self._writing is not None:
            said["progress"] = {
                "percent": plain(self._writing.progress),
                "message": value_text(self._writing.message),
            }
        return said

    def on_refusal(self, step: Write, why: str) -> bool:
        """Take note that the platform refuses this, and tell whether to write less of it."""
        if self._writing is not None:
            self._writing = None
            return True
        if step.is_last and self.final is not None and not self._is_bare:
            self._is_bare = True
            text = f"the platform refused the result: {why}"
            self.final = FinalStatus(self.final.status, error_text(text))
            return True
        return False

    def on_written(self, now: float) -> None:
        """Take note that the platform has it."""
        self.has_begun = True
        if self._writing is not None:
            self._written_at = now
            self._writing = None
