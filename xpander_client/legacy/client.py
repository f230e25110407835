"""The way in: a client, its agents, and what can be told from a model's answer alone."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import attrs

from xpander_client.api.models import AgentInstructions, AgentStatus, AgentType
from xpander_client.configuration import Configuration, check_configuration
from xpander_client.core.steps import Steps, ask
from xpander_client.lacking import refuse_attributes
from xpander_client.legacy.agent import Agent, load_agent
from xpander_client.legacy.driven_agent import PlatformResources
from xpander_client.legacy.pending import pending_local_tool_calls
from xpander_client.legacy.providers import LLMProvider, provider, tool_calls_in
from xpander_client.legacy.providers.tool_call import ToolCall
from xpander_client.transport import Closeable, Resource
from xpander_client.transport.drivers import adrive, drive


class XpanderClient(Closeable):
    """Who calls, and which platform; the way to its agents.

    What is not given is taken from `configuration`, and from the environment without one. Used as a
    context manager it lets go of its connections at the end. `should_reset_cache` changes nothing,
    as nothing is cached.

    Raises:
        ConfigurationError: the base URL is no address.

    Example:
        >>> with XpanderClient(configuration=configuration) as client:
        ...     agent = client.agents.get("agent-sales")
        >>> agent.name
        'Sales'
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        organization_id: str | None = None,
        should_reset_cache: bool | None = None,
        *,
        configuration: Configuration | None = None,
    ) -> None:
        given = {
            "api_key": api_key,
            "base_url": base_url,
            "organization_id": organization_id,
        }
        changes: dict[str, Any] = {name: value for name, value in given.items() if value}
        check_configuration(configuration)
        if configuration is None:
            self.configuration = Configuration(**changes)
        else:
            self.configuration = attrs.evolve(configuration, **changes)
        self._platform = PlatformResources.of(self.configuration)
        self.agents = AgentCollection(self._platform)

    @staticmethod
    def extract_tool_calls(
        llm_response: Any, llm_provider: LLMProvider | str = LLMProvider.OPEN_AI
    ) -> list[ToolCall]:
        """Read the tool calls in a model's answer, in its order.

        Args:
            llm_response: What the provider's client returned, as an object or a dict.
            llm_provider: Whose answer it is.

        Returns:
            The calls. One whose arguments can't be read says so in `malformed`; `run_tools` tells
            the model instead of calling the tool.

        Raises:
            ArgumentError: there is no such provider, or this is no answer of a model.

        Example:
            >>> call = {"id": "call-1", "function": {"name": "read_csv", "arguments": "{}"}}
            >>> answer = {"choices": [{"message": {"role": "assistant", "tool_calls": [call]}}]}
            >>> [call.name for call in XpanderClient.extract_tool_calls(answer)]
            ['read_csv']
        """
        return tool_calls_in(llm_response, provider(llm_provider))

    @staticmethod
    def retrieve_pending_local_tool_calls(tool_calls: Sequence[ToolCall]) -> list[ToolCall]:
        """Return those of the calls that the script has to carry out itself."""
        return pending_local_tool_calls(tool_calls)

    def close(self) -> None:
        """Let go of the connections of sync code; the next call makes some again."""
        for resource in self._resources:
            resource.close()

    async def aclose(self) -> None:
        """Let go of the connections of the running event loop; the next call makes some again."""
        for resource in self._resources:
            await resource.aclose()

    @property
    def _resources(self) -> tuple[Resource, ...]:
        return self._platform.tasks, self._platform.agents, self._platform.threads

    def __repr__(self) -> str:
        return f"XpanderClient({self.configuration!r})"


class AgentCollection:
    """The agents of a client."""

    def __init__(self, platform: PlatformResources) -> None:
        self._platform = platform

    def list(self) -> builtins.list[UnloadedAgent]:
        """List the agents that the key may use."""
        return drive(self._list())

    async def alist(self) -> builtins.list[UnloadedAgent]:
        """As `list`."""
        return await adrive(self._list())

    def _list(self) -> Steps[builtins.list[UnloadedAgent]]:
        agents = self._platform.agents
        items = yield from ask(agents.list, agents.alist)
        return [
            UnloadedAgent(item.id, item.name, item.status, item.organization_id, self._platform)
            for item in items
        ]

    def get(self, agent_id: str, version: int | None = None) -> Agent:
        """Load an agent with its instructions and tools; each call makes a new object.

        Args:
            agent_id: The agent.
            version: Which version of it; the present one when None.

        Raises:
            NotFoundError: there is no such agent.
            ModuleException: Anything else that may go wrong.
        """
        return drive(load_agent(self._platform, agent_id, version))

    async def aget(self, agent_id: str, version: int | None = None) -> Agent:
        """As `get`."""
        return await adrive(load_agent(self._platform, agent_id, version))

    def create(
        self,
        name: str,
        type: AgentType | str = AgentType.Regular,
        description: str | None = None,
        instructions: AgentInstructions | None = None,
    ) -> Agent:
        """Create an agent, and load it.

        Args:
            name: The agent's name.
            type: What kind of agent it is.
            description: What it is for.
            instructions: What it is told to be and to do.
        """
        return drive(self._create(name, AgentType(type), description, instructions))

    async def acreate(
        self,
        name: str,
        type: AgentType | str = AgentType.Regular,
        description: str | None = None,
        instructions: AgentInstructions | None = None,
    ) -> Agent:
        """As `create`."""
        return await adrive(self._create(name, AgentType(type), description, instructions))

    def _create(
        self,
        name: str,
        type: AgentType,
        description: str | None,
        instructions: AgentInstructions | None,
    ) -> Steps[Agent]:
        agents = self._platform.agents
        made = yield from ask(
            agents.create,
            agents.acreate,
            name=name,
            type=type,
            description=description,
            instructions=instructions,
        )
        return (yield from load_agent(self._platform, made.id, None))


@attrs.frozen
class UnloadedAgent:
    """An agent as lists show it; `load` gets all of it."""

    id: str
    name: str
    status: AgentStatus | None
    organization_id: str
    _platform: PlatformResources = attrs.field(repr=False, eq=False)

    def load(self) -> Agent:
        """Load the agent with its instructions and tools."""
        return drive(load_agent(self._platform, self.id, None))

    async def aload(self) -> Agent:
        """As `load`."""
        return await adrive(load_agent(self._platform, self.id, None))


refuse_attributes(XpanderClient, "knowledge_bases")
