"""Language models for agno, by provider and name."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import attrs

from xpander_client.core import model_providers as providers
from xpander_client.errors import ConfigurationError


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


def load_model(provider: str | None, name: str | None, agent_id: str) -> Any:
    """Load the model as agno has it. Keys and addresses come from the environment variables that
    the provider's own package reads, as `OPENAI_API_KEY` and `OPENAI_BASE_URL`.

    Raises:
        ConfigurationError: the agent has no model, the provider is not known, or its package is
            not installed.
    """
    known = ", ".join(_PROVIDERS)
    if not name:
        raise ConfigurationError(
            f"the agent {agent_id} has no model: give it a provider and a name, "
            "or pass override={'model': ...}"
        )
    found = _PROVIDERS.get((provider or "").lower())
    if found is None:
        told = f"the provider {provider!r} is not known" if provider else "it has no provider"
        raise ConfigurationError(
            f"the model {name} of the agent {agent_id} can't be used: {told}. "
            f"The known ones are {known}; pass override={{'model': ...}} for any other"
        )
    try:
        make = getattr(import_module(found.module), found.name)
    except ImportError as error:
        raise ConfigurationError(
            f"models of {provider} need the package {found.package}: pip install {found.package}"
        ) from error
    key = {} if found.key is None else {"api_key": os.environ.get(found.key)}
    return make(id=name, **key)
