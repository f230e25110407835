"""What stands before all routes: keys out of the store, and how often they may be used."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx

from tests.platform.conftest import QUICK
from tests.platform.serving import WatchedStore, beside, caller, serving
from tests.platform.wire import create, eventually, frames, update, worker
from xpander_client import Configuration, Tasks
from xpander_client.platform import keys
from xpander_client.platform.app import Platform
from xpander_client.platform.settings import Settings


def made(path: Path, **said: Any) -> str:
    """A new key in a store."""

    async def make(store: Any) -> str:
        return (await keys.create(store, "acme", now=1.0, **said))[0]

    return asyncio.run(beside(path, make))


def revoked(path: Path, key: str) -> None:
    async def revoke(store: Any) -> bool:
        return await keys.revoke(store, keys.id_of(key), now=2.0)

    assert asyncio.run(beside(path, revoke))


@contextlib.contextmanager
def served(path: Path, settings: Settings = QUICK) -> Iterator[tuple[str, WatchedStore]]:
    store = WatchedStore(path, settings)
    with serving(Platform(store, None, settings=settings)) as url:
        yield url, store


def test_a_platform_can_be_served_before_there_is_a_key(tmp_path: Path) -> None:
    with served(tmp_path / "s.db") as (url, _):
        assert httpx.get(f"{url}/health").status_code == 200
        with caller(url, "xpk_00000000_" + "0" * 48) as stranger:
            assert stranger.get("/agents/list").status_code == 401
        with caller(url, made(tmp_path / "s.db")) as client:
            assert client.get("/acme/agents/list").json() == []
            assert client.get("/other/agents/list").status_code == 404


def test_a_key_that_is_revoked_is_refused_while_the_platform_is_served(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key = made(path)
    with (
        served(path, attrs.evolve(QUICK, cache_ttl=0.2)) as (url, _),
        caller(url, key) as client,
    ):
        assert client.get("/agents/list").status_code == 200
        revoked(path, key)
        eventually(lambda: client.get("/agents/list").status_code == 401, "it is refused")


def test_streams_of_a_key_that_is_revoked_end_and_those_of_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key, other = made(path), made(path)
    with (
        served(path, attrs.evolve(QUICK, cache_ttl=0.2)) as (url, store),
        caller(url, key) as client,
        caller(url, other) as stays,
        worker(client, "sales") as revoked_worker,
        worker(stays, "mail") as other_worker,
    ):
        task = create(client, "legal")
        events = f"/agent-execution/{task['id']}/events"
        with client.stream("GET", events) as response, stays.stream("GET", events) as followed:
            store.away = True
            reads = store.reads
            eventually(lambda: store.reads >= reads + 4, "keys are looked at, and can't be read")
            store.away = False
            revoked(path, key)
            said = [frame.event for frame in frames(response) if not frame.comment]
            assert said == ["message", "message"], "it ended in order, with nothing more"
            assert revoked_worker.rest() == []
            assert client.get(events).status_code == 401
            update(stays, task, status="completed", result="ok")
            assert list(frames(followed))[-1].data["type"] == "task_finished"
        task = create(stays, "mail")
        assert other_worker.task()["id"] == task["id"]


def test_a_valid_key_is_never_called_wrong_while_the_store_is_away(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key, unused = made(path), made(path)
    with (
        served(path, attrs.evolve(QUICK, cache_ttl=0.5)) as (url, store),
        caller(url, key) as client,
        caller(url, unused) as other,
    ):
        assert client.get("/agents/list").status_code == 200
        store.away = True
        answer = other.get("/agents/list")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        seen = set()

        def is_away() -> bool:
            seen.add(client.get("/agents/list").status_code)
            return 503 in seen

        eventually(is_away, "what was read is not believed for ever")
        assert seen <= {200, 503}
        store.away = False
        assert client.get("/agents/list").status_code == 200


def test_a_flood_of_wrong_keys_reads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key = made(path)
    with served(path) as (url, store), caller(url, key) as client:
        assert client.get("/agents/list").status_code == 200
        store.reads = 0
        for number in range(100):
            for wrong in (key[:-48] + f"{number:048x}", f"k{number}", key[:13]):
                assert client.get("/agents/list", headers={"x-api-key": wrong}).status_code == 401
        assert store.reads == 0


# How often ----------------------------------------------------------------------------------------


def test_too_many_requests_are_429_and_say_when_to_come_back(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    slow, quick = made(path, rate_limit=0.01), made(path)
    with (
        served(path, attrs.evolve(QUICK, rate_burst=5)) as (url, _),
        caller(url, slow) as client,
        caller(url, quick) as other,
    ):
        answers = [client.get("/agents/list") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        told = answers[-1].json()["detail"]
        assert told == "this key may make 0.01 requests a second, and 5 at once"
        # No token comes back in the time of this test: it takes 100 seconds.
        assert answers[-1].headers["retry-after"].isdigit()
        assert 50 < int(answers[-1].headers["retry-after"]) <= 100
        assert {other.get("/agents/list").status_code for _ in range(20)} == {200}
        assert {client.get("/health").status_code for _ in range(20)} == {200}
        assert client.get("/nowhere").status_code == 429


def test_the_client_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key = made(path)
    settings = attrs.evolve(QUICK, rate_limit=4, rate_burst=1)
    with (
        served(path, settings) as (url, _),
        Tasks(Configuration(api_key=key, base_url=url, organization_id="acme")) as tasks,
    ):
        task = tasks.create(agent_id="sales", prompt="x")
        assert tasks.get(task_id=task.id).id == task.id


def test_fixed_keys_are_limited_too(tmp_path: Path) -> None:
    settings = attrs.evolve(QUICK, rate_limit=0.01, rate_burst=3)
    platform = Platform(WatchedStore(tmp_path / "s.db", settings), {"k": "acme"}, settings=settings)
    with serving(platform) as url, caller(url, "k") as client:
        answers = [client.get("/agents/list").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
