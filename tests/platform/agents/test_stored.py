"""Agents that are kept in the store."""

import asyncio
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.platform.serving import WatchedStore, beside, caller, serving
from tests.platform.tool_server import tool_server
from tests.platform.wire import create, eventually, worker
from xpander_client.errors import ConfigurationError
from xpander_client.platform.agents import stored
from xpander_client.platform.agents.file import parse_agents
from xpander_client.platform.agents.stored import Change
from xpander_client.platform.app import Platform
from xpander_client.platform.stores.base.store import Store

WEATHER = {
    "id": "weather",
    "url": "https://weather.test/{city}?key=s3cr3t",
    "headers": {"Authorization": "Bearer s3cr3t"},
}
SALES = {"id": "sales", "name": "Sales", "tools": [WEATHER], "sub_agents": ["mail"]}


async def apply(store: Store, *agents: Any, now: float = 1.0) -> list[Change]:
    return await stored.apply(store, "acme", parse_agents(agents), now=now)


# In the store -------------------------------------------------------------------------------------


async def test_an_agent_comes_back_as_it_was_described(store: Store) -> None:
    await apply(store, SALES, "mail")
    [agent, _] = parse_agents([SALES, "mail"])
    found = await stored.find_agent(store, "acme", "sales")
    assert found is not None
    assert (found.operations, found.sub_agents) == (agent.operations, agent.sub_agents)
    assert found.wire == {
        **agent.wire,
        "organization_id": "acme",
        "created_at": "1970-01-01T00:00:01.000000+00:00",
        "version": 1,
    }
    assert "s3cr3t" not in str(found.wire)
    assert [each.id for each in await stored.list_agents(store, "acme")] == ["mail", "sales"]
    assert await stored.list_agents(store, "other") == []


async def test_each_change_is_a_version_and_the_same_again_is_none(store: Store) -> None:
    assert await apply(store, SALES, "mail") == [
        Change("sales", "created", 1),
        Change("mail", "created", 1),
    ]
    assert await apply(store, SALES, "mail", now=2.0) == [
        Change("sales", "unchanged", 1),
        Change("mail", "unchanged", 1),
    ]
    other = {**SALES, "tools": [{**WEATHER, "headers": {"Authorization": "Bearer new"}}]}
    assert await apply(store, other, now=3.0) == [Change("sales", "changed", 2)]
    found = await stored.find_agent(store, "acme", "sales")
    assert found is not None
    assert found.operations["weather"].headers == {"Authorization": "Bearer new"}
    assert found.wire["created_at"].startswith("1970-01-01T00:00:01")
    assert found.wire["version"] == 2


async def test_a_file_with_a_fault_changes_nothing(store: Store) -> None:
    await apply(store, "mail")
    for agents, why in (
        (
            [{"id": "a"}, {"id": "b", "sub_agents": ["c"]}],
            "b has the sub-agent c, which is neither",
        ),
        (
            [{"id": "a"}, {"id": "b", "output_schema": {"a": {1: "x"}}}],
            "can't be kept as JSON",
        ),
    ):
        with pytest.raises(ConfigurationError, match=why):
            await apply(store, *agents)
    assert [each.id for each in await stored.list_agents(store, "acme")] == ["mail"]


async def test_work_may_be_handed_to_agents_that_are_there_already(store: Store) -> None:
    await apply(store, "mail")
    assert await apply(store, SALES) == [Change("sales", "created", 1)]


