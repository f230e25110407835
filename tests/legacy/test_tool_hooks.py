"""Hooks around the tools that a script's loop runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.legacy.conftest import Desk
from tests.worlds import World
from xpander_client import (
    ToolCall,
    ToolCallType,
    on_tool_after,
    on_tool_before,
    on_tool_error,
)
from xpander_client.tools import ToolHooksRegistry

heard: list[Any] = []


@pytest.fixture(autouse=True)
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    heard.clear()
    for name in ("_before_hooks", "_after_hooks", "_error_hooks"):
        monkeypatch.setattr(ToolHooksRegistry, name, [])

    @on_tool_before
    def before(tool: Any, payload: Any, *about: Any) -> None:
        heard.append(("before", tool.id, tool.is_local, about[1]))
        if tool.id != "break_down":
            payload.get("bodyParams", payload).setdefault("city", "Rome")

    @on_tool_after
    async def after(tool: Any, *about: Any) -> None:
        heard.append(("after", tool.id, about[-1]))

    @on_tool_error
    def error(tool: Any, *about: Any) -> None:
        heard.append(("error", tool.id, str(about[-1])))


def test_a_script_runs_its_tools_and_those_of_the_platform_with_hooks(
    world: World, desk: Desk
) -> None:
    def greet(city: str) -> str:
        """Greet a city."""
        return f"Hello {city}"

    agent = desk.client().agents.get("agent-a")
    agent.add_local_tools([greet])
    world.run(agent, "add_task", "hello")
    weather, hello, broken = world.run(
        agent,
        "run_tools",
        [
            ToolCall("get_weather", tool_call_id="call-1"),
            ToolCall("greet", ToolCallType.LOCAL, {}, "call-2"),
            ToolCall("break_down", tool_call_id="call-3"),
        ],
    )
    assert (weather.result, hello.result) == ({"city": "Rome", "degrees": 20}, "Hello Rome")
    assert broken.is_error is True
    assert ("before", "get_weather", False, "call-1") in heard
    assert ("after", "get_weather", {"city": "Rome", "degrees": 20}) in heard
    assert ("before", "greet", True, "call-2") in heard
    assert ("after", "greet", "Hello Rome") in heard
    [told] = [text for kind, tool, text, *_ in heard if kind == "error"]
    assert "the machine is out of order" in told
