"""Agents that hand work to each other, and their workers, which say what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import attrs

from tests.worker.events import event, finished
from xpander_client import (
    Configuration,
    Task,
    TaskUpdateEvent,
    TaskUpdateEventType,
    ToolCallRequest,
    ToolCallResult,
    Worker,
)
from xpander_client.runtime.loop_thread import LoopThread

CREW: list[dict[str, Any]] = [
    {"id": name, "name": name} for name in ("researcher", "writer", "reviewer")
]


@contextmanager
def run_crew(configuration: Configuration) -> Iterator[None]:
    """Run a worker for each agent of the crew, which says who it is and what it was told."""

    async def answer(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        request = ToolCallRequest(
            request_id="call-1", operation_id="add", tool_name="add", payload={"numbers": [1, 2]}
        )
        yield event(task, TaskUpdateEventType.ToolCallRequest, request)
        result = ToolCallResult(
            request_id="call-1", operation_id="add", tool_name="add", payload={}, result="3"
        )
        yield event(task, TaskUpdateEventType.ToolCallResult, result)
        as_json = task.output_format == "json"
        task.result = '{"sum": 3}' if as_json else f"{task.agent_id} heard {task.input.text}"
        yield finished(task, task)

    async def work() -> None:
        async with AsyncExitStack() as stack:
            for agent in CREW:
                of_agent = attrs.evolve(configuration, agent_id=agent["id"])
                await stack.enter_async_context(Worker(answer, of_agent))
            await asyncio.Event().wait()

    thread = LoopThread("crew")
    working = thread.submit(work())
    try:
        yield
    finally:
        working.cancel()
        thread.stop()
