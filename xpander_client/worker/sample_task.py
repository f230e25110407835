"""A made-up task to try a handler with."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.api.models import AgentExecutionInput, OutputFormat
from xpander_client.core.plain_values import PlainValues
from xpander_client.core.serialization import complete


@attrs.frozen(kw_only=True)
class LocalTaskTest(PlainValues):
    """A task to try a handler with once: what is asked, and what kind of result is wanted.

    It takes plain values as well: `input` may be a dict. What can't be is an `ArgumentError`.

    Example:
        >>> trial = LocalTaskTest(
        ...     input=AgentExecutionInput(text="What can you do?"),
        ...     output_format=OutputFormat.Json,
        ...     output_schema={"capabilities": "list of capabilities"},
        ... )
        >>> trial.input.text
        'What can you do?'
    """

    input: AgentExecutionInput
    """What is asked."""
    agent_version: str | int | None = None
    """The agent's version to use, instead of its current one."""
    output_format: OutputFormat | None = None
    """What kind of text the result is."""
    output_schema: dict[str, Any] | None = None
    """What a JSON result looks like."""

    __attrs_post_init__ = complete
