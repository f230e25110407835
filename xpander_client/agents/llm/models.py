"""Models: what an agent asks, and how one is reached."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.types.messages import Message
from xpander_client.agents.types.tokens import TokenChunk
from xpander_client.errors import ArgumentError, ConfigurationError


@runtime_checkable
class LLM(Protocol):
    """A model. Both methods answer alike; `on_token` gets an answer's pieces as they come."""

    provider: str
    model: str

    def complete(
        self,
        messages: Sequence[Message],
        on_token: Callable[[TokenChunk], None] | None = None,
    ) -> LLMResponse:
        """Ask the model, and return its answer."""
        raise NotImplementedError

    async def acomplete(
        self,
        messages: Sequence[Message],
        on_token: Callable[[TokenChunk], None] | None = None,
    ) -> LLMResponse:
        """Ask the model, and return its answer."""
        raise NotImplementedError


def connect_llm(
    provider: str | None = None,
    model: str | None = None,
    *,
    timeout_seconds: float = 90.0,
    base_url: str | None = None,
    api_key: str | None = None,
    **settings: Any,
) -> LLM:
    """Connect a model of openai, anthropic, google or bedrock, or behind any URL that speaks like
    OpenAI.

    Without `provider` and `model`, the environment names them: XPANDER_LLM_PROVIDER and
    XPANDER_LLM_MODEL. Without `api_key`, the provider's own variable counts, such as
    OPENAI_API_KEY. `timeout_seconds` is how long an answer, or the next piece of one, may take.
    `settings` go along with each request: `temperature`, `max_tokens` and what else pydantic-ai
    knows; for bedrock also `region_name` and the AWS credentials.

    Nothing is loaded or sent before the first request.

    Raises:
        ConfigurationError: No model is named, here or in the environment.
        ArgumentError: There is no such provider, or an argument is wrong; a `ValueError`, too.
        ImportError: The provider's client is not installed; the text names the extra.

    Example:
        >>> connect_llm("openai", "gpt-5-mini", temperature=0.2)
        <model gpt-5-mini of openai>
    """
    from xpander_client.agents.llm.client import ProviderLLM
    from xpander_client.agents.llm.providers import Connection, find_provider, require_installed

    provider = provider or os.environ.get("XPANDER_LLM_PROVIDER")
    model = model or os.environ.get("XPANDER_LLM_MODEL")
    if not provider or not model:
        missing = "provider" if not provider else "model"
        raise ConfigurationError(
            f"No model is configured: there is no {missing}. Give the agent one, as in "
            'Agent(llm=connect_llm("openai", "gpt-5-mini")), or set XPANDER_LLM_PROVIDER and '
            "XPANDER_LLM_MODEL."
        )
    if not isinstance(model, str):
        raise ArgumentError(f"model must be a name, not {model!r}")
    if isinstance(timeout_seconds, bool) or not timeout_seconds > 0:
        raise ArgumentError(f"timeout_seconds must be more than 0, not {timeout_seconds!r}")
    found = find_provider(provider)
    require_installed(found)
    return ProviderLLM(
        Connection(found, model, float(timeout_seconds), base_url, api_key, settings)
    )
