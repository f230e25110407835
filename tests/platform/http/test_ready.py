"""Whether a platform can work now, for whoever decides where requests go."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from xpander_client.platform import LocalPlatform
from xpander_client.platform.app import Platform
from xpander_client.platform.http import health
from xpander_client.platform.stores.sqlite.store import SqliteStore


@pytest.fixture(params=[0.0])
async def platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Platform]:
    """A platform that looks again after so many seconds."""
    monkeypatch.setattr(health, "FRESH", request.param)
    platform = Platform(SqliteStore(tmp_path / "store.db"), {"k": "acme"})
    await platform.start()
    yield platform
    await platform.stop()


async def get(platform: Platform, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=platform.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path)


def assert_not_ready(answer: httpx.Response, reason: str) -> None:
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert reason in answer.json()["detail"]


def test_a_platform_is_ready_when_it_serves_and_needs_no_key_to_say_so() -> None:
    with LocalPlatform(organization_id="acme") as platform:
        for path in ("/ready", "/acme/ready"):
            answer = httpx.get(platform.url + path)
            assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
        assert httpx.head(platform.url + "/ready").status_code == 200
        assert httpx.post(platform.url + "/ready").status_code == 405
        assert httpx.get(platform.url + "/agents/ready").status_code == 401


@pytest.mark.parametrize("platform", [3600.0], indirect=True)
async def test_the_store_is_read_once_for_all_who_ask_at_about_the_same_time(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    for name in ("doc_get", "waiting"):
        read = getattr(platform.store, name)

        async def counted(*arguments: Any, name: str = name, read: Any = read) -> Any:
            reads.append(name)
            return await read(*arguments)

        monkeypatch.setattr(platform.store, name, counted)
    for path, name in (("/ready", "doc_get"), ("/metrics", "waiting")):
        for _ in range(3):
            answers = await asyncio.gather(*(get(platform, path) for _ in range(20)))
            assert {answer.status_code for answer in answers} == {200}
        assert reads.count(name) == 1


async def test_a_platform_that_stops_is_not_ready_but_there(platform: Platform) -> None:
    assert (await get(platform, "/ready")).status_code == 200
    platform.end_streams()
    assert_not_ready(await get(platform, "/ready"), "stopping")
    assert (await get(platform, "/health")).status_code == 200


async def test_a_store_that_is_away_makes_the_platform_not_ready(platform: Platform) -> None:
    await platform.store.close()
    assert_not_ready(await get(platform, "/ready"), "the store is closed")
    await platform.store.open()
    assert (await get(platform, "/ready")).status_code == 200


async def test_a_store_that_does_not_answer_in_time_makes_the_platform_not_ready(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(platform.store, "doc_get", never)
    assert_not_ready(await get(platform, "/ready"), "did not answer within 0.05 s")


async def test_a_store_that_fails_makes_the_platform_not_ready_and_the_log_says_why(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(platform.store, "doc_get", broken)
    with caplog.at_level(logging.WARNING):
        assert_not_ready(await get(platform, "/ready"), "can't be read")
    assert "disk I/O error" in caplog.text
