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
    from xpander_client.tools.payload_model import (
        build_model_from_schema as build_model_from_schema,
    )
    from xpander_client.tools.register import register_tool as register_tool
    from xpander_client.tools.repository import ToolsRepository as ToolsRepository
    from xpander_client.tools.result import ToolInvocationResult as ToolInvocationResult
    from xpander_client.tools.tool import Tool as Tool

_HOMES = {
    "xpander_client.tools.hooks": (
        "ToolHooksRegistry",
        "on_tool_after",
        "on_tool_before",
        "on_tool_error",
    ),
    "xpander_client.tools.payload_model": ("build_model_from_schema",),
    "xpander_client.tools.register": ("register_tool",),
    "xpander_client.tools.repository": ("ToolsRepository",),
    "xpander_client.tools.result": ("ToolInvocationResult",),
    "xpander_client.tools.tool": ("Tool",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)
