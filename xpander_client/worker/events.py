"""A worker without the decorator: `Events(...).register(on_task=...)`."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import attrs

from xpander_client.configuration import Configuration
from xpander_client.lacking import refuse_attributes
from xpander_client.worker.attempts.handler import HandlerFunction
from xpander_client.worker.attempts.plan_retries import OnCompact
from xpander_client.worker.run import run
from xpander_client.worker.sample_task import LocalTaskTest
from xpander_client.worker.signals import stop_by_signals
from xpander_client.worker.trial import report
from xpander_client.worker.worker import Worker


@attrs.frozen
class Events:
    """How a worker is to work, for functions that are not decorated.

    `max_retries` bounds how often a single request is made before its failure is logged and a
    longer pause made, and how often a `test_task` tries to reach the platform. It does not end a
    worker: that waits for a platform that is away for as long as it takes. Without `http` it serves
    no `POST /invoke`.

    As an async context manager it stops at the end what `start` began.

    Example:
        >>> def main():
        ...     from myproject.handlers import summarize
        ...     Events(max_sync_workers=2).register(on_task=summarize)
    """

    configuration: Configuration | None = None
    max_sync_workers: int = attrs.field(default=6, validator=attrs.validators.ge(1))
    max_retries: int = attrs.field(default=5, validator=attrs.validators.ge(1))
    on_compact: OnCompact | None = attrs.field(default=None, kw_only=True)
    http: bool = attrs.field(default=True, kw_only=True)
    _working: set[Worker] = attrs.field(factory=set[Worker], init=False, repr=False, eq=False)

    async def start(self, on_execution_request: HandlerFunction) -> None:
        """Work in this event loop until `stop` is called, or SIGTERM or SIGINT comes.

        Raises:
            TypeError: the handler can't be one; the message says why.
            ModuleException: something is not configured, or the platform refuses the worker.

        Example:
            >>> async def main():
            ...     from myproject.handlers import summarize
            ...     async with Events() as events:
            ...         await events.start(on_execution_request=summarize)
        """
        worker = self._worker(on_execution_request)
        self._working.add(worker)
        try:
            with stop_by_signals(worker.stop):
                await worker.run()
        finally:
            self._working.discard(worker)

    async def stop(self) -> None:
        """Take no more tasks, and wait until those that run have ended.

        What goes wrong meanwhile is raised where the worker was started.
        """
        working = list(self._working)
        for worker in working:
            worker.stop()
        await asyncio.gather(*(worker.run() for worker in working), return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def register(self, on_task: HandlerFunction, test_task: LocalTaskTest | None = None) -> None:
        """Work until SIGTERM or SIGINT comes, as `run` does; or try the handler with `test_task`.

        Raises:
            TypeError: the handler can't be one; the message says why.
            ModuleException: something is not configured, or the platform refuses the worker.
            SystemExit: with status 1: the test task failed.
        """
        run(
            on_task,
            self.configuration,
            test_task=test_task,
            max_sync_workers=self.max_sync_workers,
            max_retries=self.max_retries,
            on_compact=self.on_compact,
            http=self.http,
        )

    async def aregister(
        self, on_task: HandlerFunction, test_task: LocalTaskTest | None = None
    ) -> None:
        """Work as `register` does, inside an event loop that runs already; end when it is
        cancelled.

        Signals stay as whoever owns the loop has them.

        Raises:
            TypeError: the handler can't be one; the message says why.
            ModuleException: something is not configured, or the platform refuses the worker.
            SystemExit: with status 1: the test task failed.
        """
        worker = self._worker(on_task)
        if test_task is None:
            await worker.run()
        elif status := report(await worker.try_out(test_task)):
            raise SystemExit(status)

    def _worker(self, handler: HandlerFunction) -> Worker:
        return Worker(
            handler,
            self.configuration,
            max_sync_workers=self.max_sync_workers,
            max_retries=self.max_retries,
            on_compact=self.on_compact,
            http=self.http,
        )


refuse_attributes(
    Events,
    "handle_task_execution_request",
    "heartbeat_loop",
    "register_agent_worker",
    "register_boot_handler",
    "register_shutdown_handler",
    "test_task",
    "track",
    "worker",
)
