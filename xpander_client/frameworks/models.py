"""Language models of agents, by what a framework calls their providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from xpander_client.core import model_providers as providers
from xpander_client.errors import ConfigurationError
from xpander_client.frameworks.settings import AgentSettings

T = TypeVar("T")

LITELLM = {
    providers.BEDROCK.platform: "bedrock",
    providers.ANTHROPIC.platform: "anthropic",
    providers.FIREWORKS.platform: "fireworks_ai",
    providers.GOOGLE.platform: "gemini",
    providers.NVIDIA.platform: "nvidia_nim",
    providers.OPENROUTER.platform: "openrouter",
    providers.OPENAI.platform: "openai",
    providers.OPENAI_COMPATIBLE.platform: "openai",
}
"""LiteLLM's prefix of each provider's models; several frameworks leave most providers to it."""


def find_model(settings: AgentSettings, known: Mapping[str, T]) -> tuple[T, str]:
    """Return what a framework has for the model's provider, and the model's name.

    Raises:
        ConfigurationError: the agent has no model, or the provider is not known.
    """
    agent_id, provider, name = settings.id, settings.model_provider, settings.model_name
    if not name:
        raise ConfigurationError(
            f"the agent {agent_id} has no model: give it a provider and a name, "
            "or pass override={'model': ...}"
        )
    found = known.get((provider or "").lower())
    if found is None:
        reason = f"the provider {provider!r} is not known" if provider else "it has no provider"
        raise ConfigurationError(
            f"the model {name} of the agent {agent_id} can't be used: {reason}. "
            f"The known ones are {', '.join(known)}; pass override={{'model': ...}} for any other"
        )
    return found, name


def missing_package(provider: str | None, package: str) -> ConfigurationError:
    """Make the error that says which package a provider's models need."""
    return ConfigurationError(
        f"models of {provider} need the package {package}: pip install {package}"
    )
