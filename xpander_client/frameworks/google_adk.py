"""An agent as the Agent Development Kit's: the arguments of `google.adk.agents.Agent`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from xpander_client.core import model_providers as providers
from xpander_client.core.result import plain
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
    """Return the keyword arguments of `google.adk.agents.Agent`, whose tools are async.

    Raises:
        ConfigurationError: the kit is not installed, or the agent's model can't be used and is not
            overridden.
    """
    prompt = settings.prompt

    def instruct(context: Any) -> str:
        # In a text the kit would put values of the session in place of what stands in braces.
        return prompt

    made: dict[str, Any] = {
        "name": settings.identifier,
        "description": settings.description,
        "instruction": instruct,
        "tools": [*_make_tools(settings), *tools],
    }
    if "model" not in override:
        made["model"] = _load_model(settings)
    return made


def _make_tools(settings: AgentSettings) -> list[Any]:
    try:
        base: Any = import_module("google.adk.tools").BaseTool
    except ModuleNotFoundError as error:
        raise missing("google-adk", "google-adk", "an agent of Google's ADK") from error
    types = import_module("google.genai").types

    class PlatformTool(base):  # type: ignore[misc]  # the class is there only at run time
        def __init__(self, offered: OfferedTool) -> None:
            super().__init__(name=offered.name, description=offered.description)
            self._offered = offered

        def _get_declaration(self) -> Any:
            return types.FunctionDeclaration(
                name=self.name,
                description=self.description,
                parameters_json_schema=self._offered.parameters,
            )

        async def run_async(self, *, args: dict[str, Any], tool_context: Any) -> Any:
            result = await self._offered.acall(args, tool_context.function_call_id)
            # A tool that raises would end the run, and the model may know what to do instead.
            return {"error": result.text} if result.is_error else plain(result.result)

    return [PlatformTool(tool) for tool in offer_tools(settings.tools, settings.caller)]


def _load_model(settings: AgentSettings) -> Any:
    prefix, name = find_model(settings, LITELLM)
    if (settings.model_provider or "").lower() == providers.GOOGLE.platform:
        return name
    try:
        make = import_module("google.adk.models.lite_llm").LiteLlm
    except ImportError as error:
        raise missing_package(settings.model_provider, "litellm") from error
    return make(model=f"{prefix}/{name}")
