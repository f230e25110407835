"""Runs the worker of `python worker.py`, where that module ends; one that is imported runs none."""

from __future__ import annotations

import functools
import logging
import sys
import threading
from typing import TYPE_CHECKING

import attrs

from xpander_client.configuration import Configuration
from xpander_client.errors import ModuleException
from xpander_client.worker import idle
from xpander_client.worker.attempts.handler import inspect_handler
from xpander_client.worker.main_loop import run_to_end
from xpander_client.worker.main_module import call_at_end
from xpander_client.worker.program import decorating_frame, is_interactive, is_main, main_frame
from xpander_client.worker.registration import Registration
from xpander_client.worker.signals import stop_by_signals

if TYPE_CHECKING:
    from xpander_client.worker.worker import Worker


_logger = logging.getLogger("xpander_client.worker")


def work_at_end(registration: Registration) -> None:
    """Run a worker for a function that the main module decorates, where that module ends.

    For what other modules decorate none is run; a program that ends without any says so.

    Raises:
        ConfigurationError: the API key, the organization or the agent is not configured.
        SystemExit: with status 2: the command line asks for a trial, but not for a possible one.
    """
    frame, name = decorating_frame(), inspect_handler(registration.function).name
    if is_main(frame) and is_interactive(frame):
        _logger.warning(
            "%s() is decorated in an interactive session, where no worker starts by itself: call "
            "xpander_client.worker.run(%s); where an event loop runs already, as in a notebook, "
            "await xpander_client.worker.Worker(%s).run()",
            *(name, name, name),
        )
        return
    main = main_frame(frame) if is_main(frame) else None
    if main is None:
        idle.say_at_exit(name, frame, main)
        return
    if "--invoke" in sys.argv:
        from xpander_client.worker.trial import trial_in

        asked_for = trial_in(sys.argv)
        registration = attrs.evolve(registration, test_task=asked_for or registration.test_task)
    if not _asks_for_help():
        configuration = registration.configuration or Configuration()
        for required in ("api_key", "organization_id", "agent_id"):
            configuration.required(required)
    idle.say_at_exit(name, frame, main)
    call_at_end(main, functools.partial(_work, registration))


def _asks_for_help() -> bool:
    return not {"-h", "--help"}.isdisjoint(sys.argv[1:])


def _work(registration: Registration) -> None:
    from xpander_client.worker.trial import print_help, report, warn_about

    idle.forget()
    if _asks_for_help():
        print_help(sys.argv)
        return
    show_log()
    warn_about(sys.argv)
    worker: Worker | None = None
    is_stopped = False
    failures: list[BaseException] = []
    statuses: list[int] = []

    def stop() -> None:
        nonlocal is_stopped
        is_stopped = True
        if worker is not None:
            worker.stop()

    async def main(worker: Worker) -> int:
        if registration.test_task is None:
            await worker.run()
            return 0
        return report(await worker.try_out(registration.test_task))

    def work(worker: Worker) -> None:
        try:
            statuses.append(run_to_end(main(worker)))
        except BaseException as error:
            failures.append(error)

    with stop_by_signals(stop):
        # It takes a moment, in which a signal may come.
        from xpander_client.worker.worker import Worker

        worker = Worker(registration.function, registration.configuration, http=True)
        if is_stopped:
            worker.stop()
        # On a thread of its own: where Python tells of a module's end it traces nothing, so
        # a debugger would not see a handler that ran in this one.
        thread = threading.Thread(target=work, args=(worker,), name="xpander-worker")
        thread.start()
        thread.join()
    for error in failures:
        if not isinstance(error, ModuleException):  # the worker has told of those
            _logger.error("the worker failed", exc_info=error)
        sys.exit(1)
    if statuses != [0]:
        sys.exit(1)


def show_log() -> None:
    """Show what the worker does, in a program that has set up no logging of its own."""
    if not logging.getLogger().hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        ours = logging.getLogger("xpander_client")
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)
        ours.propagate = False
