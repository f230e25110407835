"""Which providers of models there are, and how pydantic-ai is told to reach them."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

import attrs

from xpander_client.core.model_providers import (
    ANTHROPIC,
    BEDROCK,
    GOOGLE,
    OPENAI,
    OPENAI_COMPATIBLE,
)
from xpander_client.errors import ArgumentError
from xpander_client.extras import missing


@attrs.frozen
class Provider:
    """A provider: the module that its client is in, and the extra that installs it."""

    name: str
    module: str
    extra: str


@attrs.frozen
class Connection:
    """All that a request to a model needs, but the messages."""

    provider: Provider
    model: str
    timeout_seconds: float
    base_url: str | None = None
    api_key: str | None = attrs.field(default=None, repr=False)
    settings: Mapping[str, Any] = attrs.field(factory=dict)

    def make_settings(self) -> dict[str, Any]:
        """Return what goes along with each request.

        The loop repeats failed requests itself, so the providers' clients are told not to.
        """
        own = {key: value for key, value in self.settings.items() if key not in _OF_BEDROCK}
        if self.provider.name in (OPENAI.agents, ANTHROPIC.agents):
            own = {"max_retries": 0, **own}
        if self.provider.name != BEDROCK.agents:
            own = {"timeout": self.timeout_seconds, **own}
        return own


_PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider(OPENAI.agents, "openai", "agents-openai"),
        Provider(ANTHROPIC.agents, "anthropic", "agents-anthropic"),
        Provider(GOOGLE.agents, "google.genai", "agents-google"),
        Provider(BEDROCK.agents, "boto3", "agents-bedrock"),
    )
}
_ALIASES = {
    GOOGLE.scripts: GOOGLE.agents,
    OPENAI_COMPATIBLE.agents: OPENAI.agents,
}
_OF_BEDROCK = frozenset(
    {
        "region_name",
        "profile_name",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
    }
)


def find_provider(name: str) -> Provider:
    """Return the provider of this name.

    Raises:
        ArgumentError: There is none of this name.
    """
    provider = _PROVIDERS.get(_ALIASES.get(name, name))
    if provider is None:
        available = ", ".join([*_PROVIDERS, *_ALIASES])
        raise ArgumentError(f"Unsupported provider: {name!r}. Available providers are: {available}")
    return provider


def require_installed(provider: Provider) -> None:
    """Find out whether the provider's client is there, without loading it.

    Raises:
        ImportError: It is not; the text names the extra that brings it.
    """
    for module in ("pydantic_ai", provider.module):
        if not _is_installed(module):
            told = missing(module, provider.extra, f"a model of {provider.name}")
            raise ImportError(str(told), name=module)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # the package that the module would be in
        return False


def open_model(connection: Connection) -> Any:
    """Open the model as pydantic-ai has it; nothing is sent yet.

    Raises:
        pydantic_ai.exceptions.UserError: Something is missing, such as a key.
    """
    given: dict[str, Any] = {"api_key": connection.api_key, "base_url": connection.base_url}
    match connection.provider.name:
        case OPENAI.agents:
            from pydantic_ai.models.openai import OpenAIChatModel
            from pydantic_ai.providers.openai import OpenAIProvider

            return OpenAIChatModel(connection.model, provider=OpenAIProvider(**given))
        case ANTHROPIC.agents:
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            return AnthropicModel(connection.model, provider=AnthropicProvider(**given))
        case GOOGLE.agents:
            from pydantic_ai.models.google import GoogleModel
            from pydantic_ai.providers.google import GoogleProvider

            return GoogleModel(connection.model, provider=GoogleProvider(**given))
        case _:
            from pydantic_ai.models.bedrock import BedrockConverseModel
            from pydantic_ai.providers.bedrock import BedrockProvider

            options: dict[str, Any] = {
                key: value for key, value in connection.settings.items() if key in _OF_BEDROCK
            }
            options["aws_read_timeout"] = connection.timeout_seconds
            provider = BedrockProvider(**given, **options)
            return BedrockConverseModel(connection.model, provider=provider)
