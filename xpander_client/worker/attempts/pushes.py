"""Events on their way from a handler to the platform."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import assert_never

import attrs

from xpander_client.api.models import TaskUpdateEvent
from xpander_client.api.requests import tasks
from xpander_client.core.result import dumps_anyway
from xpander_client.transport import Transport
from xpander_client.worker.channel.delivery import Delivery, deliver

_MOST_EVENTS = 1_000
_MOST_BYTES = 1024 * 1024


class Pushes:
    """Pushes events to the platform: in order, each once, in as few requests as keep up.

    One request is under way at a time; what gathers meanwhile goes with the next. A request is
    made until it is delivered, each time under the same idempotency key. Whoever adds events waits
    only when a thousand of them, or a megabyte, wait to be sent. `on_lost` hears why, when the
    platform says that the task is not this attempt's any more. `probe` is as `deliver` has it.
    """

    def __init__(
        self,
        transport: Transport,
        task_id: str,
        log: logging.LoggerAdapter[logging.Logger],
        on_lost: Callable[[str], None],
        probe: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._transport = transport
        self._task_id = task_id
        self._log = log
        self._on_lost = on_lost
        self._probe = probe
        self._waiting: list[bytes] = []
        self._size = 0
        self._room = asyncio.Event()
        self._room.set()
        self._pushing: asyncio.Task[None] | None = None
        self._is_closed = False

    async def add(self, event: TaskUpdateEvent) -> None:
        """Take an event, as it is now."""
        encoded = dumps_anyway(event)
        if self._is_closed:
            return
        self._waiting.append(encoded)
        self._size += len(encoded)
        if self._size > _MOST_BYTES or len(self._waiting) > _MOST_EVENTS:
            self._room.clear()
        if self._pushing is None or self._pushing.done():
            self._pushing = asyncio.create_task(self._push())
        # A handler that never waits would otherwise keep its own events from leaving.
        await asyncio.sleep(0)
        await self._room.wait()

    async def flush(self) -> None:
        """Wait until everything that was added is delivered, or nobody wants it any more."""
        while self._pushing is not None and not self._pushing.done():
            await asyncio.wait({self._pushing})

    def close(self) -> None:
        """Drop what is not delivered, and take no more."""
        self._is_closed = True
        self._take_batch()
        if self._pushing is not None:
            self._pushing.cancel()

    def _take_batch(self) -> list[bytes]:
        batch, self._waiting, self._size = self._waiting, [], 0
        self._room.set()
        return batch

    async def _push(self) -> None:
        while self._waiting:
            batch = self._take_batch()
            delivery, why = await self._deliver(batch)
            if delivery is Delivery.REFUSED and len(batch) > 1:
                # One that the platform can't take must not cost the others.
                for event in batch:
                    delivery, why = await self._deliver([event])
                    self._tell(delivery, why)
            else:
                self._tell(delivery, why)

    async def _deliver(self, batch: list[bytes]) -> tuple[Delivery, str]:
        if self._is_closed:
            return Delivery.DELIVERED, ""
        transport = self._transport.options(idempotency_key=str(uuid.uuid4()))
        spec = attrs.evolve(
            tasks.push_events(task_id=self._task_id, events=[]),
            body=b"[" + b",".join(batch) + b"]",
        )
        return await deliver(
            lambda: transport.acall(spec, None), "events", self._log, probe=self._probe
        )

    def _tell(self, delivery: Delivery, why: str) -> None:
        match delivery:
            case Delivery.DELIVERED:
                pass
            case Delivery.LOST:
                if not self._is_closed:
                    self._is_closed = True
                    self._take_batch()
                    self._on_lost(why)
            case Delivery.REFUSED:
                self._log.error("the platform refuses an event of the handler: %s", why)
            case _:
                assert_never(delivery)
