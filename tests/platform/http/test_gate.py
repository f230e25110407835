"""What stands before all routes: keys out of the store, and how often they may be used."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.platform.serving import WatchedStore, beside, caller, serving
from tests.platform.wire import create, event, eventually, frames, push, update, worker
from xpander_client import Configuration, Tasks
from xpander_client.platform.app import Platform
from xpander_client.platform.auth import keys
from xpander_client.platform.foundation.settings import Settings


def made(path: Path, **said: Any) -> str:
    """A new key in a store."""

    async def make(store: Any) -> str:
        return (await keys.create(store, "acme", now=1.0, **said))[0]

    return asyncio.run(beside(path, make))


def revoked(path: Path, key: str) -> None:
    async def revoke(store: Any) -> bool:
        return await keys.revoke(store, keys.read_key_id(key), now=2.0)

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


def test_a_worker_goes_on_when_its_key_is_used_up(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key, other = made(path, rate_limit=0.001), made(path)
    with (
        served(path, attrs.evolve(QUICK, rate_burst=5)) as (url, _),
        caller(url, key) as client,
        caller(url, other) as stays,
        worker(client, "sales") as w,
    ):
        create(stays)
        task = w.task()
        while client.get("/agents/list").status_code == 200:
            pass
        assert w.begin(task).status_code == 200
        assert w.beat().status_code == 200
        assert w.say("worker-capacity-update", {"is_busy": False}).status_code == 200
        held = {"x-execution-attempt": str(task["execution_attempts"])}
        assert push(client, task, event("chunk", task["id"], "x"), **held).status_code == 200
        assert w.finish(task).status_code == 200
        # Of tasks that no worker has, it is an application that speaks.
        free = create(stays, "mail")
        assert update(client, free, title="T").status_code == 429
        assert client.get(f"/agent-execution/{task['id']}/status").status_code == 429


def test_two_keys_in_a_request_are_none(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key = made(path)
    with served(path) as (url, _), httpx.Client(base_url=url, verify=False) as client:
        for other in (key, "another"):
            answer = client.get("/agents/list", headers=[("x-api-key", key), ("x-api-key", other)])
            assert (answer.status_code, "more than once" in answer.json()["detail"]) == (400, True)


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


# Who asks -----------------------------------------------------------------------------------------

KEYLESS = ("/health", "/ready", "/metrics")
PASSED_ON = {"x-forwarded-for": "203.0.113.9"}


def test_what_needs_no_key_does_under_a_name_that_a_stranger_gave(tmp_path: Path) -> None:
    with served(tmp_path / "s.db") as (url, _), httpx.Client(base_url=url) as http:
        key, foreign = {"x-api-key": made(tmp_path / "s.db")}, {"host": "evil.test"}
        for path in KEYLESS:
            for name in (path, f"/acme{path}"):
                assert http.get(name).status_code == 200
                assert http.get(name, headers=foreign).status_code == 401
                assert http.get(name, headers=foreign | key).status_code == 200
        assert "allowed host" in http.get("/ready", headers=foreign).json()["detail"]


def test_figures_are_not_shown_to_those_behind_a_proxy_on_this_machine(tmp_path: Path) -> None:
    with served(tmp_path / "s.db") as (url, _), httpx.Client(base_url=url) as http:
        key = {"x-api-key": made(tmp_path / "s.db")}
        for headers in (
            PASSED_ON,
            {"forwarded": "for=192.0.2.1"},
            {"via": "1.1 x"},
            {"host": "up"},
        ):
            assert http.get("/metrics", headers=headers).status_code == 401
            assert http.get("/metrics", headers=headers | key).status_code == 200
            assert http.get("/ready", headers=headers).status_code == 200


def test_an_operator_can_name_hosts_and_show_the_figures_to_all(tmp_path: Path) -> None:
    settings = attrs.evolve(QUICK, allowed_hosts=["Tasks.test"], open_metrics=True)
    with served(tmp_path / "s.db", settings) as (url, _), httpx.Client(base_url=url) as http:
        for path in KEYLESS:
            assert http.get(path, headers={"host": "tasks.test", **PASSED_ON}).status_code == 200
        assert http.get("/ready", headers={"host": "evil.test"}).status_code == 401


def test_what_a_page_of_another_site_sends_changes_nothing(tmp_path: Path) -> None:
    with served(tmp_path / "s.db") as (url, _), caller(url, made(tmp_path / "s.db")) as client:
        for origin, status in (("https://evil.test", 403), ("null", 403), (url, 200)):
            headers = {"origin": origin}
            assert client.get("/agents/list", headers=headers).status_code == 200
            body = {"name": origin}
            answer = client.post("/agents-crud", json=body, headers=headers)
            assert (answer.status_code == 403) == (status == 403)


def test_no_form_of_a_target_is_a_fault(tmp_path: Path) -> None:
    with served(tmp_path / "s.db") as (url, _):
        host, port = url.removeprefix("http://").split(":")
        for target in ("*", "//", "/", "http://a/", "/%00", "/a%0Ab", "/acme/%ff", "/?"):
            for key in ("", f"x-api-key: {made(tmp_path / 's.db')}\r\n"):
                with socket.create_connection((host, int(port)), 20) as connection:
                    head = f"OPTIONS {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{key}\r\n"
                    connection.sendall(head.encode())
                    assert connection.recv(100).split()[1] in (b"401", b"404", b"405")


def test_a_path_can_not_write_lines_of_its_own_into_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(WatchedStore, "doc_list", broken)
    monkeypatch.setattr(WatchedStore, "get", broken)
    with served(tmp_path / "s.db") as (url, _), caller(url, made(tmp_path / "s.db")) as client:
        assert client.get("/agent-execution/a%0AERROR forged/status").status_code == 500
    [told] = [each.getMessage() for each in caplog.records if "forged" in each.getMessage()]
    assert "\n" not in told
