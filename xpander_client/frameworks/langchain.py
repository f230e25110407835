"""An agent as LangChain's: the arguments of `langchain.agents.create_agent`, its model and tools.

`create_agent` makes a graph of LangGraph, and graphs of one's own take the same model and tools.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from xpander_client.core import model_providers as providers
from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.frameworks.models import find_model
from xpander_client.frameworks.settings import AgentSettings
from xpander_client.frameworks.tools import OfferedTool, offer_tools

_PROVIDERS = {
    providers.BEDROCK.platform: "bedrock_converse",
    providers.ANTHROPIC.platform: "anthropic",
    providers.FIREWORKS.platform: "fireworks",
    providers.GOOGLE.platform: "google_genai",
    providers.NVIDIA.platform: "nvidia",
    providers.OPENROUTER.platform: "openrouter",
    providers.OPENAI.platform: "openai",
    providers.OPENAI_COMPATIBLE.platform: "openai",
}


def make_arguments(
    settings: AgentSettings,
    tools: Sequence[Any],
    override: Mapping[str, Any],
    *,
    is_async: bool,
) -> dict[str, Any]:
    """Return the keyword arguments of `langchain.agents.create_agent`; its tools go both ways.

    Raises:
        ConfigurationError: LangChain is not installed, or the agent's model can't be used and is
            not overridden.
    """
    try:
        init_chat_model = import_module("langchain.chat_models").init_chat_model
    except ModuleNotFoundError as error:
        raise missing("langchain", "langchain", "an agent of LangChain") from error
    made: dict[str, Any] = {
        # It goes to the model with each of the agent's messages, and providers take few letters.
        "name": settings.identifier,
        "system_prompt": settings.prompt,
        "tools": [*_make_tools(settings), *tools],
    }
    if "model" not in override:
        provider, name = find_model(settings, _PROVIDERS)
        try:
            made["model"] = init_chat_model(name, model_provider=provider)
        except ImportError as error:
            raise ConfigurationError(f"models of {settings.model_provider}: {error}") from error
    return made


def _make_tools(settings: AgentSettings) -> list[Any]:
    core = import_module("langchain_core.tools")
    base: Any = core.BaseTool

    class PlatformTool(base):  # type: ignore[misc]  # the class is there only at run time
        def __init__(self, offered: OfferedTool) -> None:
            super().__init__(
                name=offered.name,
                description=offered.description,
                args_schema=offered.parameters,
                # The model is told of a ToolException; any other would end the run.
                handle_tool_error=True,
            )
            self._offered = offered

        def _to_args_and_kwargs(
            self, payload: dict[str, Any], tool_call_id: str | None
        ) -> tuple[tuple[Any, ...], dict[str, Any]]:
            # By position, so that payloads with fields of any name are taken, and with the id.
            return (payload, tool_call_id), {}

        def _run(self, payload: dict[str, Any], tool_call_id: str | None) -> str:
            return _read(self._offered.call(payload, tool_call_id))

        async def _arun(self, payload: dict[str, Any], tool_call_id: str | None) -> str:
            return _read(await self._offered.acall(payload, tool_call_id))

    def _read(result: Any) -> str:
        if result.is_error:
            raise core.ToolException(f"The tool failed: {result.text}")
        return str(result.text)

    return [PlatformTool(tool) for tool in offer_tools(settings.tools, settings.caller)]
