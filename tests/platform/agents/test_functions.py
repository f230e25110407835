"""Tools that the platform runs: functions of the program that started it."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.worlds import World
from xpander_client import Agents, ApiStatusError, ConfigurationError
from xpander_client.platform import LocalPlatform
from xpander_client.platform.agents.functions import Tool

THREADS: list[str] = []


def add(a: int, b: int = 1) -> dict[str, int]:
    THREADS.append(threading.current_thread().name)
    return {"sum": a + b}


async def later(**fields: Any) -> dict[str, Any]:
    await asyncio.sleep(0)
    return fields


def lazily(**fields: Any) -> Any:
    """Async, but only its result says so."""
    return later(**fields)


def broken(**_: Any) -> None:
    raise ValueError("there is no such file")


def headed(headers: dict[str, str]) -> dict[str, Any]:
    return {"headers": headers}


def odd() -> object:
    return {1: {"a"}, "mean": float("nan"), "name": "caf\udce9"}


TOOLS: dict[str, Tool] = {
    "add": add,
    "later": later,
    "lazily": lazily,
    "broken": broken,
    "odd": odd,
    "headed": headed,
}


@pytest.fixture(scope="module")
def served() -> Iterator[LocalPlatform]:
    agent = {"id": "sales", "tools": [*TOOLS, "described"]}
    with LocalPlatform(
        settings=QUICK, organization_id="acme", agents=[agent, "other"], tools=TOOLS
    ) as platform:
        yield platform


@pytest.fixture
def http(served: LocalPlatform) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, headers={"x-api-key": served.api_key}) as http:
        yield http


def call(http: httpx.Client, tool: str, payload: Any = None, **headers: str) -> httpx.Response:
    return http.post(f"/agents/sales/operations/{tool}", json=payload or {}, headers=headers)


def test_the_payloads_fields_are_keywords_and_what_a_tool_returns_is_the_answer(
    http: httpx.Client,
) -> None:
    answer = call(http, "add", {"a": 2, "b": 3})
    assert (answer.status_code, answer.json()) == (200, {"sum": 5})
    assert call(http, "add", {"a": 2}).json() == {"sum": 3}


@pytest.mark.parametrize("tool", ["later", "lazily"])
def test_async_tools_are_awaited(http: httpx.Client, tool: str) -> None:
    assert call(http, tool, {"x": [1, None]}).json() == {"x": [1, None]}


def test_a_sync_tool_does_not_run_on_the_platforms_event_loop(http: httpx.Client) -> None:
    THREADS.clear()
    call(http, "add", {"a": 1})
    assert THREADS
    assert THREADS != ["xpander-platform"]


def test_a_tool_that_raises_is_an_error_with_its_text(http: httpx.Client) -> None:
    answer = call(http, "broken")
    assert answer.status_code == 424
    assert answer.json() == {"detail": "the tool broken failed: there is no such file"}


def test_a_tool_that_ran_has_succeeded_whatever_it_returns(http: httpx.Client) -> None:
    answer = call(http, "odd")
    assert answer.status_code == 200
    assert answer.json() == {"1": ["a"], "mean": None, "name": r"caf\udce9"}


@pytest.mark.parametrize("payload", [{}, {"a": 1, "c": 2}])
def test_a_payload_that_a_tool_does_not_take_is_refused(
    http: httpx.Client, payload: dict[str, int]
) -> None:
    THREADS.clear()
    answer = call(http, "add", payload)
    assert answer.status_code == 422
    assert answer.json()["path"] == "$"
    assert not THREADS


def test_empty_groups_beside_the_arguments_are_no_arguments(http: httpx.Client) -> None:
    empty: dict[str, Any] = {"body_params": {}, "query_params": {}, "path_params": {}}
    assert call(http, "add", {"a": 2, "b": 3, **empty}).json() == {"sum": 5}
    assert call(http, "headed", {"headers": {}, **empty}).json() == {"headers": {}}
    assert call(http, "add", {"a": 2, "body_params": {"c": 1}}).status_code == 422


def test_a_preflight_check_calls_nothing(http: httpx.Client) -> None:
    THREADS.clear()
    answer = call(http, "add", {"a": 1}, **{"x-preflight-check": "true"})
    assert (answer.status_code, answer.json()) == (200, None)
    assert call(http, "add", {}, **{"x-preflight-check": "true"}).status_code == 422
    assert not THREADS


def test_a_tool_that_nothing_runs_or_that_another_agent_has_is_not_found(
    http: httpx.Client,
) -> None:
    assert call(http, "described").status_code == 404
    assert call(http, "unknown").status_code == 404
    assert http.post("/agents/other/operations/add", json={"a": 1}).status_code == 404


def test_what_is_no_function_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="the tool add"):
        LocalPlatform(tools={"add": "no function"}).start()  # type: ignore[dict-item]


def test_the_client_gets_the_answer_and_the_error(world: World, served: LocalPlatform) -> None:
    agents = Agents(served.configuration)
    assert world.run(agents, "invoke_tool", "sales", "add", {"a": 2}) == {"sum": 3}
    with pytest.raises(ApiStatusError) as raised:
        world.run(agents, "invoke_tool", "sales", "broken", {})
    assert raised.value.status_code == 424
    assert not raised.value.retryable
    assert raised.value.description.endswith("there is no such file")
