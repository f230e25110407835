"""Tools of agents and of this process: what they are, how they are run, and hooks around each run.

`@register_tool` makes a tool of a function, `agent.tools` has all tools of an agent, and
`@on_tool_before`, `@on_tool_after` and `@on_tool_error` hear of each run, whoever asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.tools.hooks import (
        ToolHooksRegistry as ToolHooksRegistry,
        on_tool_after as on_tool_after,
        on_tool_before as on_tool_before,
        on_tool_error as on_tool_error,
    )
    from xpander_client.tools.result import ToolInvocationResult as ToolInvocationResult
    from xpander_client.tools.tool import Tool as Tool

_HOMES = {
    "xpander_client.tools.hooks": (
        "ToolHooksRegistry",
        "on_tool_after",
        "on_tool_before",
        "on_tool_error",
    ),
    "xpander_client.tools.result": ("ToolInvocationResult",),
    "xpander_client.tools.tool": ("Tool",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)
