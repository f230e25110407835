"""Hooks around the runs of tools, sync and async, of functions and of the platform's tools."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds import World
from xpander_client import ArgumentError
from xpander_client.platform import LocalPlatform
from xpander_client.tools import (
    Tool,
    ToolHooksRegistry,
    on_tool_after,
    on_tool_before,
    on_tool_error,
)

heard: list[Any] = []


@pytest.fixture(autouse=True)
def no_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    heard.clear()
    for hooks in ("_before_hooks", "_after_hooks", "_error_hooks"):
        monkeypatch.setattr(ToolHooksRegistry, hooks, [])


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    tools = [{"id": "read_csv", "description": "Reads a CSV file."}, {"id": "fails"}]
    functions = {"read_csv": read_csv, "fails": fails}
    with LocalPlatform(agents=[{"id": "sales", "tools": tools}], tools=functions) as platform:
        yield platform


def read_csv(**payload: Any) -> dict[str, Any]:
    return {"rows": 4, **payload}


def fails(**payload: Any) -> None:
    raise ValueError("there is no such file")


async def add(a: int, b: int = 1) -> int:
    return a + b


def local(function: Any) -> Tool:
    name = getattr(function, "__name__", "tool")
    return Tool(id=name, name=name, is_local=True, fn=function)


def listen() -> None:
    """Register a sync and an async hook of each kind, which write down what they hear."""

    @on_tool_before
    def before(*about: Any) -> None:
        heard.append(("before", *about))

    @on_tool_before()
    async def before_async(
        tool: Tool, payload: Any, payload_extension: Any, tool_call_id: Any, agent_version: Any
    ) -> None:
        heard.append(("before, async", payload))

    @on_tool_after(configuration=None)
    async def after(
        tool: Tool,
        payload: Any,
        payload_extension: Any = None,
        tool_call_id: Any = None,
        agent_version: Any = None,
        result: Any = None,
    ) -> None:
        heard.append(("after", tool.name, result))

    @on_tool_error
    def error(tool: Tool, *about: Any) -> None:
        heard.append(("error", tool.name, about[-1]))


def test_hooks_are_called_in_their_order_with_what_the_tool_is_given(world: World) -> None:
    listen()
    tool = local(add)
    result = world.run(
        tool, "invoke", "sales", {"a": 1}, 3, {"more": True}, tool_call_id="call-1", task_id="t"
    )
    assert heard == [
        ("before", tool, {"a": 1}, {"more": True}, "call-1", 3),
        ("before, async", {"a": 1}),
        ("after", "add", 2),
    ]
    assert (result.result, result.is_success, result.is_error, result.is_local) == (
        *(2, True, False),
        True,
    )
    assert (result.tool_id, result.task_id, result.tool_call_id) == ("add", "t", "call-1")


def test_hooks_hear_of_a_tool_that_fails_and_the_caller_gets_a_result(world: World) -> None:
    listen()
    result = world.run(local(fails), "invoke", "sales", {})
    assert [kind for kind, *_ in heard] == ["before", "before, async", "error"]
    kind, name, error = heard[-1]
    assert (kind, name, type(error), str(error)) == (
        *("error", "fails", ValueError),
        "there is no such file",
    )
    assert (result.is_success, result.is_error, result.status_code, result.result) == (
        *(False, True, 500),
        "there is no such file",
    )


def test_hooks_run_around_a_tool_of_the_platform(platform: LocalPlatform, world: World) -> None:
    listen()
    tool = Tool(id="read_csv", name="read_csv", configuration=platform.configuration)
    result = world.run(
        tool, "invoke", "sales", {"url": "a.csv"}, payload_extension={"region": "north"}
    )
    assert result.result == {"rows": 4, "url": "a.csv", "region": "north"}
    assert heard[0] == ("before", tool, {"url": "a.csv"}, {"region": "north"}, None, None)
    assert heard[-1] == ("after", "read_csv", result.result)
    failed = Tool(id="fails", name="fails")
    failed.set_configuration(platform.configuration)
    result = world.run(failed, "invoke", "sales", {})
    assert (result.is_error, result.status_code) == (True, 424)
    assert result.text == "the tool fails failed: there is no such file"
    assert heard[-1][:2] == ("error", "fails")


def test_a_hook_that_raises_is_logged_and_holds_nothing_up(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    @on_tool_before
    def breaks(*about: Any) -> None:
        raise RuntimeError("the hook is broken")

    listen()

    @on_tool_after
    async def breaks_later(*about: Any) -> None:
        raise RuntimeError("this one, too")

    assert world.run(local(add), "invoke", "sales", {"a": 1}).is_success is True
    assert [kind for kind, *_ in heard] == ["before", "before, async", "after"]
    assert "the before hook breaks failed" in caplog.text
    assert "this one, too" in caplog.text


def test_what_a_hook_changes_in_payload_and_result_counts(world: World) -> None:
    @on_tool_before
    def cap(tool: Tool, payload: Any, *about: Any) -> None:
        payload["limit"] = min(payload["limit"], 10)

    @on_tool_after
    def redact(*about: Any) -> None:
        about[-1].pop("secret")

    def search(limit: int) -> dict[str, Any]:
        return {"found": limit, "secret": "s"}

    assert world.run(local(search), "invoke", "sales", {"limit": 99}).result == {"found": 10}


def test_a_decorated_hook_stays_the_function_that_it_is() -> None:
    def hook(*about: Any) -> None:
        heard.append("called")

    assert on_tool_before(hook) is hook
    assert on_tool_error()(hook) is hook
    hook()
    assert heard == ["called"]
    with pytest.raises(ArgumentError, match="a hook is a function, not int"):
        on_tool_after(5)  # type: ignore[call-overload]


async def test_on_a_loop_a_sync_tool_gets_a_thread_and_a_hook_none() -> None:
    threads: dict[str, int] = {}
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="")

    @on_tool_before
    def hook(*about: Any) -> None:
        threads["hook"] = threading.get_ident()
        name.set("set by the hook")

    def tool() -> str:
        threads["tool"] = threading.get_ident()
        return name.get()

    result = await local(tool).ainvoke("sales", None)
    assert result.result == "set by the hook"
    assert threads["hook"] == threading.get_ident() != threads["tool"]


def test_sync_code_in_an_async_tool_is_told_to_await_an_async_one() -> None:
    async def outer() -> str:
        return local(add).invoke("sales", {"a": 1}).text

    result = local(outer).invoke("sales", {})
    assert "add is async" in result.text


def test_a_tool_without_a_function_says_so(world: World) -> None:
    result = world.run(Tool(id="t", name="t", is_local=True), "invoke", "sales", {})
    assert result.result == "the tool t is local and has no function: give it one as fn"


def test_arguments_are_made_what_the_function_says_and_others_are_refused(world: World) -> None:
    tool = local(add)
    assert tool.parameters == {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 1}},
        "required": ["a"],
    }
    assert world.run(tool, "invoke", "sales", {"a": "4"}).result == 5
    result = world.run(tool, "invoke", "sales", {"b": "x"})
    assert (result.status_code, result.result) == (
        500,
        "Invalid payload for tool 'add': b: expected an integer, got \"x\"",
    )
