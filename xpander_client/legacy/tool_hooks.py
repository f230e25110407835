"""The hooks around the tools that a script runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xpander_client.core.result import value_text
from xpander_client.core.steps import Steps
from xpander_client.errors import ModuleException
from xpander_client.legacy.driven_agent import DrivenAgent
from xpander_client.legacy.operations import Ran
from xpander_client.legacy.providers.tool_call import ToolCall
from xpander_client.tools.hooks import ToolHooksRegistry
from xpander_client.tools.tool import Tool


def call_hooks(
    agent: DrivenAgent, call: ToolCall, extension: Mapping[str, Any] | None, run: Steps[Ran]
) -> Steps[Ran]:
    """Run a tool with the hooks around it, if there are any.

    One whose arguments can't be read is not run, and no hook hears of it.
    """
    if not ToolHooksRegistry.has_hooks() or call.malformed is not None:
        return (yield from run)
    about = (
        _find_tool(agent, call.name),
        call.payload,
        dict(extension or {}),
        call.tool_call_id,
        agent.version,
    )
    yield from ToolHooksRegistry.call_before(*about)
    done = yield from run
    answer = done.result
    if answer.is_success:
        yield from ToolHooksRegistry.call_after(*about, answer.result)
    else:
        error = ModuleException(answer.status_code, value_text(answer.result))
        yield from ToolHooksRegistry.call_error(*about, error)
    return done


def _find_tool(agent: DrivenAgent, name: str) -> Tool:
    found = agent.definition.tools.get_tool_by_id(name)
    if found is not None:
        return found
    local = next((each for each in agent.local if each.tool.name == name), None)
    if local is None:
        return Tool(id=name, name=name)
    parameters = local.tool.parameters
    return Tool(
        id=name,
        name=name,
        description=local.tool.description,
        parameters=None if parameters is None else dict(parameters),
        is_local=True,
        fn=local.function,
    )
