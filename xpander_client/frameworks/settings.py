"""What an agent is made of, whichever framework makes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs

from xpander_client.api.models import AgentInstructions, OutputFormat
from xpander_client.frameworks.tools import ToolCaller
from xpander_client.tools import Tool


@attrs.frozen(kw_only=True)
class AgentSettings:
    """An agent's settings, for one task or for any. What the task says in words is not in here."""

    id: str
    name: str
    identifier: str
    """The name, for frameworks that take no other than Python does."""
    description: str | None
    instructions: AgentInstructions | None
    model_provider: str | None
    """By the platform's name."""
    model_name: str | None
    """By the provider's name."""
    output_format: OutputFormat | None
    output_schema: dict[str, Any] | None
    """The JSON Schema of a JSON result."""
    expected_output: str | None
    """A description of a good result."""
    session_id: str | None = None
    """The conversation that it goes on with."""
    user_id: str | None = None
    tool_call_limit: int | None = None
    tools: Sequence[Tool]
    caller: ToolCaller
    """On whose behalf the tools are called."""

    @property
    def paragraphs(self) -> list[str]:
        """The agent's instructions."""
        if self.instructions is None:
            return []
        goals = "\n".join(f"- {goal}" for goal in self.instructions.goal or ())
        paragraphs = [
            self.instructions.general or "",
            "\n".join(self.instructions.role or ()),
            f"Goals:\n{goals}" if goals else "",
        ]
        return [paragraph for paragraph in paragraphs if paragraph]

    @property
    def prompt(self) -> str:
        """The agent's instructions, with what is to come out, for frameworks that take a text."""
        paragraphs = self.paragraphs
        if self.expected_output:
            paragraphs.append(f"Expected output: {self.expected_output}")
        if self.output_format is OutputFormat.Json:
            paragraphs.append("Answer with JSON and nothing else.")
            if self.output_schema:
                paragraphs.append(
                    f"The JSON has to fit this schema: {json.dumps(self.output_schema)}"
                )
        elif self.output_format is OutputFormat.Markdown:
            paragraphs.append("Answer in Markdown.")
        return "\n\n".join(paragraphs)
