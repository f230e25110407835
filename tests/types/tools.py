"""Tools and hooks: decorators, an agent's tools, and what their runs give."""

from __future__ import annotations

from typing import Any, assert_type

from xpander_client import (
    Agent,
    Backend,
    Task,
    TaskUpdateEvent,
    Tool,
    ToolInvocationResult,
    ToolsRepository,
    on_auth_event,
    on_tool_after,
    on_tool_before,
    on_tool_error,
    register_tool,
)
from xpander_client.api import AgentTool


@register_tool
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@register_tool(add_to_graph=True)
async def greet(name: str) -> str:
    """Greet somebody."""
    return f"Hello {name}"


@on_tool_before
def before(
    tool: Tool,
    payload: Any,
    payload_extension: dict[str, Any] | None = None,
    tool_call_id: str | None = None,
    agent_version: str | None = None,
) -> None:
    """Look at what a tool is given."""


@on_tool_after()
async def after(*about: Any) -> None:
    """Look at what a tool gave."""


@on_tool_error(configuration=None)
def error(*about: Any) -> None:
    """Look at what went wrong."""


@on_auth_event
async def ask(agent: Agent, task: Task, event: TaskUpdateEvent) -> None:
    """Ask somebody to log in."""


async def use(agent: Agent, tool: Tool, backend: Backend, task: Task) -> None:
    """Decorated functions are what they were, and runs give results."""
    assert_type(add(1, 2), int)
    assert_type(await greet("Ada"), str)
    assert_type(agent.tools, ToolsRepository)
    assert_type(agent.tools[0], AgentTool)
    assert_type(agent.tools.list, list[Tool])
    assert_type(agent.tools.get_tool_by_id("add"), Tool | None)
    agent.tools = [tool]
    assert_type(agent.invoke_tool(tool=tool, payload={}, task_id="t"), ToolInvocationResult)
    assert_type(await agent.ainvoke_tool(tool, {}, {"more": 1}), ToolInvocationResult)
    assert_type(agent.invoke_tool("add", {"a": 1}), Any)
    assert_type(tool.invoke("agent", {}), ToolInvocationResult)
    result = await tool.ainvoke(agent_id="agent", payload={}, task_id="t", task=task)
    assert_type(result.text, str)
    assert_type(result.is_success, bool)
    await backend.aget_args(task=task, auth_events_callback=ask)


def misuse(agent: Agent, tool: Tool) -> None:
    """Each line is one that a type checker has to refuse."""
    add("1")  # type: ignore[arg-type]
    register_tool(5)  # type: ignore[call-overload]
    register_tool(nome="add")  # type: ignore[call-overload]
    on_tool_before(5)  # type: ignore[call-overload]
    tool.invoke()  # type: ignore[call-arg]
    _ = agent.tools.list.nothing  # type: ignore[attr-defined]
    agent.tools = 5  # type: ignore[assignment]


async def frameworks(agent: Agent, backend: Backend) -> None:
    """What frameworks are given."""
    assert_type(backend.get_args(agent=agent, framework="langchain"), dict[str, Any])
    assert_type(await backend.aget_args(framework="strands-agents"), dict[str, Any])
    assert_type(agent.openai_agents_sdk_tools, list[Any])
    assert_type(agent.strands_tools, list[Any])
    backend.get_args(framework=1)  # type: ignore[arg-type]
    agent.strands_tools = []  # type: ignore[misc]
