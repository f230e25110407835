"""Hearing of a module's end: once, in time, and at no cost until then."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from xpander_client.worker import module_end
from xpander_client.worker.module_end import call_at_return, has_returned, is_at_last_line

CALLING = "begin(sys._getframe())\n"


def run_module(rest: str, begin: Callable[[FrameType], object]) -> None:
    """Run a module that calls `begin` with its own frame, and goes on with `rest`."""
    code = compile(CALLING + rest, "module.py", "exec")
    exec(code, {"__name__": "__main__", "begin": begin, "sys": sys, "code": code})


@pytest.mark.parametrize(
    ("rest", "calls"),
    [
        ("x = 1\n", 1),
        ("def f(): return 1\nf()\nf()\n", 1),
        ("for i in range(3): pass\n", 1),
        ("1 / 0\n", 0),
        ("sys.exit(0)\n", 0),
    ],
)
def test_a_module_that_returns_is_heard_of_once(rest: str, calls: int) -> None:
    heard: list[bool] = []
    call_off: list[Callable[[], None]] = []

    def begin(frame: FrameType) -> None:
        call_off.append(call_at_return(frame, lambda: heard.append(True)))

    try:
        run_module(rest, begin)
    except (ZeroDivisionError, SystemExit):
        pass
    finally:
        for each in call_off:
            each()
            each()  # more than once does no harm
    assert len(heard) == calls


def test_what_is_called_off_is_not_heard_of() -> None:
    heard: list[bool] = []
    run_module("x = 1\n", lambda frame: call_at_return(frame, lambda: heard.append(True))())
    assert heard == []


def test_what_the_call_raises_comes_out_of_the_module() -> None:
    def fail() -> None:
        raise SystemExit(3)

    call_off: list[Callable[[], None]] = []
    with pytest.raises(SystemExit) as raised:
        run_module("x = 1\n", lambda frame: call_off.append(call_at_return(frame, fail)))
    call_off[0]()
    assert raised.value.code == 3


def test_a_program_of_python_itself_runs_untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of what is not run by another program: a debugger's is traced anyway.
    monkeypatch.setattr(module_end, "_is_run_by_another", lambda frame: False, raising=False)
    traced: list[Any] = []

    def begin(frame: FrameType) -> None:
        call_off = call_at_return(frame, lambda: None)
        traced.extend((sys.gettrace(), frame.f_trace))
        call_off()

    before = sys.gettrace()
    run_module("", begin)
    assert traced == [before, None]


def frame_after(rest: str) -> FrameType:
    frames: list[FrameType] = []
    with contextlib.suppress(ZeroDivisionError, SystemExit):
        run_module(rest, frames.append)
    return frames[0]


def test_it_is_told_whether_a_frame_has_returned() -> None:
    assert has_returned(frame_after("x = 1\n"))
    assert has_returned(frame_after(""))
    assert not has_returned(frame_after("1 / 0\n"))
    assert not has_returned(frame_after("sys.exit()\n"))
    assert not has_returned(sys._getframe())


@pytest.mark.parametrize(
    ("rest", "is_last"),
    [
        ("sys.exit()\n", True),
        ("if True:\n    sys.exit(\n        len(()),\n    )\n", True),
        ("if True:\n    sys.exit()\nprint()\n", False),
        ("sys.exit(); x = 1\n", True),
    ],
)
def test_the_last_line_is_known(rest: str, is_last: bool) -> None:
    assert is_at_last_line(frame_after(rest)) is is_last
