"""The worker: listens, runs what it is offered, hands in the results, and ends in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import uuid
from types import TracebackType
from typing import Self

from xpander_client.api.models import WorkerEnvironment, WorkerEventType
from xpander_client.api.plans import workers
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.errors import ModuleException
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool

from .attempt import Attempt
from .capacity import Capacity
from .handler import HandlerFunction, inspect_handler
from .heartbeat import Heartbeat
from .listener import Listener, Offered, Registered, StopRequested
from .main_module import leave_to_caller
from .registration import configuration_of
from .threads import HandlerThreads

__all__ = ["Worker"]

_logger = logging.getLogger("xpander_client.worker")


class Worker:
    """Runs the tasks of one agent with one handler.

    As an async context manager it works while the block runs; `await worker.run()` works until
    `stop()` is called. At most `max_sync_workers` tasks run at once: async handlers on the event
    loop, sync ones in as many threads. A worker that is stopped takes no more tasks, gives those
    that run `grace` seconds, and hands back the rest for another worker. Without a `configuration`
    it is the one that the handler was decorated with, or the environment's.

    It registers with the platform as soon as that is there, and again whenever the connection
    breaks, for as long as it takes; a result that could not be delivered is kept until it is
    delivered, or until the platform says that the task is another worker's by now.

    Raises:
        TypeError: the handler can't be one; the message says why.
        ConfigurationError: the API key, the organization or the agent is not configured.

    Example:
        >>> async def serve(handler, configuration):
        ...     async with Worker(handler, configuration) as worker:
        ...         await worker.registered()
        ...         ...  # the rest of the service
    """

    def __init__(
        self,
        handler: HandlerFunction,
        configuration: Configuration | None = None,
        *,
        max_sync_workers: int = 6,
        grace: float = 30.0,
        heartbeat_interval: float = 2.0,
    ) -> None:
        self._handler = inspect_handler(handler)
        if configuration is None:
            configuration = configuration_of(handler) or Configuration()
        for name in ("api_key", "organization_id", "agent_id"):
            configuration.required(name)
        self.configuration = configuration
        self._agent_id = configuration.required("agent_id")
        self._slots = max_sync_workers
        self._grace = grace
        self._interval = heartbeat_interval
        self._attempts: dict[Attempt, asyncio.Task[None]] = {}
        self._worker_id: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._working: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def id(self) -> str | None:
        """The platform's name for the worker; None until it is registered."""
        return self._worker_id

    @property
    def is_stopping(self) -> bool:
        """Whether `stop()` was called."""
        return self._is_stopping

    async def run(self) -> None:
        """Work until the worker is stopped.

        Raises:
            ApiStatusError: the platform refuses the worker, for example because of its key.
            ModuleException: another environment serves the agent.
        """
        self._start()
        assert self._working is not None
        try:
            await asyncio.shield(self._working)
        except asyncio.CancelledError:
            self.stop()
            await self._working
            raise

    async def registered(self) -> str:
        """Wait until the platform knows the worker; returns the worker's id.

        Raises:
            ModuleException: the platform refuses the worker, or the worker was stopped before.
        """
        self._start()
        assert self._working is not None
        waiting = asyncio.ensure_future(self._registered.wait())
        await asyncio.wait({waiting, self._working}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._worker_id is None:
            await self._working
            raise ModuleException(None, "the worker was stopped before it was registered")
        return self._worker_id

    def stop(self) -> None:
        """Take no more tasks, and end when those that run have ended. Any thread may call this."""
        self._is_stopping = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._working is not None:
            try:
                await self._working
            except ModuleException:
                # What the block raised tells more.
                if error is None:
                    raise

    def _start(self) -> None:
        if self._working is not None:
            return
        leave_to_caller()
        self._registered = asyncio.Event()
        self._stopped = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._is_stopping:
            self._stopped.set()
        self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        # Connections of its own: a handler that closes its `Tasks` must not cut the worker off.
        transport = Transport(self.configuration, Pool(self.configuration))
        in_cloud = os.environ.get("IS_XPANDER_CLOUD") == "true"
        environment = WorkerEnvironment.Xpander if in_cloud else WorkerEnvironment.Local
        listener = Listener(transport, self._agent_id, environment)
        heartbeat = Heartbeat(transport, self._agent_id, self._interval)
        capacity = Capacity(transport, self._agent_id, self._slots)
        threads = HandlerThreads(self._slots)
        listening = asyncio.create_task(
            self._listen(listener, heartbeat, capacity, threads, transport)
        )
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        except ModuleException as error:
            # Whoever awaits the worker may do so much later.
            _logger.error("the worker cannot go on: %s", error)
            raise
        finally:
            self._is_stopping = True
            # The stream stays open while tasks run: their callers may still stop them.
            capacity.close()
            await self._wind_down()
            stopped.cancel()
            listening.cancel()
            await asyncio.gather(listening, stopped, return_exceptions=True)
            await self._say_goodbye(transport)
            heartbeat.stop()
            threads.close()
            await capacity.aclose()
            await transport.aclose()
            transport.close()

    async def _listen(
        self,
        listener: Listener,
        heartbeat: Heartbeat,
        capacity: Capacity,
        threads: HandlerThreads,
        transport: Transport,
    ) -> None:
        async with contextlib.aclosing(listener.messages()) as messages:
            async for message in messages:
                if isinstance(message, Registered):
                    self._worker_id = message.worker_id
                    heartbeat.start(message.worker_id)
                    capacity.reregistered(message.worker_id)
                    self._registered.set()
                    _logger.info(
                        "worker %s takes tasks of agent %s", message.worker_id, self._agent_id
                    )
                elif isinstance(message, StopRequested):
                    self._give_up(message.task_id, message.attempt, "it was stopped, or taken back")
                elif not self._is_stopping:
                    # An offer that is not taken up goes to another worker.
                    self._take_up(message, capacity, threads, transport)

    def _take_up(
        self,
        offered: Offered,
        capacity: Capacity,
        threads: HandlerThreads,
        transport: Transport,
    ) -> None:
        if any(
            (each.task_id, each.number) == (offered.task_id, offered.attempt)
            for each in self._attempts
        ):
            return
        self._give_up(offered.task_id, None, "it came again, as another attempt")
        attempt = Attempt(offered, self._handler, transport, threads)

        async def in_a_slot() -> None:
            async with capacity:
                await attempt.run()

        running = asyncio.create_task(in_a_slot())
        self._attempts[attempt] = running
        running.add_done_callback(lambda done: self._ended(attempt, done))

    def _ended(self, attempt: Attempt, done: asyncio.Task[None]) -> None:
        self._attempts.pop(attempt, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            _logger.error("task %s failed in the worker", attempt.task_id, exc_info=error)

    def _give_up(self, task_id: str, number: int | None, reason: str) -> None:
        for attempt in list(self._attempts):
            if attempt.task_id == task_id and number in (None, attempt.number):
                attempt.give_up(reason)

    async def _wind_down(self) -> None:
        for attempt, running in list(self._attempts.items()):
            # Not begun is not accepted: the platform offers these to another worker.
            if not attempt.has_begun:
                running.cancel()
                del self._attempts[attempt]
        if self._attempts:
            _logger.info("stopping: %d tasks have %g s to end", len(self._attempts), self._grace)
            await asyncio.wait(self._attempts.values(), timeout=self._grace)
        left = dict(self._attempts)
        for running in left.values():
            running.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        given_back = await asyncio.gather(
            *(asyncio.wait_for(attempt.hand_back(), 5.0) for attempt in left),
            return_exceptions=True,
        )
        for attempt, outcome in zip(left, given_back, strict=True):
            if isinstance(outcome, BaseException):
                _logger.warning("task %s was not handed back: %s", attempt.task_id, outcome)

    async def _say_goodbye(self, transport: Transport) -> None:
        if self._worker_id is None:
            return
        brief = transport.options(timeout=2.0, retry=RetryPolicy(attempts=1))
        plan = workers.send(
            worker_id=self._worker_id,
            agent_id=self._agent_id,
            event=WorkerEventType.WorkerFinished,
            data={},
            id=str(uuid.uuid4()),
        )
        try:
            await brief.acall(plan, None)
        except ModuleException as error:
            _logger.debug("the platform was not told that the worker ends: %s", error)
        _logger.info("worker %s has ended", self._worker_id)