async def test_what_a_yaml_file_has_besides_json_is_the_same_when_it_comes_again(
    store: Store,
) -> None:
    agent = {"id": "a", "output_schema": {"default": datetime.date(2026, 1, 2)}}
    await apply(store, agent)
    assert await apply(store, agent) == [Change("a", "unchanged", 1)]


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    await apply(store, "a")

    class Late:
        """The store, in which somebody is quicker."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def doc_list(self, organization_id: str, kind: str) -> Any:
            found = await store.doc_list(organization_id, kind)
            await apply(store, {"id": "a", "name": "theirs"})
            return found

    late: Any = Late()
    with pytest.raises(ConfigurationError, match="a was changed by somebody else"):
        await apply(late, {"id": "a", "name": "ours"})
    [found] = await stored.list_agents(store, "acme")
    assert found.wire["name"] == "theirs"


async def test_a_removed_agent_is_gone_until_it_is_applied_again(store: Store) -> None:
    await apply(store, SALES, "mail")
    with pytest.raises(ConfigurationError, match="the agent sales hands work to mail"):
        await stored.remove(store, "acme", "mail", now=2.0)
    await stored.remove(store, "acme", "sales", now=2.0)
    await stored.remove(store, "acme", "mail", now=2.0)
    assert await stored.list_agents(store, "acme") == []
    for agent_id in ("sales", "nobody"):
        with pytest.raises(ConfigurationError, match=f"there is no agent {agent_id} in acme"):
            await stored.remove(store, "acme", agent_id, now=2.0)
    with pytest.raises(ConfigurationError, match="sub-agent mail"):
        await apply(store, SALES)
    assert await apply(store, "mail") == [Change("mail", "created", 3)]


async def test_agents_that_earlier_releases_made_are_still_there(store: Store) -> None:
    [agent] = parse_agents(["old"])
    wire = {**agent.wire, "organization_id": "acme", "created_at": "2026-01-02T03:04:05+00:00"}
    await store.doc_put("acme", "agent", "old", wire)
    found = await stored.find_agent(store, "acme", "old")
    assert found is not None
    assert found.wire == wire
    [change] = await apply(store, {"id": "old", "name": "New"})
    assert change == Change("old", "changed", 2)
    [found] = await stored.list_agents(store, "acme")
    assert (found.wire["name"], found.wire["created_at"]) == ("New", wire["created_at"])


# Served -------------------------------------------------------------------------------------------


@attrs.frozen
class Served:
    """A platform that knows what is applied to its store."""

    http: httpx.Client
    store: WatchedStore
    path: Path

    def apply(self, *agents: Any) -> list[Change]:
        async def do(store: Store) -> list[Change]:
            return await apply(store, *agents)

        return asyncio.run(beside(self.path, do))

    def remove(self, agent_id: str) -> None:
        async def do(store: Store) -> None:
            await stored.remove(store, "acme", agent_id, now=2.0)

        asyncio.run(beside(self.path, do))


def platform_of(
    path: Path, *, create_agents: bool = False, cache_ttl: float
) -> tuple[WatchedStore, Platform]:
    settings = attrs.evolve(QUICK, cache_ttl=cache_ttl)
    store = WatchedStore(path, settings)
    platform = Platform(store, {"k": "acme"}, create_agents=create_agents, settings=settings)
    return store, platform


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    store, platform = platform_of(tmp_path / "s.db", cache_ttl=0.1)
    with serving(platform) as url, caller(url, "k") as http:
        yield Served(http, store, tmp_path / "s.db")


def test_an_agent_that_was_not_applied_is_a_404_that_says_what_to_do(served: Served) -> None:
    http = served.http
    for answer in (
        http.post("/agent-execution/sales", json={"input": {"text": "x"}}),
        http.get("/agents/sales"),
        http.get("/agent-execution/executions/history/sales"),
        http.post("/agent-execution/sales/report_task", json={"result": "r"}),
        http.get("/events/sales/", params={"environment": "local"}),
        http.post("/agents/sales/operations/x", json={}),
    ):
        assert answer.status_code == 404
        assert "there is no agent sales" in answer.json()["detail"]
    assert "xpander-client agents apply" in http.get("/agents/sales").json()["detail"]
    assert http.get("/agents/list").json() == []


def test_what_is_applied_is_known_at_once_and_what_changed_soon(served: Served) -> None:
    http = served.http
    assert http.get("/agents/sales").status_code == 404
    served.apply(SALES, "mail")
    assert http.get("/agents/sales").json()["name"] == "Sales"
    create(http, "sales")
    served.apply({**SALES, "name": "Sales 2"})
    eventually(lambda: http.get("/agents/sales").json()["name"] == "Sales 2", "the new name")
    assert http.get("/agents/sales").json()["version"] == 2
    assert [agent["id"] for agent in http.get("/agents/list").json()] == ["mail", "sales"]
    served.remove("sales")
    eventually(lambda: http.get("/agents/sales").status_code == 404, "it is gone")


def test_workers_are_told_the_agents_name(served: Served) -> None:
    served.apply({"id": "sales", "name": "Sales"})
    with worker(served.http, "sales") as listening:
        assert listening.asset["metadata"] == {"name": "Sales", "unique_name": "sales"}


def test_tools_and_sub_agents_work_as_described(served: Served) -> None:
    with tool_server() as tools:
        echo = {"id": "echo", "url": f"{tools.url}/echo/{{city}}", "headers": {"x-secret": "s3"}}
        served.apply({"id": "sales", "tools": [echo], "sub_agents": ["mail"]}, "mail")
        task = create(served.http, "sales")
        path = f"/agents/sales/{task['id']}/operations"
        answer = served.http.post(f"{path}/echo", json={"path_params": {"city": "Rome"}})
        assert (answer.status_code, answer.json()["target"]) == (200, "/echo/Rome")
        direct = served.http.post("/agents/sales/operations/echo", json={"city": "Bonn"})
        assert direct.json()["target"] == "/echo/Bonn"
        handed = served.http.post(
            f"{path}/xpagent-mail", json={"body_params": {"input_task": "write"}}
        )
        child = served.http.get(f"/agent-execution/{handed.json()['execution_id']}/status").json()
        assert child["agent_id"] == "mail"


def test_an_agent_in_use_is_read_once_in_a_while(tmp_path: Path) -> None:
    store, platform = platform_of(tmp_path / "s.db", cache_ttl=3600)
    with serving(platform) as url, caller(url, "k") as http:
        Served(http, store, tmp_path / "s.db").apply("sales")
        for _ in range(20):
            create(http, "sales")
        assert store.reads == 1


def test_where_agents_appear_on_first_use_a_removed_one_does_so_again(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store, platform = platform_of(path, create_agents=True, cache_ttl=0.0)
    with serving(platform) as url, caller(url, "k") as http:
        served = Served(http, store, path)
        create(http, "sales")
        assert served.apply({"id": "sales", "name": "Sales"}) == [Change("sales", "changed", 2)]
        served.remove("sales")
        assert http.get("/agents/list").json() == []
        assert http.get("/agents/sales").json()["name"] == "sales"
