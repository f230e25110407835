"""The frameworks that agents are made with, and the module that knows each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from xpander_client.errors import ConfigurationError
from xpander_client.frameworks import agno, google_adk, langchain, openai_agents, strands
from xpander_client.frameworks.settings import AgentSettings


class Adapter(Protocol):
    """Makes the keyword arguments that a framework makes an agent of."""

    def __call__(
        self,
        settings: AgentSettings,
        tools: Sequence[Any],
        override: Mapping[str, Any],
        *,
        is_async: bool,
    ) -> dict[str, Any]:
        """Return the arguments, with the agent's tools and these."""
        raise NotImplementedError


_ADAPTERS: Mapping[str, Adapter] = {
    "agno": agno.make_arguments,
    "open-ai-agents": openai_agents.make_arguments,
    "langchain": langchain.make_arguments,
    "google-adk": google_adk.make_arguments,
    "strands-agents": strands.make_arguments,
}


def find_adapter(framework: str | None, *, is_asked: bool) -> Adapter:
    """Return the adapter of a framework; agno's for agents that are made with none of them.

    Raises:
        ConfigurationError: it is asked for and not known.
    """
    found = _ADAPTERS.get(framework or "")
    if found is None and is_asked:
        raise ConfigurationError(
            f"framework={framework!r} is not known; the known ones are {', '.join(_ADAPTERS)}"
        )
    return found or agno.make_arguments
