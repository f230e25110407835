"""Starts the worker of `python worker.py`, when that module has been read to its end.

Not sooner: the first task would find functions missing that stand below the handler. Not later
either: once the main module is left, Python begins to shut down, and threads and executors can't be
used any more. So the module's own frame is watched, by the means that debuggers watch it with, and
the worker runs where it returns. A module that ends with an exception or `sys.exit()` starts none.
"""

from __future__ import annotations

import dis
import inspect
import logging
import sys
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any

import attrs

from xpander_client.configuration import Configuration
from xpander_client.errors import ModuleException

from .main_loop import run_to_end
from .registration import Registration
from .signals import stopped_by_signals

__all__ = ["leave_to_caller", "work_at_end"]

_logger = logging.getLogger("xpander_client.worker")


def work_at_end(registration: Registration) -> None:
    """Run a worker for a function that the main module decorates; elsewhere do nothing.

    Raises:
        ConfigurationError: the API key, the organization or the agent is not configured.
        SystemExit: with status 2: the command line asks for a trial, but not for a possible one.
    """
    global _watch
    frame = _main_frame()
    if frame is None:
        return
    if "--invoke" in sys.argv:
        from .trial import trial_in

        asked_for = trial_in(sys.argv)
        registration = attrs.evolve(registration, test_task=asked_for or registration.test_task)
    configuration = registration.configuration or Configuration()
    for name in ("api_key", "organization_id", "agent_id"):
        configuration.required(name)
    if _watch is None:
        _watch = _Watch(frame)
    _watch.registration = registration


def leave_to_caller() -> None:
    """Start nothing at the end: the program runs a worker by itself."""
    if _watch is not None:
        _watch.end()


class _Watch:
    """Waits for the main module's frame to return."""

    def __init__(self, frame: FrameType) -> None:
        self.registration: Registration | None = None
        self._frame: FrameType | None = frame
        self._debugger: Any = frame.f_trace
        frame.f_trace = self._in_module
        # Without a function for all frames no frame is traced; it declines every other one.
        if sys.gettrace() is None:
            sys.settrace(self._elsewhere)

    def end(self) -> None:
        if self._frame is not None:
            self._frame.f_trace = self._debugger
            self._frame = None
        if sys.gettrace() == self._elsewhere:
            sys.settrace(None)

    def _elsewhere(self, frame: FrameType, event: str, argument: object) -> None:
        return None

    def _in_module(self, frame: FrameType, event: str, argument: object) -> Any:
        if self._debugger is not None:
            self._debugger = self._debugger(frame, event, argument)
        if self._frame is None:
            return self._debugger
        if event == "return":
            registration = self.registration
            self.end()
            if registration is not None and _returns(frame):
                _work(registration)
        return self._in_module


_watch: _Watch | None = None


def _main_frame() -> FrameType | None:
    """The frame of the main module, if it is what decorates."""
    if threading.current_thread() is not threading.main_thread():
        return None
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    # An interactive session is a main module too, without a file, and with no end to wait for.
    while frame is not None and _is_main(frame.f_globals):
        if frame.f_code.co_name == "<module>":
            return frame
        frame = frame.f_back
    return None


def _is_main(variables: Mapping[str, object]) -> bool:
    return variables.get("__name__") == "__main__" and "__file__" in variables


def _returns(frame: FrameType) -> bool:
    """Whether a frame that is left returns, rather than raises."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith("RETURN_")


def _work(registration: Registration) -> None:
    from .runtime import Worker
    from .trial import report

    _show_log()
    worker = Worker(registration.function, registration.configuration, http=True)
    failures: list[BaseException] = []
    statuses: list[int] = []

    async def main() -> int:
        if registration.test_task is None:
            await worker.run()
            return 0
        return report(await worker.try_out(registration.test_task))

    def work() -> None:
        try:
            statuses.append(run_to_end(main()))
        except BaseException as error:
            failures.append(error)

    # On a thread of its own: Python traces nothing inside a trace function, so a debugger would
    # not see a handler that ran in this one.
    thread = threading.Thread(target=work, name="xpander-worker")
    with stopped_by_signals(worker.stop):
        thread.start()
        thread.join()
    for error in failures:
        if not isinstance(error, ModuleException):  # the worker has told of those
            _logger.error("the worker failed", exc_info=error)
        sys.exit(1)
    if statuses != [0]:
        sys.exit(1)


def _show_log() -> None:
    """Show what the worker does, in a program that has set up no logging of its own."""
    if not logging.getLogger().hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        ours = logging.getLogger("xpander_client")
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)
        ours.propagate = False
