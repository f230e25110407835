"""Signs of life: they arrive, and fill nobody's log."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

import pytest

from tests.raw_server import Connection, RawServer
from xpander_client.configuration import Configuration
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


def begin(*, asked: float | None, chosen: float | None) -> Heartbeat:
    heartbeat = Heartbeat(Transport.of(Configuration(api_key="k")), "agent", chosen)
    heartbeat.stop()  # so that nothing is sent
    heartbeat.start("worker-1", asked)
    return heartbeat


@pytest.mark.parametrize(
    ("asked", "chosen", "interval"),
    [(5.0, None, 5.0), (None, None, 2.0), (5.0, 0.5, 0.5), (None, 0.5, 0.5)],
)
def test_beats_come_as_often_as_the_user_says_or_else_the_platform(
    asked: float | None, chosen: float | None, interval: float
) -> None:
    assert begin(asked=asked, chosen=chosen).interval == interval


def test_a_beat_that_did_not_get_through_is_made_again_before_the_next_is_due() -> None:
    arrived = threading.Semaphore(0)

    def refuse(connection: Connection) -> None:
        connection.answer(b"{}", 503, "connection: close")
        arrived.release()

    with RawServer(*[refuse] * 2) as server:
        heartbeat = Heartbeat(Transport.of(server.configuration()), "agent")
        heartbeat.start("worker-1", 3600.0)
        assert arrived.acquire(timeout=10)
        assert arrived.acquire(timeout=60)
        heartbeat.stop()


async def test_the_platform_is_told_of_a_loop_that_is_stuck_and_what_it_has_taken_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("xpander_client.worker.channel.heartbeat._STUCK_AFTER", 0.02)
    heard, goes_on = threading.Event(), asyncio.Event()
    told: list[Any] = []

    def take(connection: Connection) -> None:
        said = json.loads(connection.request.partition("\r\n\r\n")[2])
        if said["event"] == "worker-capacity-update":
            told.append(said["data"])
            heard.set()
        connection.answer(b"", 204, "connection: close")

    with RawServer(*[take] * 1000) as server:
        transport = Transport.of(server.configuration())
        heartbeat = Heartbeat(
            transport,
            "agent",
            interval=0.01,
            list_running=lambda: ["task-1"],
            on_told_busy=goes_on.set,
        )
        heartbeat.start("worker-1")
        assert not heartbeat.was_stuck()
        assert heard.wait(10)  # as a handler that blocks the loop
        assert heartbeat.was_stuck()
        await asyncio.wait_for(goes_on.wait(), 10)
        heartbeat.stop()
    assert told[0] == {"is_busy": True, "running": ["task-1"]}
