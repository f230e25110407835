"""Calls a function when a module returns, without slowing down what runs until then."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import CodeType, FrameType

_TOOLS = (4, 3)  # of Python's six the two that belong to no kind of tool


def has_returned(frame: FrameType) -> bool:
    """Tell whether a frame has returned: it neither runs nor was left by an exception."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith("RETURN_")


def is_at_last_line(frame: FrameType) -> bool:
    """Tell whether nothing of a frame's code stands below the line that it is at."""
    ends = [end or 0 for _, end, _, _ in frame.f_code.co_positions()]
    return ends[frame.f_lasti // 2] == max(ends)


if sys.version_info >= (3, 12):

    def call_at_return(frame: FrameType, call: Callable[[], None]) -> Callable[[], None]:
        """Call a function where a frame returns, before it is left; returns what calls that off.

        Where it can't be heard of, nothing is called.
        """
        monitoring = sys.monitoring
        tool = next((tool for tool in _TOOLS if monitoring.get_tool(tool) is None), None)
        if tool is None:
            return lambda: None
        heard = False

        def returning(code: CodeType, offset: int, value: object) -> None:
            if sys._getframe(1) is frame:
                call()

        def call_off() -> None:
            nonlocal heard
            if not heard:
                heard = True
                monitoring.set_local_events(tool, frame.f_code, 0)
                monitoring.free_tool_id(tool)

        monitoring.use_tool_id(tool, "xpander_client")
        monitoring.register_callback(tool, monitoring.events.PY_RETURN, returning)
        monitoring.set_local_events(tool, frame.f_code, monitoring.events.PY_RETURN)
        return call_off

else:
    from typing import Any

    def call_at_return(frame: FrameType, call: Callable[[], None]) -> Callable[[], None]:
        """Call a function where a frame returns, before it is left; returns what calls that off.

        Where it can't be heard of, nothing is called. That is so for programs that Python itself
        runs: tracing is slow, so only those are traced that a debugger or another runner runs.
        """
        debugger: Any = frame.f_trace

        def elsewhere(frame: FrameType, event: str, argument: object) -> None:
            return None

        def in_module(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal debugger
            if debugger is not None:
                debugger = debugger(frame, event, argument)
            if frame.f_trace is not in_module:
                return debugger
            if event == "return" and has_returned(frame):
                call()
            return in_module

        def call_off() -> None:
            if frame.f_trace is in_module:
                frame.f_trace = debugger
            if sys.gettrace() is elsewhere:
                sys.settrace(None)

        if _is_run_by_another(frame):
            frame.f_trace = in_module
            # Without a function for all frames no frame is traced; it declines every other one.
            if sys.gettrace() is None:
                sys.settrace(elsewhere)
        return call_off

    def _is_run_by_another(frame: FrameType) -> bool:
        """Tell whether a program goes on when its main module is left."""
        if sys.flags.inspect:
            return True
        outer = frame.f_back
        while outer is not None and (
            outer.f_globals is frame.f_globals or outer.f_globals.get("__name__") == "runpy"
        ):
            outer = outer.f_back
        return outer is not None
