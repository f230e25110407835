"""What an agent's record and a task for it say, whichever framework the agent is made with."""

from __future__ import annotations

import json
from typing import Any

import attrs

from xpander_client.api.models import AgentInstructions, OutputFormat
from xpander_client.api.resources import Agent, Task


@attrs.frozen
class AgentSettings:
    """An agent's settings for a task; the task's wishes come first.

    What the task itself says is in `task.to_message()` and not said again here.
    """

    agent: Agent
    task: Task | None

    @property
    def model_provider(self) -> str | None:
        """The provider of the model, by the platform's name."""
        own = None if self.task is None else self.task.llm_model_provider
        return own or self.agent.model_provider

    @property
    def model_name(self) -> str | None:
        """The model, by the provider's name."""
        own = None if self.task is None else self.task.llm_model_name
        return own or self.agent.model_name

    @property
    def output_schema(self) -> dict[str, Any] | None:
        """The JSON Schema of a JSON result."""
        own = None if self.task is None else self.task.output_schema
        return own or self.agent.output_schema

    @property
    def output_format(self) -> OutputFormat | None:
        """The format of the result."""
        if self.task is not None:
            if self.task.output_format:
                return self.task.output_format
            if self.task.output_schema:
                return OutputFormat.Json
        return self.agent.output_format or (OutputFormat.Json if self.output_schema else None)

    @property
    def expected_output(self) -> str | None:
        """A description of a good result, unless the task has one of its own."""
        if self.task is not None and self.task.expected_output:
            return None
        return self.agent.expected_output

    @property
    def paragraphs(self) -> list[str]:
        """The agent's instructions."""
        return _write_paragraphs(self.agent.instructions)

    @property
    def prompt(self) -> str:
        """The agent's instructions, with what is to come out, for frameworks that take a text."""
        told = self.paragraphs
        if self.expected_output:
            told.append(f"Expected output: {self.expected_output}")
        if self.output_format is OutputFormat.Json:
            told.append("Answer with JSON and nothing else.")
            if self.output_schema:
                told.append(f"The JSON has to fit this schema: {json.dumps(self.output_schema)}")
        elif self.output_format is OutputFormat.Markdown:
            told.append("Answer in Markdown.")
        return "\n\n".join(told)


def _write_paragraphs(instructions: AgentInstructions | None) -> list[str]:
    if instructions is None:
        return []
    goals = "\n".join(f"- {goal}" for goal in instructions.goal or ())
    paragraphs = [
        instructions.general or "",
        "\n".join(instructions.role or ()),
        f"Goals:\n{goals}" if goals else "",
    ]
    return [paragraph for paragraph in paragraphs if paragraph]
