"""The tool calls that a script has to carry out itself."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from xpander_client.legacy.providers.tool_call import ToolCall, ToolCallType


def pending_local_tool_calls(tool_calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Return those of the calls that are for tools of the script, as new objects."""
    return [
        attrs.evolve(call, graph_approved=True)
        for call in tool_calls
        if call.type is ToolCallType.LOCAL and call.malformed is None
    ]
