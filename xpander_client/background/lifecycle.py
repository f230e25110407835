"""Decides what happens to a task, without an event loop: the same events lead to the same end."""

from __future__ import annotations

from asyncio import CancelledError
from enum import Enum, auto
from typing import Any, assert_never

from xpander_client.background.signals import TaskCtl
from xpander_client.core.result import error_text, show_value


class _Stage(Enum):
    """How hard a task is pressed to end. It goes one way, from the first stage to the last."""

    WAITING = auto()
    """Its function was not called yet."""
    RUNNING = auto()
    ASKED = auto()
    """It was asked to stop, and has its grace to do so in its own way."""
    FORCED = auto()
    """A `CancelledError` was raised in it."""


# Looking a member up in its class takes longer than all else that is decided here.
_WAITING, _RUNNING, _ASKED, _FORCED = _Stage


class Verdict(Enum):
    """What is to be done when the grace of a task is over."""

    FORCE = auto()
    """Raise a `CancelledError` in it."""
    GIVE_UP = auto()
    """Wait no longer: it is over, whatever its function still does."""
    NOTHING = auto()


class TaskLifecycle:
    """One task from its start to its only end.

    The end is decided by the first event that can: a terminal signal, the function's return, an
    exception. It holds when the function has cleaned up, or when nobody waits for that any more,
    and `end()` gives it out once.
    """

    __slots__ = ("_decided", "_is_over", "_reason", "_stage", "latest")

    def __init__(self) -> None:
        self.latest: TaskCtl | None = None
        """The last signal of the task."""
        self._stage: _Stage = _WAITING
        self._decided: TaskCtl | None = None
        self._is_over = False
        self._reason = ""

    @property
    def has_begun(self) -> bool:
        """Whether the function was called."""
        return self._stage is not _WAITING

    @property
    def is_decided(self) -> bool:
        """Whether it is known how the task ends."""
        return self._decided is not None

    @property
    def is_over(self) -> bool:
        """Whether the task has ended."""
        return self._is_over

    def begin(self) -> bool:
        """Tell whether to call the function: not when the task was cancelled before."""
        if self._decided is not None:
            return False
        self._stage = _RUNNING
        return True

    def take(self, value: Any) -> bool:
        """Take `value`, which a generator yielded, and tell whether it is to go on."""
        if self._decided is not None:
            return False
        if not isinstance(value, TaskCtl):
            self._decided = _of_error(
                TypeError(
                    f"a task yields TaskCtl values, not {type(value).__name__}: {show_value(value)}"
                )
            )
        elif value.is_terminal:
            self._decided = value
        elif self._stage is _FORCED:
            # It kept the cancellation for itself; here is the next place where it can be stopped.
            self._decided = TaskCtl.cancel(self._reason)
        else:
            self.latest = value
            return True
        return False

    def run_out(self) -> None:
        """Take note that a generator ended by itself."""
        if self._decided is not None:
            return
        if self._is_pressed():
            self._decided = TaskCtl.cancel(self._reason)
        else:
            self._decided = TaskCtl.fail(
                "the task ended without a terminal signal: "
                "its last value is to be TaskCtl.success, fail or cancel"
            )

    def take_result(self, value: Any) -> None:
        """Take `value`, which a function that is no generator returned.

        It may be a terminal `TaskCtl`, which then counts. A function that returns nothing after it
        was asked to stop has obeyed; one that brings a value was faster.
        """
        if self._decided is not None:
            return
        if isinstance(value, TaskCtl):
            if value.is_terminal:
                self._decided = value
            else:
                self._decided = _of_error(
                    TypeError(
                        f"a task cannot end with progress, as this one did: {show_value(value)}"
                    )
                )
        elif value is None and self._is_pressed():
            self._decided = TaskCtl.cancel(self._reason)
        else:
            self._decided = TaskCtl.success("", value)

    def take_error(self, error: BaseException) -> None:
        """Take `error`, which the function raised."""
        if self._decided is not None:
            return
        if isinstance(error, CancelledError):
            said = error_text(error) if error.args else "cancelled"
            self._decided = TaskCtl.cancel(self._reason or said)
        else:
            self._decided = _of_error(error)

    def ask_to_stop(self, reason: str) -> bool:
        """Take note that the task is to end, and tell whether its grace begins now.

        A task that has not begun needs none, and the first who asks is the one who is heard.
        """
        if self._is_over or self._is_pressed():
            return False
        self._reason = reason
        if self._stage is _WAITING:
            self._decided = self._decided or TaskCtl.cancel(reason)
            return False
        self._stage = _ASKED
        return True

    def grace_is_over(self, grace: float) -> Verdict:
        """Decide about a task that is still there after the `grace` seconds that it was given."""
        if self._is_over:
            return Verdict.NOTHING
        if self._stage is not _FORCED:
            self._stage = _FORCED
            return Verdict.FORCE
        self._decided = self._decided or TaskCtl.fail(
            f"the task did not end within {grace:g} s of being cancelled: {self._reason}"
        )
        return Verdict.GIVE_UP

    def lose(self, reason: str) -> None:
        """Let the task fail: nothing can be run for it any more."""
        self._decided = self._decided or TaskCtl.fail(reason)

    def end(self) -> TaskCtl | None:
        """Return the end, or None when it was given out before."""
        if self._is_over:
            return None
        self._is_over = True
        self.latest = self._decided or TaskCtl.fail("the task was dropped")
        return self.latest

    def _is_pressed(self) -> bool:
        match self._stage:
            case _Stage.WAITING | _Stage.RUNNING:
                return False
            case _Stage.ASKED | _Stage.FORCED:
                return True
            case _:
                assert_never(self._stage)


def _of_error(error: BaseException) -> TaskCtl:
    return TaskCtl.fail(error_text(error), error)
