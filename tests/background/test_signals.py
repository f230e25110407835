"""The words of a task."""

from __future__ import annotations

import math

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
    assert [word.data for word in words] == [None, {"url": "u"}, None, None]
    assert [word.error for word in words] == [None, None, error, None]


@pytest.mark.parametrize("percent", [0, 100, 0.5, 99.9])
def test_progress_is_any_number_of_percent(percent: float) -> None:
    assert TaskCtl.report_progress("on my way", percent).progress == percent


@pytest.mark.parametrize("percent", [-1, 101, -0.001, 100.001, math.inf, math.nan])
def test_progress_that_is_no_percentage_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 100"):
        TaskCtl.report_progress("on my way", percent)
    with pytest.raises(ValueError, match="from 0 to 100"):
        TaskCtl(TaskSignal.PROGRESS, progress=percent)


def test_a_word_is_not_changed_afterwards() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        TaskCtl.success("done").message = "other"  # type: ignore[misc]  # that is what is tested
