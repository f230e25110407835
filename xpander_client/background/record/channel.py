"""Keeps a process with a plugin registered as a worker, and hands on the platform's messages."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import uuid
from collections.abc import Callable

from xpander_client.api.models import WorkerEnvironment, WorkerEventType
from xpander_client.api.requests import workers
from xpander_client.configuration import RetryPolicy
from xpander_client.errors import ModuleException
from xpander_client.transport import Transport
from xpander_client.worker.channel.heartbeat import Heartbeat
from xpander_client.worker.channel.listener import (
    Listener,
    Offered,
    Registered,
    StopRequested,
    TaskNotification,
)

_logger = logging.getLogger("xpander_client.background")

_REFUSED_FOR = 15.0


class Channel:
    """Registers a worker, keeps it alive, and hands on what the platform says, until it is closed.

    It takes what is its own, and nothing else, until it joins a pool.
    """

    def __init__(
        self,
        transport: Transport,
        agent_id: str,
        registered: Callable[[str], None],
        heard: Callable[[Offered | StopRequested | TaskNotification], None],
    ) -> None:
        self._transport = transport
        self._agent_id = agent_id
        self._worker_id = f"background-{uuid.uuid4()}"
        self._pool = self._worker_id
        self._registered = registered
        self._heard = heard
        self._heartbeat = Heartbeat(transport, agent_id)
        self._listening = asyncio.create_task(self._listen())

    def join(self, pool: str) -> None:
        """Take the tasks of this pool, too: those for all processes with the plugin."""
        if pool != self._pool:
            self._pool = pool
            self._listening.cancel()
            self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Sign the worker off, if the platform can be reached."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        self._heartbeat.stop()
        if self._heartbeat.worker_id is not None:
            brief = self._transport.options(timeout=1.0, retry=RetryPolicy(attempts=1))
            with contextlib.suppress(ModuleException):
                await self._say(brief, WorkerEventType.WorkerFinished, {})

    async def _listen(self) -> None:
        while True:
            listener = Listener(
                self._transport,
                self._agent_id,
                WorkerEnvironment.Local,
                worker_id=self._worker_id,
                pool=self._pool,
            )
            try:
                async with contextlib.aclosing(listener.messages()) as messages:
                    async for message in messages:
                        if isinstance(message, Registered):
                            await self._begin(message)
                        else:
                            self._heard(message)
            except ModuleException as error:
                _logger.error("background tasks run on, unrecorded for now: %s", error)
                await asyncio.sleep(_REFUSED_FOR)

    async def _begin(self, registered: Registered) -> None:
        self._worker_id = worker_id = registered.worker_id
        # From Python 3.12 on a program that is ending starts no threads; it needs no heartbeats,
        # either, since it ends before a lease does.
        with contextlib.suppress(RuntimeError):
            self._heartbeat.start(worker_id, registered.heartbeat_interval)
        # The answer tells whether a creation whose fate is unknown may be made again.
        with contextlib.suppress(ModuleException):
            now = datetime.datetime.now(datetime.UTC).isoformat()
            await self._say(self._transport, WorkerEventType.WorkerHeartbeat, now)
        self._registered(worker_id)

    async def _say(self, transport: Transport, event: WorkerEventType, data: object) -> None:
        spec = workers.send(
            worker_id=self._worker_id,
            agent_id=self._agent_id,
            event=event,
            data=data,
            id=str(uuid.uuid4()),
        )
        await transport.acall(spec, None)
