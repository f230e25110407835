"""A worker for programs that do nothing else."""

from __future__ import annotations

import sys

from xpander_client.configuration import Configuration
from xpander_client.runtime.loops import find_running_loop
from xpander_client.worker.attempts.handler import HandlerFunction
from xpander_client.worker.attempts.plan_retries import OnCompact
from xpander_client.worker.main_loop import run_to_end
from xpander_client.worker.sample_task import LocalTaskTest
from xpander_client.worker.signals import stop_by_signals
from xpander_client.worker.trial import report
from xpander_client.worker.worker import Worker


def run(
    handler: HandlerFunction,
    configuration: Configuration | None = None,
    *,
    test_task: LocalTaskTest | None = None,
    max_sync_workers: int = 6,
    max_retries: int | None = None,
    grace: float = 30.0,
    on_compact: OnCompact | None = None,
    http: bool = True,
) -> None:
    """Work until SIGTERM or SIGINT comes; then let the running tasks end. See `Worker`.

    Without a `configuration` it is the one that the handler was decorated with, or the
    environment's. A second signal ends the process at once. With a `test_task` that one is run
    instead, and its result printed.

    Raises:
        TypeError: the handler can't be one; the message says why.
        RuntimeError: an event loop runs in this thread already, as in a notebook.
        ModuleException: something is not configured, or the platform refuses the worker.
        SystemExit: with status 1: the test task failed.

    Example:
        >>> def main():
        ...     from myproject.handlers import summarize
        ...     run(summarize, Configuration(agent_id="agent-sales"))
    """
    if find_running_loop() is not None:
        raise RuntimeError(
            "an event loop runs here already, as in a notebook: await Worker(handler).run(), "
            "or await Worker(handler).try_out(test_task) for a single task"
        )
    worker = Worker(
        handler,
        configuration,
        max_sync_workers=max_sync_workers,
        max_retries=max_retries,
        grace=grace,
        on_compact=on_compact,
        http=http,
    )
    with stop_by_signals(worker.stop):
        if test_task is None:
            run_to_end(worker.run())
            return
        status = report(run_to_end(worker.try_out(test_task)))
    if status:
        sys.exit(status)
