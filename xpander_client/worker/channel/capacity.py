"""How many tasks a worker runs at once, and telling the platform when it is full."""

from __future__ import annotations

import asyncio
import logging
import uuid

from xpander_client.api.models import WorkerEventType
from xpander_client.api.requests import workers
from xpander_client.configuration import RetryPolicy
from xpander_client.errors import ModuleException
from xpander_client.transport import Transport

_logger = logging.getLogger("xpander_client.worker")

_FULL_FOR = 0.1
"""Seconds of being full before the platform is told: short tasks make it change all the time."""

_AGAIN_AFTER = 1.0
"""Seconds before the platform is told again."""


class Capacity:
    """So many `slots`, each for a task that runs."""

    def __init__(self, transport: Transport, agent_id: str, slots: int) -> None:
        self.worker_id: str | None = None
        self._transport = transport.options(timeout=5.0, retry=RetryPolicy(attempts=1))
        self._agent_id = agent_id
        self._slots = asyncio.Semaphore(slots)
        self._free = slots
        self._closed = False
        self._told_busy = False
        self._telling: asyncio.Task[None] | None = None

    async def take(self, patience: float | None = None) -> bool:
        """Take a slot; wait for one if none is free. False if none was, for `patience` seconds."""
        if patience is None or not self._slots.locked():
            await self._slots.acquire()
        else:
            try:
                # `wait_for` of Python 3.11 takes the slot where it is cancelled as the slot comes.
                async with asyncio.timeout(patience):
                    await self._slots.acquire()
            except TimeoutError:
                return False
        self._free -= 1
        self._tell_soon()
        return True

    def free(self) -> None:
        """Free a slot that was taken."""
        self._free += 1
        self._slots.release()
        self._tell_soon()

    def on_registered(self, worker_id: str) -> None:
        """Take note that the platform knows the worker anew, as one that is free."""
        self.worker_id = worker_id
        self._told_busy = False
        self._tell_soon()

    def on_told_busy(self) -> None:
        """Take note that the platform was told that the worker is busy, by somebody else."""
        self._told_busy = True
        self._tell_soon()

    def close(self) -> None:
        """Want no more tasks, and say so."""
        self._closed = True
        self._tell_soon()

    def _busy(self) -> bool:
        return self._closed or self._free == 0

    def _tell_soon(self) -> None:
        news = self._busy() != self._told_busy and self.worker_id is not None
        if news and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._busy() != self._told_busy:
            if self._busy() and not self._closed:
                await asyncio.sleep(_FULL_FOR)
                if not self._busy():
                    return
            busy = self._busy()
            spec = workers.send(
                worker_id=self.worker_id or "",
                agent_id=self._agent_id,
                event=WorkerEventType.WorkerCapacityUpdate,
                data={"is_busy": busy},
                id=str(uuid.uuid4()),
            )
            try:
                await self._transport.acall(spec, None)
            except ModuleException as error:
                # A platform that takes the worker for a full one would never give it a task.
                _logger.debug("could not tell whether the worker is busy: %s", error)
                await asyncio.sleep(_AGAIN_AFTER)
            else:
                self._told_busy = busy

    async def aclose(self) -> None:
        """Stop telling."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
