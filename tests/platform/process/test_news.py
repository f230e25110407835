"""What the person who runs a platform hears of."""

from collections.abc import AsyncIterator

import pytest

from tests.platform.conftest import QUICK
from xpander_client.platform.app import Platform
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.process.news import News
from xpander_client.platform.stores.addresses import store_at


@pytest.fixture
async def platform(address: str) -> AsyncIterator[Platform]:
    platform = Platform(store_at(address), {"k": "acme"}, settings=QUICK)
    await platform.start()
    yield platform
    await platform.stop()


async def test_what_changed_since_the_last_look_is_told_once(platform: Platform) -> None:
    told: list[str] = []
    news = News(platform, told.append)

    async def heard(looks: int = 3) -> list[str]:
        told.clear()
        for _ in range(looks):
            await news.look()
        return [*told]

    async def put(agent: str, task: str) -> None:
        await platform.store.put("acme", agent, {"input": {}}, task_id=task)

    async def join(worker: str) -> None:
        session = await platform.dispatch.register(
            "acme", "sales", environment=None, peer="", worker_id=worker
        )
        sessions[worker] = session

    sessions: dict[str, WorkerSession] = {}
    assert await heard() == []
    for number in range(3):
        await put("sales", f"task-{number}")
    assert await heard(1) == []
    [line] = await heard()
    assert line.startswith("a task of agent sales waits, and no worker serves it")
    await put("sales", "task-3")
    await put("mail", "task-4")
    [line] = await heard()
    assert line.startswith("a task of agent mail waits")
    await join("one")
    assert await heard() == ["worker one takes tasks of agent sales"]
    platform.dispatch.leave(sessions["one"])
    left, waits = await heard()
    assert left == "worker one of agent sales left"
    assert waits.startswith("a task of agent sales waits")
