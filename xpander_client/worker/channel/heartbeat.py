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

_INTERVAL = 2.0
"""How often platforms are told that do not say how often they want to be."""


def _is_no_beat(record: logging.LogRecord) -> bool:
    return record.threadName != _THREAD


class Heartbeat:
    """Tells the platform every `interval` seconds that a worker is alive; without one, as often as
    the platform asks for it. One that did not get through is soon followed by the next.

    On a thread and a connection of its own: a handler that keeps the event loop busy for a minute
    must not cost the worker its tasks. Beats are not logged as other requests are: they would be
    most of an idle worker's log.
    """

    def __init__(self, transport: Transport, agent_id: str, interval: float | None = None) -> None:
        self.worker_id: str | None = None
        self._transport = transport.options(retry=RetryPolicy(attempts=1))
        self._agent_id = agent_id
        self._is_chosen = interval is not None
        self.interval = interval or _INTERVAL
        """Seconds between two beats."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=_THREAD, daemon=True)

    def start(self, worker_id: str, asked: float | None = None) -> None:
        """Beat for this worker from now on; the first beat is made at once.

        `asked` are the seconds between beats that the platform asks for.
        """
        self.worker_id = worker_id
        if not self._is_chosen:
            self.interval = asked or _INTERVAL
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
                timeout = max(self.interval, _INTERVAL)
                self._transport.options(timeout=timeout).call(self._beat(), None)
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

    def _beat(self) -> RequestSpec:
        return workers.send(
            worker_id=self.worker_id or "",
            agent_id=self._agent_id,
            event=WorkerEventType.WorkerHeartbeat,
            data=datetime.datetime.now(datetime.UTC).isoformat(),
            id=str(uuid.uuid4()),
        )
