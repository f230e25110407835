"""An agent as the OpenAI Agents SDK's: the arguments of `agents.Agent`, its model and its tools."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from xpander_client.extras import missing
from xpander_client.frameworks.models import LITELLM, find_model, missing_package
from xpander_client.frameworks.settings import AgentSettings
from xpander_client.frameworks.tools import OfferedTool, offer_tools


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
        "name": settings.name,
        "handoff_description": settings.description,
        "instructions": settings.prompt,
        "tools": [
            *make_tools(offer_tools(settings.tools, settings.caller)),
            *(function_tool(tool) if inspect.isroutine(tool) else tool for tool in tools),
        ],
    }
    if "model" not in override:
        made["model"] = _name_model(settings)
    return made


def make_tools(tools: Iterable[OfferedTool]) -> list[Any]:
    """Make tools of the SDK.

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
        for tool in tools
    ]


def _invoker(tool: OfferedTool) -> Any:
    async def invoke(context: Any, arguments: str) -> str:
        # A tool that raises would end the run, and the model may know what to do instead.
        try:
            payload = json.loads(arguments or "{}")
        except ValueError as error:
            return f"The tool failed: its arguments are no JSON: {error}"
        result = await tool.acall(payload, context.tool_call_id)
        return f"The tool failed: {result.text}" if result.is_error else result.text

    return invoke


def _import_agents() -> Any:
    try:
        return import_module("agents")
    except ModuleNotFoundError as error:
        raise missing(
            "openai-agents", "openai-agents", "an agent of the OpenAI Agents SDK"
        ) from error


def _name_model(settings: AgentSettings) -> str:
    prefix, name = find_model(settings, LITELLM)
    # The SDK's own client talks to OpenAI, or to the address in OPENAI_BASE_URL.
    if prefix == "openai":
        return name
    if find_spec("litellm") is None:
        raise missing_package(settings.model_provider, "litellm")
    return f"litellm/{prefix}/{name}"
