"""A worker that looks on while its agent uses tools: one that works, and one that fails."""

from typing import Any

from agno.agent import Agent
from xpander_sdk import (
    Backend,
    Task,
    Tool,
    on_task,
    on_tool_after,
    on_tool_before,
    on_tool_error,
)


@on_tool_before
def before(
    tool: Tool,
    payload: Any = None,
    payload_extension: dict | None = None,
    tool_call_id: str | None = None,
    agent_version: str | None = None,
) -> None:
    print(f"> before {tool.id} {payload['url']}", flush=True)


@on_tool_after
async def after(
    tool: Tool,
    payload: Any = None,
    payload_extension: dict | None = None,
    tool_call_id: str | None = None,
    agent_version: str | None = None,
    result: Any = None,
) -> None:
    print(f"> after {tool.id} {result}", flush=True)


@on_tool_error
def fail(
    tool: Tool,
    payload: Any = None,
    payload_extension: dict | None = None,
    tool_call_id: str | None = None,
    agent_version: str | None = None,
    error: Exception | None = None,
) -> None:
    print(f"> error {tool.id}", flush=True)


@on_task
async def answer(task: Task) -> Task:
    arguments = await Backend(configuration=task.configuration).aget_args(task=task)
    arguments.pop("_xpander_hidden_mcp_toolkits", None)  # which agno does not know
    agent = Agent(**arguments)
    task.result = (await agent.arun(input=task.to_message())).content
    return task
