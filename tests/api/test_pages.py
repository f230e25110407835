"""Going through a list in both worlds: what is asked, when, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx
import pytest
import respx

from tests.worlds import World
from xpander_client.api import AgentExecutionStatus, Tasks, TasksListItem
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.errors import ArgumentError, NotFoundError, UnprocessableError

CONFIGURATION = Configuration(
    "secret", "https://platform.test", "acme", retry=RetryPolicy(initial=0.001)
)
BY_AGENT = "/agent-execution/executions/history/agent-1"
BY_USER = "/agent-execution/executions/history/user/user-1"


def page(*ids: str, cursor: str | None = None) -> httpx.Response:
    items = [
        {"id": each, "agent_id": "agent-1", "organization_id": "acme", "status": "pending"}
        for each in ids
    ]
    return httpx.Response(200, json=items, headers={"X-Next-Cursor": cursor} if cursor else {})


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def tasks(world: World) -> Iterator[Tasks]:
    with Tasks(CONFIGURATION) as tasks:
        yield tasks
        world.runner.run(tasks.aclose())


def asked(router: respx.MockRouter) -> list[tuple[str, dict[str, str]]]:
    return [(call.request.url.path, dict(call.request.url.params)) for call in router.calls]


def ids(items: Iterator[Any]) -> list[str]:
    return [item.id for item in items]


def test_each_page_goes_on_where_the_one_before_said(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    pages = [page("5", "4", cursor="c 1"), page("3", "2", cursor="c2"), page("1")]
    router.route().mock(side_effect=pages)
    found = list(world.each(tasks, "iter", agent_id="agent-1", page_size=2))
    assert [item.id for item in found] == ["5", "4", "3", "2", "1"]
    assert {type(item) for item in found} == {TasksListItem}
    assert asked(router) == [
        (BY_AGENT, {"limit": "2"}),
        (BY_AGENT, {"limit": "2", "cursor": "c 1"}),
        (BY_AGENT, {"limit": "2", "cursor": "c2"}),
    ]


@pytest.mark.parametrize(("method", "path"), [("iter", BY_AGENT), ("iter_user_tasks", BY_USER)])
def test_the_filters_go_with_each_page(
    world: World, tasks: Tasks, router: respx.MockRouter, method: str, path: str
) -> None:
    router.route().mock(side_effect=[page("2", cursor="c"), page("1")])
    filters: dict[str, Any] = {
        "parent_task_id": "task-0",
        "triggering_agent_id": "agent-2",
        "status": AgentExecutionStatus.Failed,
        "internal_status": "x y",
    }
    whose = path.rpartition("/")[2]
    if method == "iter":
        filters["user_id"] = "user-1"
    assert ids(world.each(tasks, method, whose, **filters)) == ["2", "1"]
    sent = {**filters, "status": "failed", "limit": "100"}
    assert asked(router) == [(path, sent), (path, {**sent, "cursor": "c"})]


def test_no_page_is_asked_for_before_it_is_needed(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    router.route().mock(side_effect=[page("3", "2", cursor="c"), page("1")])
    found = world.each(tasks, "iter", "agent-1", page_size=2)
    assert len(router.calls) == 0
    assert ids(islice(found, 2)) == ["3", "2"]
    assert len(router.calls) == 1
    assert ids(found) == ["1"]
    assert len(router.calls) == 2


def test_a_platform_without_pages_is_asked_once(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    router.route().mock(return_value=page("3", "2", "1"))
    assert ids(world.each(tasks, "iter", "agent-1", page_size=1)) == ["3", "2", "1"]
    assert len(router.calls) == 1


def test_an_empty_page_is_not_the_end_but_the_missing_cursor_is(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    router.route().mock(side_effect=[page(cursor="c"), page("1", cursor="d"), page()])
    assert ids(world.each(tasks, "iter", "agent-1")) == ["1"]
    assert len(router.calls) == 3


def test_a_page_is_tried_again_as_every_call_is(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    router.route().mock(
        side_effect=[
            page("2", cursor="c"),
            httpx.Response(503),
            httpx.ReadError("broken"),
            page("1"),
        ]
    )
    assert ids(world.each(tasks, "iter", "agent-1")) == ["2", "1"]
    assert [query.get("cursor") for _, query in asked(router)] == [None, "c", "c", "c"]


def test_a_page_that_can_not_be_had_is_an_error_behind_those_that_came(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    refused = httpx.Response(422, json={"detail": "this cursor was not given out"})
    router.route().mock(side_effect=[page("2", cursor="c"), refused])
    found = world.each(tasks, "iter", "agent-1")
    assert next(found).id == "2"
    with pytest.raises(UnprocessableError, match="this cursor was not given out"):
        next(found)
    router.route().mock(return_value=httpx.Response(404, json={"detail": "there is no agent"}))
    with pytest.raises(NotFoundError, match="there is no agent"):
        next(world.each(tasks, "iter", "agent-1"))


@pytest.mark.parametrize("size", [0, -1, 501, 2.5, "7", True, None])
def test_a_wrong_page_size_is_said_at_once(
    world: World, tasks: Tasks, router: respx.MockRouter, size: Any
) -> None:
    for name in ("iter", "iter_user_tasks"):
        method = getattr(tasks, name if world.name == "sync" else f"a{name}")
        with pytest.raises(ArgumentError, match=f"page_size .* from 1 to 500, not {size!r}"):
            method("id-1", page_size=size)
    assert len(router.calls) == 0


def test_the_cursor_of_a_single_page_is_with_its_raw_response(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    router.route().mock(side_effect=[page("2", cursor="c"), page("1")])
    first = world.run(tasks.with_raw_response, "list", "agent-1", limit=1)
    assert (ids(first.parsed), first.next_cursor) == (["2"], "c")
    last = world.run(tasks.with_raw_response, "list", "agent-1", limit=1, cursor=first.next_cursor)
    assert (ids(last.parsed), last.next_cursor) == (["1"], None)


def test_items_of_any_page_load_their_task(
    world: World, tasks: Tasks, router: respx.MockRouter
) -> None:
    router.get(path=BY_AGENT).mock(side_effect=[page("2", cursor="c"), page("1")])
    task = {"input": {"text": "x"}, "created_at": "2026-01-02T03:04:05Z"}
    for each in ("1", "2"):
        answer = {"id": each, "agent_id": "agent-1", "organization_id": "acme", **task}
        router.get(path=f"/agent-execution/{each}/status").respond(json=answer)
    found = list(world.each(tasks, "iter", "agent-1"))
    assert [world.run(item, "load").id for item in found] == ["2", "1"]
