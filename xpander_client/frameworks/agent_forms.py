"""An agent's tools in the forms of frameworks that take no plain functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from xpander_client.tools.repository import ToolsOwner, ToolsRepository

if TYPE_CHECKING:
    from xpander_client.frameworks.tools import OfferedTool


class _Agent(ToolsOwner, Protocol):
    @property
    def tools(self) -> ToolsRepository: ...


class FrameworkTools:
    """Gives an agent its `openai_agents_sdk_tools` and `strands_tools`.

    In a worker's handler they run on behalf of its task. Frameworks that take plain functions are
    given `tools.functions`.
    """

    __slots__ = ()

    @property
    def openai_agents_sdk_tools(self: _Agent) -> list[Any]:
        """The tools for an `agents.Agent` of the OpenAI Agents SDK, named by their ids.

        Raises:
            ConfigurationError: The SDK is not installed.
        """
        from xpander_client.frameworks.openai_agents import make_tools

        return make_tools(_offer(self))

    @property
    def strands_tools(self: _Agent) -> list[Any]:
        """The tools for a `strands.Agent`, named by their ids.

        Raises:
            ConfigurationError: Strands is not installed.
        """
        from xpander_client.frameworks.strands import make_tools

        return make_tools(_offer(self))


def _offer(agent: _Agent) -> list[OfferedTool]:
    from xpander_client.frameworks.tools import ToolCaller, offer_tools

    return offer_tools(agent.tools.list, ToolCaller(agent.id, agent.version))
