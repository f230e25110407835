"""The words of a task."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import attrs
import pytest

from xpander_client.background import TaskCtl, TaskSignal


def test_each_word_says_what_it_is() -> None:
    error = OSError("no disk")
    words = [
        TaskCtl.report_progress("half", 50),
        TaskCtl.success("done", data={"url": "u"}),
        TaskCtl.fail("failed", error),
        TaskCtl.cancel("stopped"),
    ]
    assert [word.signal for word in words] == [
        TaskSignal.PROGRESS,
        TaskSignal.SUCCESS,
        TaskSignal.FAIL,
        TaskSignal.CANCEL,
    ]
    assert [word.is_terminal for word in words] == [False, True, True, True]
    assert [word.message for word in words] == ["half", "done", "failed", "stopped"]
    assert [word.progress for word in words] == [50, None, None, None]
    assert [word.data for word in words] == [None, {"url": "u"}, error, None]
    assert [word.error for word in words] == [None, None, error, None]


@pytest.mark.parametrize("percent", [0, 100, 0.5, 99.9])
def test_progress_is_any_number_of_percent(percent: float) -> None:
    assert TaskCtl.report_progress("on my way", percent).progress == percent


def test_progress_may_be_said_without_a_figure() -> None:
    assert TaskCtl.report_progress("waiting for an approval").progress == 0


@pytest.mark.parametrize(
    ("percent", "taken"),
    [(100.00000000000003, 100), (100.00001, 100), (-1e-15, 0), (Decimal("12.5"), 12.5), (True, 1)],
)
def test_what_rounding_and_other_types_make_of_a_percentage_is_taken_for_it(
    percent: Any, taken: float
) -> None:
    progress = TaskCtl.report_progress("on my way", percent).progress
    assert progress == taken
    assert type(progress) in (int, float)


def test_the_message_may_be_given_by_either_name() -> None:
    assert TaskCtl.report_progress(message="m", percent=5) == TaskCtl.report_progress("m", 5)
    assert TaskCtl.success(message="m", data=1) == TaskCtl.success(msg="m", data=1)
    assert TaskCtl.fail(message="m", error="e") == TaskCtl.fail("m", "e")
    assert TaskCtl.cancel(message="m") == TaskCtl.cancel("m")


@pytest.mark.parametrize("percent", [-1, 101, -0.001, 100.001, math.inf, math.nan, "half"])
def test_progress_that_is_no_percentage_is_refused(percent: Any) -> None:
    with pytest.raises(ValueError, match="from 0 to 100"):
        TaskCtl.report_progress("on my way", percent)
    with pytest.raises(ValueError, match="from 0 to 100"):
        TaskCtl(TaskSignal.PROGRESS, progress=percent)


def test_a_word_is_not_changed_afterwards() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        TaskCtl.success("done").message = "other"  # type: ignore[misc]  # that is what is tested
