"""An agent as the OpenAI Agents SDK's: the arguments of `agents.Agent`, its model and its tools."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from xpander_client.core import model_providers as providers
from xpander_client.errors import ModuleException
from xpander_client.extras import missing
from xpander_client.worker.frameworks.models import LITELLM, find_model, missing_package
from xpander_client.worker.frameworks.settings import AgentSettings
from xpander_client.worker.frameworks.tools import OfferedTool, offer_tools

# The SDK's own client talks to OpenAI, or to the address in OPENAI_BASE_URL.
_OPENAI = (providers.OPENAI.platform, providers.OPENAI_COMPATIBLE.platform)


def make_arguments(
    settings: AgentSettings,
    tools: Sequence[Any],
    override: Mapping[str, Any],
    *,
    is_async: bool,
) -> dict[str, Any]:
    """Return the keyword arguments of `agents.Agent`; its tools are async in both worlds.

    Raises:
        ConfigurationError: the SDK is not installed, or the agent's model can't be used and is not
            overridden.
    """
    function_tool = _import_agents().function_tool
    made: dict[str, Any] = {
        "name": settings.agent.name,
        "handoff_description": settings.agent.description,
        "instructions": settings.prompt,
        "tools": [
            *_make_tools(settings),
            *(function_tool(tool) if inspect.isroutine(tool) else tool for tool in tools),
        ],
    }
    if "model" not in override:
        made["model"] = _name_model(settings)
    return made


def _make_tools(settings: AgentSettings) -> list[Any]:
    """Make the agent's tools as the SDK's.

    Raises:
        ConfigurationError: the SDK is not installed.
    """
    make = _import_agents().FunctionTool
    return [
        make(
            name=tool.name,
            description=tool.description,
            params_json_schema=tool.parameters,
            on_invoke_tool=_invoker(tool),
            # Strict mode takes few schemas, and refuses the request with all of its tools.
            strict_json_schema=False,
        )
        for tool in offer_tools(settings.agent, settings.task)
    ]


def _invoker(tool: OfferedTool) -> Any:
    async def invoke(context: Any, arguments: str) -> str:
        try:
            return await tool.acall(json.loads(arguments or "{}"), context.tool_call_id)
        except (ModuleException, ValueError) as error:
            # A tool that raises ends the run; the model may know what to do instead.
            return f"The tool failed: {error}"

    return invoke


def _import_agents() -> Any:
    try:
        return import_module("agents")
    except ModuleNotFoundError as error:
        raise missing(error, "openai-agents", "an agent of the OpenAI Agents SDK") from error


def _name_model(settings: AgentSettings) -> str:
    prefix, name = find_model(settings, LITELLM)
    if (settings.model_provider or "").lower() in _OPENAI:
        return name
    if find_spec("litellm") is None:
        raise missing_package(settings.model_provider, "litellm")
    return f"litellm/{prefix}/{name}"
