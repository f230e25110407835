"""Signs of life: they arrive, and fill nobody's log."""

from __future__ import annotations

import logging
import threading

import pytest

from tests.raw_server import Connection, RawServer
from xpander_client.transport import Transport
from xpander_client.worker.channel.heartbeat import Heartbeat


def test_beats_are_not_logged_and_other_requests_are(caplog: pytest.LogCaptureFixture) -> None:
    arrived = threading.Semaphore(0)

    def take(connection: Connection) -> None:
        connection.answer(b"", 204, "connection: close")
        arrived.release()

    with RawServer(*[take] * 6) as server, caplog.at_level(logging.INFO):
        transport = Transport.of(server.configuration())
        heartbeat = Heartbeat(transport, "agent", interval=0.01)
        heartbeat.start("worker-1")
        for _ in range(5):
            assert arrived.acquire(timeout=10)
        heartbeat.stop()
        logging.getLogger("httpx").info("a request of the program")
    assert [each.getMessage() for each in caplog.records] == ["a request of the program"]
