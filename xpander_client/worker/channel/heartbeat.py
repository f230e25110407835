"""The sign of life that keeps a worker's leases."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence

from xpander_client.api.models import WorkerEventType
from xpander_client.api.requests import workers
from xpander_client.configuration import RetryPolicy
from xpander_client.core.requests import RequestSpec
from xpander_client.errors import ModuleException
from xpander_client.transport import Transport

_logger = logging.getLogger("xpander_client.worker")

_THREAD = "xpander-heartbeat"

_INTERVAL = 2.0
"""How often platforms are told that do not say how often they want to be."""

_STUCK_AFTER = 4.0
"""Seconds after which an event loop that does nothing is stuck in a handler."""

_DOUBTED_FOR = 30.0
"""Seconds for which what a stuck loop finds when it goes on may be another worker's by now."""


def _is_no_beat(record: logging.LogRecord) -> bool:
    return record.threadName != _THREAD


class Heartbeat:
    """Tells the platform every `interval` seconds that a worker is alive; without one, as often as
    the platform asks for it. One that did not get through is soon followed by the next.

    On a thread and a connection of its own: a handler that keeps the event loop busy for a minute
    must not cost the worker its tasks. Beats are not logged as other requests are: they would be
    most of an idle worker's log.

    With `list_running`, which names the tasks that the worker has taken up, the platform is told
    when the loop is stuck: it gives others what was sent and never read. `on_told_busy` is called
    on the loop when that goes on.
    """

    def __init__(
        self,
        transport: Transport,
        agent_id: str,
        interval: float | None = None,
        *,
        list_running: Callable[[], Sequence[str]] | None = None,
        on_told_busy: Callable[[], None] | None = None,
    ) -> None:
        self.worker_id: str | None = None
        self._transport = transport.options(retry=RetryPolicy(attempts=1))
        self._agent_id = agent_id
        self._is_chosen = interval is not None
        self.interval = interval or _INTERVAL
        """Seconds between two beats."""
        self._list_running = list_running
        self._on_told_busy = on_told_busy
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked_at: float | None = None
        self._told_at: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=_THREAD, daemon=True)

    def start(self, worker_id: str, asked: float | None = None) -> None:
        """Beat for this worker from now on; the first beat is made at once.

        `asked` are the seconds between beats that the platform asks for.
        """
        self.worker_id = worker_id
        if not self._is_chosen:
            self.interval = asked or _INTERVAL
        self._loop = asyncio.get_running_loop() if self._list_running is not None else None
        if not self._thread.is_alive() and not self._ended.is_set():
            self._thread.start()

    def was_stuck(self) -> bool:
        """Tell whether the platform was told a short while ago that the loop is stuck."""
        return self._told_at is not None and time.monotonic() - self._told_at < _DOUBTED_FOR

    def stop(self) -> None:
        """No more beats; one that is on its way may still arrive."""
        self._ended.set()

    def _run(self) -> None:
        logging.getLogger("httpx").addFilter(_is_no_beat)
        failing = False
        while True:
            try:
                timeout = max(self.interval, _INTERVAL)
                transport = self._transport.options(timeout=timeout)
                transport.call(self._beat(), None)
                if self._list_running is not None and self._is_stuck():
                    self._told_at = time.monotonic()
                    stuck = {"is_busy": True, "running": list(self._list_running())}
                    spec = self._message(WorkerEventType.WorkerCapacityUpdate, stuck)
                    transport.call(spec, None)
            except ModuleException as error:
                # Said once: the worker's stream tells more about a platform that is away.
                if not failing:
                    _logger.warning("heartbeats do not get through: %s", error)
                failing = True
            else:
                if failing:
                    _logger.info("heartbeats get through again")
                failing = False
            if self._ended.wait(min(self.interval, _INTERVAL) if failing else self.interval):
                return

    def _is_stuck(self) -> bool:
        now = time.monotonic()
        if self._asked_at is not None:
            return now - self._asked_at > _STUCK_AFTER
        self._asked_at = now
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._go_on)
        return False

    def _go_on(self) -> None:
        asked_at, self._asked_at = self._asked_at, None
        if (
            self._on_told_busy is not None
            and self._told_at is not None
            and asked_at is not None
            and self._told_at > asked_at
        ):
            self._on_told_busy()

    def _beat(self) -> RequestSpec:
        now = datetime.datetime.now(datetime.UTC).isoformat()
        return self._message(WorkerEventType.WorkerHeartbeat, now)

    def _message(self, event: WorkerEventType, data: object) -> RequestSpec:
        return workers.send(
            worker_id=self.worker_id or "",
            agent_id=self._agent_id,
            event=event,
            data=data,
            id=str(uuid.uuid4()),
        )
