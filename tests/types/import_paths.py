"""Lines of programs that name the import paths of the official package."""

from __future__ import annotations

from typing import assert_type

import xpander_client
from xpander_client import KnowledgeBases  # type: ignore[attr-defined]
from xpander_client.exceptions.module_exception import ModuleException
from xpander_client.models.events import Task as Other  # type: ignore[attr-defined]
from xpander_client.models.shared import OutputFormat, Tokens
from xpander_client.modules.agents.sub_modules.agent import Agent
from xpander_client.modules.tasks.sub_modules.task import Task, TaskUpdateEvent
from xpander_client.testing import MockTool  # type: ignore[attr-defined]
from xpander_client.types import AgentExecutionStatus


async def handle(task: Task, agent: Agent) -> None:
    """Take what the paths lead to for the classes of the package."""
    same: xpander_client.Task = task
    assert_type(same.id, str)
    assert_type(agent.name, str)
    agent.get_session("id")  # type: ignore[attr-defined]
    task.status = AgentExecutionStatus.Completed
    task.output_format = OutputFormat.Json
    async for event in task.aevents():
        other: TaskUpdateEvent = event
        print(other.type, Tokens(), ModuleException, KnowledgeBases, MockTool, Other)
