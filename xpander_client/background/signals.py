"""What a task says about itself: how far it is, and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs

__all__ = ["TaskCtl", "TaskSignal"]


class TaskSignal(StrEnum):
    """What kind of word it is. All but `PROGRESS` end the task."""

    PROGRESS = "progress"
    SUCCESS = "success"
    FAIL = "fail"
    CANCEL = "cancel"


def _within_percent(_: TaskCtl, __: attrs.Attribute[float | None], value: float | None) -> None:
    # Written so that NaN, which compares as false with everything, is refused as well.
    if value is not None and not 0 <= value <= 100:
        raise ValueError(f"progress is a percentage from 0 to 100, not {value!r}")


@attrs.frozen
class TaskCtl:
    """One word of a task; made by `report_progress`, `success`, `fail` and `cancel`.

    `progress` is a percentage, set for progress only. `data` is what a success brings. `error` is
    why a task failed: the exception, where there was one.

    Example:
        >>> ctl = TaskCtl.success("Done", data={"url": "https://example.org"})
        >>> ctl.signal, ctl.message, ctl.progress, ctl.is_terminal
        (<TaskSignal.SUCCESS: 'success'>, 'Done', None, True)
    """

    signal: TaskSignal
    message: str = ""
    data: Any = None
    progress: float | None = attrs.field(default=None, validator=_within_percent)
    error: BaseException | str | None = None

    @classmethod
    def report_progress(cls, msg: str, percent: float) -> TaskCtl:
        """The task goes on, and is so far: `percent` is from 0 to 100.

        Raises:
            ValueError: `percent` is none.

        Example:
            >>> TaskCtl.report_progress("Compiling...", 70).progress
            70
            >>> TaskCtl.report_progress("Compiling...", 170)
            Traceback (most recent call last):
            ValueError: progress is a percentage from 0 to 100, not 170
        """
        return cls(TaskSignal.PROGRESS, msg, None, percent)

    @classmethod
    def success(cls, msg: str = "", data: Any = None) -> TaskCtl:
        """The task is done; `data` is what it made."""
        return cls(TaskSignal.SUCCESS, msg, data)

    @classmethod
    def fail(cls, msg: str, error: BaseException | str | None = None) -> TaskCtl:
        """The task failed; `error` is why, for those who want more than the message."""
        return cls(TaskSignal.FAIL, msg, None, None, error)

    @classmethod
    def cancel(cls, msg: str = "") -> TaskCtl:
        """The task stopped because it was asked to, or because it chose to."""
        return cls(TaskSignal.CANCEL, msg)

    @property
    def is_terminal(self) -> bool:
        """Whether the task ends with it."""
        return self.signal is not TaskSignal.PROGRESS
