"""An agent as Strands': the arguments of `strands.Agent`, its model and its tools."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
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
    """Return the keyword arguments of `strands.Agent`; its tools are async in both worlds.

    Raises:
        ConfigurationError: Strands is not installed, or the agent's model can't be used and is not
            overridden.
    """
    decorate = _import_strands().tool
    made: dict[str, Any] = {
        "agent_id": settings.id,
        "name": settings.name,
        "description": settings.description,
        "system_prompt": settings.prompt,
        "tools": [
            *make_tools(offer_tools(settings.tools, settings.caller)),
            *(decorate(tool) if inspect.isroutine(tool) else tool for tool in tools),
        ],
    }
    if "model" not in override:
        made["model"] = _load_model(settings)
    return made


def make_tools(tools: Iterable[OfferedTool]) -> list[Any]:
    """Make tools of Strands.

    Raises:
        ConfigurationError: Strands is not installed.
    """
    _import_strands()
    make = import_module("strands.tools.tools").PythonAgentTool
    return [make(tool.name, _describe(tool), _runner(tool)) for tool in tools]


def _describe(tool: OfferedTool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": {"json": tool.parameters},
    }


def _runner(tool: OfferedTool) -> Any:
    async def run(tool_use: Any, **invocation_state: Any) -> dict[str, Any]:
        payload = tool_use["input"]
        # The official package describes these tools with one field around the others, and a
        # conversation may have such calls in it, which models go by.
        if payload.keys() == {"payload"} and "payload" not in tool.parameters["properties"]:
            payload = payload["payload"]
        result = await tool.acall(payload, tool_use["toolUseId"])
        return {
            "toolUseId": tool_use["toolUseId"],
            "status": "error" if result.is_error else "success",
            "content": [{"text": result.text}],
        }

    return run


def _load_model(settings: AgentSettings) -> Any:
    prefix, name = find_model(settings, LITELLM)
    # Strands' own classes, where they are made with a name alone; the rest is left to LiteLLM.
    if prefix == "bedrock":
        return import_module("strands.models.bedrock").BedrockModel(model_id=name)
    try:
        if prefix == "openai":
            return import_module("strands.models.openai").OpenAIModel(model_id=name)
        make = import_module("strands.models.litellm").LiteLLMModel
    except ImportError as error:
        package = "openai" if prefix == "openai" else "litellm"
        raise missing_package(settings.model_provider, package) from error
    return make(model_id=f"{prefix}/{name}")


def _import_strands() -> Any:
    try:
        return import_module("strands")
    except ModuleNotFoundError as error:
        raise missing("strands-agents", "strands", "an agent of Strands") from error
