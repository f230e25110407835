"""An agent as agno's: the arguments of `agno.agent.Agent`, its model and its tools."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import attrs

from xpander_client.api.models import OutputFormat
from xpander_client.core import model_providers as providers
from xpander_client.extras import missing
from xpander_client.frameworks.models import find_model, missing_package
from xpander_client.frameworks.settings import AgentSettings
from xpander_client.frameworks.tools import OfferedTool, offer_tools
from xpander_client.tools import ToolInvocationResult


@attrs.frozen
class _Provider:
    """Where agno has a provider's class, the package that the class needs, and, where the class
    does not look for it itself, the environment variable of the key.
    """

    module: str
    name: str
    package: str
    key: str | None = None


_PROVIDERS = {
    providers.BEDROCK.platform: _Provider("agno.models.aws", "AwsBedrock", "boto3"),
    providers.ANTHROPIC.platform: _Provider("agno.models.anthropic", "Claude", "anthropic"),
    providers.FIREWORKS.platform: _Provider("agno.models.fireworks", "Fireworks", "openai"),
    providers.GOOGLE.platform: _Provider("agno.models.google", "Gemini", "google-genai"),
    providers.NVIDIA.platform: _Provider("agno.models.nvidia", "Nvidia", "openai"),
    providers.OPENROUTER.platform: _Provider("agno.models.openrouter", "OpenRouter", "openai"),
    providers.OPENAI.platform: _Provider("agno.models.openai", "OpenAIChat", "openai"),
    providers.OPENAI_COMPATIBLE.platform: _Provider(
        "agno.models.openai.like", "OpenAILike", "openai", key="OPENAI_API_KEY"
    ),
}


def make_arguments(
    settings: AgentSettings,
    tools: Sequence[Any],
    override: Mapping[str, Any],
    *,
    is_async: bool,
) -> dict[str, Any]:
    """Return the keyword arguments of `agno.agent.Agent`.

    Raises:
        ConfigurationError: agno is not installed, or the agent's model can't be used and is not
            overridden.
    """
    try:
        import_module("agno.agent")
    except ModuleNotFoundError as error:
        raise missing(error, "agno", "an agno agent") from error
    made: dict[str, Any] = {
        "id": settings.id,
        "name": settings.name,
        "description": settings.description,
        "tools": [*_make_tools(settings, is_async=is_async), *tools],
        "telemetry": False,
        "expected_output": settings.expected_output,
        "session_id": settings.session_id,
        "user_id": settings.user_id,
        "tool_call_limit": settings.tool_call_limit,
    }
    paragraphs = settings.paragraphs
    if settings.output_format is OutputFormat.Markdown:
        made["markdown"] = True
    elif settings.output_format is OutputFormat.Json and settings.output_schema:
        # Schemas of tasks are often informal; JSON mode takes any, from every provider.
        made["output_schema"] = settings.output_schema
        made["use_json_mode"] = True
    elif settings.output_format is OutputFormat.Json:
        paragraphs.append("Answer with JSON and nothing else.")
    made["instructions"] = "\n\n".join(paragraphs)
    if "model" not in override:
        made["model"] = _load_model(settings)
    return made


def _load_model(settings: AgentSettings) -> Any:
    """Load the model as agno has it. Keys and addresses come from the environment variables that
    the provider's own package reads, as `OPENAI_API_KEY` and `OPENAI_BASE_URL`.
    """
    found, name = find_model(settings, _PROVIDERS)
    try:
        make = getattr(import_module(found.module), found.name)
    except ImportError as error:
        raise missing_package(settings.model_provider, found.package) from error
    key = {} if found.key is None else {"api_key": os.environ.get(found.key)}
    return make(id=name, **key)


def _make_tools(settings: AgentSettings, *, is_async: bool) -> list[Any]:
    """Make the agent's tools for agno's async calls, or for its sync ones."""
    function = import_module("agno.tools.function").Function
    entrypoint = _async_entrypoint if is_async else _sync_entrypoint
    return [
        function(
            name=tool.name,
            description=tool.description,
            parameters=tool.parameters,
            entrypoint=_describe(entrypoint(tool), tool),
            # What the model may send is described by the platform, not by the function.
            skip_entrypoint_processing=True,
        )
        for tool in offer_tools(settings.tools, settings.caller, by=lambda tool: tool.name)
    ]


# Under this name agno hands its own record of a call to functions that have such a parameter.
_RECORD = "fc"


def _sync_entrypoint(tool: OfferedTool) -> Callable[..., Any]:
    def call(**given: Any) -> str:
        call_id = _take_call_id(tool, given)
        return _read(tool.call(given, call_id))

    return call


def _async_entrypoint(tool: OfferedTool) -> Callable[..., Any]:
    async def call(**given: Any) -> str:
        call_id = _take_call_id(tool, given)
        return _read(await tool.acall(given, call_id))

    return call


def _read(result: ToolInvocationResult) -> str:
    # agno tells the model of what a function raises, and goes on.
    result.raise_for_error()
    return result.text


def _takes_record(tool: OfferedTool) -> bool:
    # A tool with a parameter of that name needs it for itself.
    return _RECORD not in tool.parameters["properties"]


def _take_call_id(tool: OfferedTool, given: dict[str, Any]) -> str | None:
    """Take agno's record out of what a function is given, and return the model's id of the call."""
    record = given.pop(_RECORD, None) if _takes_record(tool) else None
    return getattr(record, "call_id", None)


def _describe(call: Any, tool: OfferedTool) -> Callable[..., Any]:
    known = [inspect.Parameter("given", inspect.Parameter.VAR_KEYWORD)]
    if _takes_record(tool):
        known.insert(0, inspect.Parameter(_RECORD, inspect.Parameter.KEYWORD_ONLY, default=None))
    call.__signature__ = inspect.Signature(known)
    described: Callable[..., Any] = call
    return described
