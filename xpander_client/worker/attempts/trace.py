"""Where an exception of somebody else's code comes from, as logs show it."""

from __future__ import annotations

from types import TracebackType


def make_exc_info(
    error: BaseException,
) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """Give what a log shows of an exception: its way from where this package called a handler on.

    All of the way, if it is an exception of this package's own.
    """
    trace = error.__traceback__
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    return type(error), error, trace or error.__traceback__


def _is_ours(trace: TracebackType) -> bool:
    return str(trace.tb_frame.f_globals.get("__name__")).startswith("xpander_client.")
