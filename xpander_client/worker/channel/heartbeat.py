"""The sign of life that keeps a worker's leases."""

from __future__ import annotations

import datetime
import logging
import threading
import uuid

from xpander_client.api.models import WorkerEventType
from xpander_client.api.requests import workers
from xpander_client.configuration import RetryPolicy
from xpander_client.core.requests import RequestSpec
from xpander_client.errors import ModuleException
from xpander_client.transport import Transport

_logger = logging.getLogger("xpander_client.worker")

_THREAD = "xpander-heartbeat"


def _is_no_beat(record: logging.LogRecord) -> bool:
    return record.threadName != _THREAD


class Heartbeat:
    """Tells the platform every `interval` seconds that a worker is alive.

    On a thread and a connection of its own: a handler that keeps the event loop busy for a minute
    must not cost the worker its tasks. Beats are not logged as other requests are: they would be
    most of an idle worker's log.
    """

    def __init__(self, transport: Transport, agent_id: str, interval: float) -> None:
        self.worker_id: str | None = None
        self._transport = transport.options(
            timeout=max(interval, 1.0) * 2, retry=RetryPolicy(attempts=1)
        )
        self._agent_id = agent_id
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=_THREAD, daemon=True)

    def start(self, worker_id: str) -> None:
        """Beat for this worker from now on; the first beat is made at once."""
        self.worker_id = worker_id
        if not self._thread.is_alive() and not self._ended.is_set():
            self._thread.start()

    def stop(self) -> None:
        """No more beats; one that is on its way may still arrive."""
        self._ended.set()

    def _run(self) -> None:
        logging.getLogger("httpx").addFilter(_is_no_beat)
        failing = False
        while True:
            try:
                self._transport.call(self._beat(), None)
            except ModuleException as error:
                # Said once: the worker's stream tells more about a platform that is away.
                if not failing:
                    _logger.warning("heartbeats do not get through: %s", error)
                failing = True
            else:
                if failing:
                    _logger.info("heartbeats get through again")
                failing = False
            if self._ended.wait(self._interval):
                return

    def _beat(self) -> RequestSpec:
        return workers.send(
            worker_id=self.worker_id or "",
            agent_id=self._agent_id,
            event=WorkerEventType.WorkerHeartbeat,
            data=datetime.datetime.now(datetime.UTC).isoformat(),
            id=str(uuid.uuid4()),
        )
