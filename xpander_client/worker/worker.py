"""The worker: listens, runs the tasks that it is offered, and ends in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import uuid
from types import TracebackType
from typing import Self, assert_never

import attrs

from xpander_client.api.models import WorkerEnvironment, WorkerEventType
from xpander_client.api.requests import workers
from xpander_client.api.resources import Task
from xpander_client.configuration import (
    Configuration,
    RetryPolicy,
    check_configuration,
    check_number,
    check_seconds,
    prefer_direct,
)
from xpander_client.errors import ConfigurationError, ModuleException
from xpander_client.runtime.shielding import shield
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker import idle
from xpander_client.worker.attempts.activity_digest import digest_activity
from xpander_client.worker.attempts.attempt import Attempt, AttemptResult, WorkerContext
from xpander_client.worker.attempts.handler import HandlerFunction, inspect_handler
from xpander_client.worker.attempts.plan_retries import OnCompact
from xpander_client.worker.attempts.record import claiming
from xpander_client.worker.attempts.running import RunningAttempts
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.channel.capacity import Capacity
from xpander_client.worker.channel.heartbeat import Heartbeat
from xpander_client.worker.channel.listener import (
    Listener,
    Offered,
    Registered,
    StopRequested,
    TaskNotification,
)
from xpander_client.worker.direct import DirectInvocations
from xpander_client.worker.http import InvokeServer
from xpander_client.worker.lifecycle import run_boot_handlers, run_shutdown_handlers
from xpander_client.worker.main_module import cancel_call
from xpander_client.worker.registration import find_configuration, find_hook
from xpander_client.worker.sample_task import LocalTaskTest
from xpander_client.worker.trial import describe_creation

_logger = logging.getLogger("xpander_client.worker")

_TRIES = 5
"""How often a worker tries to register for a single task."""


class Worker:
    """Runs the tasks of one agent with one handler.

    As an async context manager it works while the block runs; `await worker.run()` works until
    `stop()` is called. At most `max_sync_workers` tasks run at once: async handlers on the event
    loop, sync ones in as many threads. A worker that is stopped takes no more tasks, gives those
    that run `grace` seconds, and hands back the rest for another worker. Without a `configuration`
    it is the one that the handler was decorated with, or the environment's.

    It registers with the platform as soon as that is there, and again whenever the connection
    breaks, for as long as it takes; a result that could not be delivered is kept until it is
    delivered, or until the platform says that the task is another worker's by now. It tells the
    platform that it lives every `heartbeat_interval` seconds, without one as often as the platform
    asks for it. `max_retries` never ends a worker: it is how often a single request is made before
    its failure is logged and a longer pause made (the configuration's `retry.attempts` without it),
    and how often `try_out` tries to register.

    With `http` it also serves `POST /invoke`, on port 59321 or `XPANDER_STREAMING_PORT`, before it
    registers; where that port is taken, or `[worker]` is not installed, it says so and works
    without. `on_compact` is called with the task before a handler runs again because steps of the
    task's plan are open; without it `additional_context` gets a digest of what was done.

    Raises:
        TypeError: the handler can't be one; the message says why.
        ArgumentError: a number or the configuration can't be one.
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
        max_retries: int | None = None,
        grace: float = 30.0,
        heartbeat_interval: float | None = None,
        on_compact: OnCompact | None = None,
        http: bool = False,
    ) -> None:
        self._handler = inspect_handler(handler)
        check_configuration(configuration)
        check_number("max_sync_workers", max_sync_workers, 1, whole=True)
        if max_retries is not None:
            check_number("max_retries", max_retries, 1, whole=True)
        check_number("grace", grace)
        if heartbeat_interval is not None:
            check_seconds("heartbeat_interval", heartbeat_interval)
        if configuration is None:
            configuration = find_configuration(handler) or Configuration()
        for name in ("api_key", "organization_id", "agent_id"):
            configuration.required(name)
        self.configuration = configuration
        self._agent_id = configuration.required("agent_id")
        self._slots = max_sync_workers
        self._max_retries = max_retries
        self._grace = grace
        self._interval = heartbeat_interval
        self._on_compact = on_compact or find_hook(handler) or digest_activity
        self._http = http
        self._test: LocalTaskTest | None = None
        self._trial: asyncio.Task[AttemptResult] | None = None
        self._worker_id: str | None = None
        # Nobody who starts on this machine is then taken for this worker, nor it for another.
        self._name = str(uuid.uuid4())
        self._url: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._working: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def id(self) -> str | None:
        """The platform's name for the worker; None until it is registered."""
        return self._worker_id

    @property
    def url(self) -> str | None:
        """Where `POST /invoke` is served, once it is."""
        return self._url

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
            await shield(self._working)
        except asyncio.CancelledError:
            self.stop()
            await self._working
            raise

    async def try_out(self, test: LocalTaskTest) -> Task:
        """Run one made-up task, and end; returns the task, as it ended.

        The platform knows the task, as one that this worker runs; the worker takes no others.

        Raises:
            ModuleException: the platform can't be reached, or refuses the worker or the task; or
                the worker was stopped before the task ended.
        """
        self._test = test
        await self.run()
        try:
            if self._trial is None:
                raise ModuleException(None, "the worker was stopped before the task began")
            ending = self._trial.result()
        except ModuleException as error:
            _logger.error("the handler was not tried: %s", error)
            raise
        if ending.task is None:
            _logger.error("the handler's task has no result: %s", ending.failure)
            raise ModuleException(None, f"the task has no result: {ending.failure}")
        return ending.task

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
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        if self._working is not None:
            try:
                await self._working
            except ModuleException:
                # What the block raised tells more.
                if exc is None:
                    raise

    def _start(self) -> None:
        if self._working is not None:
            return
        # The program runs a worker by itself: none is to start where its main module ends.
        idle.forget()
        cancel_call()
        self._registered = asyncio.Event()
        self._stopped = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._is_stopping:
            self._stopped.set()
        self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        # Connections of its own: however much handlers call, the worker need not wait for a place.
        configuration = prefer_direct(self.configuration)
        transport = Transport(configuration, Pool(configuration))
        if self._max_retries is not None:
            policy = attrs.evolve(self.configuration.retry, attempts=self._max_retries)
            transport = transport.options(retry=policy)
        capacity = Capacity(transport, self._agent_id, self._slots)
        attempts = RunningAttempts(capacity)
        heartbeat = Heartbeat(
            transport,
            self._agent_id,
            self._interval,
            list_running=attempts.list_tasks,
            on_told_busy=capacity.on_told_busy,
        )
        threads = HandlerThreads(self._slots)
        context = WorkerContext(self._handler, transport, threads, self._on_compact)
        invocations = DirectInvocations(self._agent_id, context, attempts, lambda: self._name)
        server = InvokeServer(invocations, transport)
        serving = asyncio.create_task(self._serve(server, heartbeat, capacity, attempts, context))
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        except ModuleException as error:
            # Whoever awaits the worker may do so much later.
            _logger.error("the worker cannot go on: %s", error)
            raise
        finally:
            # In this order: nothing new is taken, then what runs comes to its end, then the stream
            # ends that it was told on, then the program's own handlers run, and only then the
            # platform forgets the worker. The heartbeat goes on until there: without it the leases
            # of what still ends would run out. Connections are last, because all of it writes.
            self.stop()
            # The stream stays open while tasks run: their callers may still stop them.
            capacity.close()
            await asyncio.gather(
                server.stop(self._grace), attempts.wind_down(self._grace), self._end_trial()
            )
            stopped.cancel()
            serving.cancel()
            await asyncio.gather(serving, stopped, return_exceptions=True)
            await run_shutdown_handlers()
            await self._say_goodbye(transport)
            heartbeat.stop()
            threads.close()
            await capacity.aclose()
            await transport.aclose()
            transport.close()

    async def _serve(
        self,
        server: InvokeServer,
        heartbeat: Heartbeat,
        capacity: Capacity,
        attempts: RunningAttempts,
        context: WorkerContext,
    ) -> None:
        await run_boot_handlers()
        if self._http and self._test is None:
            self._url = await _start(server)
        in_cloud = os.environ.get("IS_XPANDER_CLOUD") == "true"
        listener = Listener(
            context.transport,
            self._agent_id,
            WorkerEnvironment.Xpander if in_cloud else WorkerEnvironment.Local,
            tries=None if self._test is None else self._max_retries or _TRIES,
            worker_id=self._name,
            slots=self._slots if self._test is None else None,
            begins=True if self._test is None else None,
        )
        async with contextlib.aclosing(listener.messages()) as messages:
            async for message in messages:
                match message:
                    case Registered(worker_id, heartbeat_interval):
                        self._worker_id = self._name = worker_id
                        heartbeat.start(worker_id, heartbeat_interval)
                        capacity.on_registered(worker_id)
                        self._registered.set()
                        self._begin(worker_id, capacity, context)
                    case StopRequested(task_id, attempt):
                        attempts.give_up(task_id, attempt, "it was stopped, or taken back")
                    case Offered():
                        self._take_up(message, attempts, heartbeat, context)
                    case TaskNotification():
                        pass  # Handlers have no wait points.
                    case _:
                        assert_never(message)

    def _begin(self, worker_id: str, capacity: Capacity, context: WorkerContext) -> None:
        if self._test is None:
            _logger.info("worker %s takes tasks of agent %s", worker_id, self._agent_id)
        elif self._trial is None:
            capacity.close()
            self._trial = asyncio.create_task(self._run_trial(self._test, worker_id, context))
            self._trial.add_done_callback(lambda _: self.stop())

    async def _end_trial(self) -> None:
        if self._trial is not None:
            await asyncio.wait({self._trial})

    def _take_up(
        self,
        offered: Offered,
        attempts: RunningAttempts,
        heartbeat: Heartbeat,
        context: WorkerContext,
    ) -> None:
        if self._test is not None or attempts.has(offered.task_id, offered.attempt):
            return
        attempt = Attempt(
            offered.task_id, offered.attempt, offered.body, context, is_begun=offered.begun
        )
        if heartbeat.was_stuck():
            attempt.doubt()
        if not self._is_stopping:
            attempts.give_up(offered.task_id, None, "it came again, as another attempt")
            attempts.start(attempt)
        elif offered.begun:
            attempts.hand_back(attempt)
        # Any other offer that is not taken up goes to another worker.

    async def _run_trial(
        self, test: LocalTaskTest, worker_id: str, context: WorkerContext
    ) -> AttemptResult:
        spec = describe_creation(
            test,
            agent_id=self._agent_id,
            worker_id=worker_id,
            events_streaming=self._handler.is_streaming,
        )
        created = await context.transport.acall(spec, Task)
        task = created.parsed
        attempt = Attempt(
            task.id,
            task.execution_attempts,
            created.body,
            context,
            claim=claiming(context.transport, task.id, worker_id),
        )
        running = asyncio.create_task(attempt.run())
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not running.done():
            attempt.stop_task("the worker was stopped")
        return await running

    async def _say_goodbye(self, transport: Transport) -> None:
        if self._worker_id is None:
            return
        brief = transport.options(timeout=2.0, retry=RetryPolicy(attempts=1))
        spec = workers.send(
            worker_id=self._worker_id,
            agent_id=self._agent_id,
            event=WorkerEventType.WorkerFinished,
            data={},
            id=str(uuid.uuid4()),
        )
        try:
            await brief.acall(spec, None)
        except ModuleException as error:
            _logger.debug("the platform was not told that the worker ends: %s", error)
        _logger.info("worker %s has ended", self._worker_id)


async def _start(server: InvokeServer) -> str | None:
    try:
        return await server.start()
    except ConfigurationError as error:
        if not isinstance(error.__cause__, ModuleNotFoundError):
            raise
        # Tasks that the platform sends need nothing of it.
        _logger.warning("%s; tasks that the platform sends are run all the same", error)
        return None
