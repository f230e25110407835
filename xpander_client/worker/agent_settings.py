"""What an agent's record and a task for it say to a framework."""

from __future__ import annotations

import attrs

from xpander_client.api.models import OutputFormat
from xpander_client.api.resources import Agent, Task
from xpander_client.frameworks.settings import AgentSettings
from xpander_client.frameworks.tools import ToolCaller


def read_settings(agent: Agent, task: Task | None) -> AgentSettings:
    """Return the agent's settings; the task's wishes come first.

    What the task itself says is in `task.to_message()` and not said again here.
    """
    settings = AgentSettings(
        id=agent.id,
        name=agent.name,
        identifier=agent.sanitized_name,
        description=agent.description,
        instructions=agent.instructions,
        model_provider=agent.model_provider,
        model_name=agent.model_name,
        output_format=agent.output_format or (OutputFormat.Json if agent.output_schema else None),
        output_schema=agent.output_schema,
        expected_output=agent.expected_output,
        tools=agent.tools.list,
        caller=ToolCaller(agent.id, agent.version),
    )
    if task is None:
        return settings
    by_schema = OutputFormat.Json if task.output_schema else None
    return attrs.evolve(
        settings,
        model_provider=task.llm_model_provider or settings.model_provider,
        model_name=task.llm_model_name or settings.model_name,
        output_format=task.output_format or by_schema or settings.output_format,
        output_schema=task.output_schema or settings.output_schema,
        expected_output=None if task.expected_output else settings.expected_output,
        # Tasks of one conversation share a session.
        session_id=task.conversation_id or task.id,
        user_id=None if task.input.user is None else task.input.user.id,
        tool_call_limit=task.tool_call_limit,
        caller=ToolCaller(agent.id, agent.version, task, task.payload_extension),
    )
