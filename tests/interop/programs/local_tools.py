"""A worker with tools of its own, one sync and one async, that its agent's model may call."""

from agno.agent import Agent
from xpander_sdk import Backend, Task, on_task, register_tool


@register_tool
def add_numbers(first: int, second: int) -> int:
    """Add two numbers."""
    print(f"> {first} + {second}", flush=True)
    return first + second


@register_tool
async def greet(name: str, politely: bool = True) -> str:
    """Greet somebody."""
    return f"Good day, {name}" if politely else f"Hi {name}"


@on_task
async def answer(task: Task) -> Task:
    arguments = await Backend(configuration=task.configuration).aget_args(task=task)
    arguments.pop("_xpander_hidden_mcp_toolkits", None)  # which agno does not know
    agent = Agent(**arguments)
    task.result = (await agent.arun(input=task.to_message())).content
    return task
