"""The signals of a task: how far it is, and how it ended."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, assert_never

import attrs


class TaskSignal(StrEnum):
    """What kind of signal it is. `TaskCtl.is_terminal` says which of them end the task."""

    PROGRESS = "progress"
    SUCCESS = "success"
    FAIL = "fail"
    CANCEL = "cancel"


def _ends_task(signal: TaskSignal) -> bool:
    match signal:
        case TaskSignal.PROGRESS:
            return False
        case TaskSignal.SUCCESS | TaskSignal.FAIL | TaskSignal.CANCEL:
            return True
        case _:
            assert_never(signal)


# Decided once: on Python 3.11 looking members up takes longer than the rest of a step of a task.
_GOING_ON = tuple(signal for signal in TaskSignal if not _ends_task(signal))

_ROUNDING = 1e-4
"""How far beside its bounds a percentage may be: sums of fractions are."""


def _percentage(value: Any) -> float | None:
    # Written so that NaN, which compares as false with everything, is refused as well.
    if value is None or (type(value) in (int, float) and 0 <= value <= 100):
        return value  # type: ignore[no-any-return]  # it is what the annotation says
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not -_ROUNDING <= number <= 100 + _ROUNDING:
        raise ValueError(f"progress is a percentage from 0 to 100, not {value!r}")
    return min(max(number, 0.0), 100.0)


@attrs.frozen
class TaskCtl:
    """One signal of a task; made by `report_progress`, `success`, `fail` and `cancel`.

    `progress` is a percentage, set for progress only. `data` is what a success brings. `error` is
    why a task failed: the exception, where there was one; it is the `data` of a failure, too.

    Example:
        >>> ctl = TaskCtl.success("Done", data={"url": "https://example.org"})
        >>> ctl.signal, ctl.message, ctl.progress, ctl.is_terminal
        (<TaskSignal.SUCCESS: 'success'>, 'Done', None, True)
    """

    signal: TaskSignal
    message: str = ""
    data: Any = None
    progress: float | None = attrs.field(default=None, converter=_percentage)
    error: BaseException | str | None = None

    @classmethod
    def report_progress(
        cls, msg: str = "", percent: float = 0, *, message: str | None = None
    ) -> TaskCtl:
        """Make a signal that the task goes on, and is so far: `percent` is from 0 to 100.

        `message` is another name of `msg`, here and in the other words.

        Raises:
            ValueError: `percent` is no percentage. What is beside the bounds by rounding alone is
                taken for the bound.

        Example:
            >>> TaskCtl.report_progress("Compiling...", 70).progress
            70
            >>> TaskCtl.report_progress("Compiling...", 170)
            Traceback (most recent call last):
            ValueError: progress is a percentage from 0 to 100, not 170
        """
        return cls(TaskSignal.PROGRESS, msg if message is None else message, None, percent)

    @classmethod
    def success(cls, msg: str = "", data: Any = None, *, message: str | None = None) -> TaskCtl:
        """Make a signal that the task is done; `data` is what it made."""
        return cls(TaskSignal.SUCCESS, msg if message is None else message, data)

    @classmethod
    def fail(
        cls,
        msg: str = "",
        error: BaseException | str | None = None,
        *,
        message: str | None = None,
    ) -> TaskCtl:
        """Make a signal that the task failed; `error` is why, for those who want more than the
        message.
        """
        return cls(TaskSignal.FAIL, msg if message is None else message, error, None, error)

    @classmethod
    def cancel(cls, msg: str = "", *, message: str | None = None) -> TaskCtl:
        """Make a signal that the task stopped because it was asked to, or because it chose to."""
        return cls(TaskSignal.CANCEL, msg if message is None else message)

    @property
    def is_terminal(self) -> bool:
        """Whether the task ends with it."""
        return self.signal not in _GOING_ON
