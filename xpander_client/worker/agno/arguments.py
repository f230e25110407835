"""What `agno.agent.Agent` is made with, out of an agent's record and a task for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from xpander_client.api.models import AgentInstructions, OutputFormat
from xpander_client.api.resources import Agent, Task
from xpander_client.extras import missing
from xpander_client.worker.agno.models import load_model


def require_agno() -> None:
    """Make sure that agno can be imported.

    Raises:
        ConfigurationError: it can't; says what to install.
    """
    try:
        import_module("agno.agent")
    except ModuleNotFoundError as error:
        raise missing(error, "agno", "an agno agent") from error


def arguments(
    agent: Agent,
    task: Task | None,
    tools: Sequence[Any],
    override: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the keyword arguments; what is in `override` comes as it is there.

    What the task itself says is in `task.to_message()` and not said again here.

    Raises:
        ConfigurationError: the agent's model can't be used, and is not overridden.
    """
    made: dict[str, Any] = {
        "id": agent.id,
        "name": agent.name,
        "description": agent.description,
        "tools": list(tools),
        "telemetry": False,
    }
    told = _instructions(agent.instructions)
    wanted, schema = _output(agent, task)
    if wanted is OutputFormat.Markdown:
        made["markdown"] = True
    elif wanted is OutputFormat.Json and schema:
        # Schemas of tasks are often informal; JSON mode takes any, from every provider.
        made["output_schema"] = schema
        made["use_json_mode"] = True
    elif wanted is OutputFormat.Json:
        told.append("Answer with JSON and nothing else.")
    made["instructions"] = "\n\n".join(told)
    if task is None or not task.expected_output:
        made["expected_output"] = agent.expected_output
    if task is not None:
        # Tasks of one conversation share a session.
        made["session_id"] = task.conversation_id or task.id
        made["user_id"] = task.input.user.id if task.input.user is not None else None
        made["tool_call_limit"] = task.tool_call_limit
    if "model" not in override:
        made["model"] = _model(agent, task)
    given = {name: value for name, value in made.items() if value is not None and value != ""}
    return {**given, **override}


def _model(agent: Agent, task: Task | None) -> Any:
    provider, name = agent.model_provider, agent.model_name
    if task is not None:
        provider = task.llm_model_provider or provider
        name = task.llm_model_name or name
    return load_model(provider, name, agent.id)


def _instructions(instructions: AgentInstructions | None) -> list[str]:
    """Return what the agent is told, in paragraphs."""
    if instructions is None:
        return []
    goals = "\n".join(f"- {goal}" for goal in instructions.goal or ())
    paragraphs = [
        instructions.general or "",
        "\n".join(instructions.role or ()),
        f"Goals:\n{goals}" if goals else "",
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def _output(agent: Agent, task: Task | None) -> tuple[OutputFormat | None, dict[str, Any] | None]:
    """Return the form of the result, and the schema if it is JSON. The task's wishes come first."""
    wanted, schema = agent.output_format, agent.output_schema
    if task is not None:
        schema = task.output_schema or schema
        wanted = task.output_format or (OutputFormat.Json if task.output_schema else wanted)
    return wanted or (OutputFormat.Json if schema else None), schema
