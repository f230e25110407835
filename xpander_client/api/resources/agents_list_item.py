"""`AgentsListItem`: data of the platform, with the calls that concern it."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.configuration import Configuration
from xpander_client.lacking import refuse_attributes
from xpander_client.transport import TrackedObject, Transport

from .. import models
from ..models.agent_access_scope import AgentAccessScope
from ..models.agent_status import AgentStatus
from ..models.agent_type import AgentType
from ..requests import agents as agents_requests
from .agent import Agent


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentsListItem(TrackedObject):
    """An agent as lists show it. `load` gets all of it."""

    id: str
    """The agent's id."""
    name: str
    """The agent's name."""
    organization_id: str
    """The organization that it belongs to."""
    icon: str | None = None
    """The picture to show."""
    instructions: models.AgentInstructions | None = None
    """The agent's instructions."""
    status: AgentStatus | None = None
    """Whether the agent can be used."""
    created_at: datetime.datetime | None = None
    """When it was created."""
    description: str | None = None
    """What it is for."""
    access_scope: AgentAccessScope | None = None
    """Who may use it."""
    created_by: str | None = None
    """Who created it."""
    type: AgentType | None = None
    """The kind of agent."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

    def load(
        self, configuration: Configuration | None = None, *, version: str | int | None = None
    ) -> Agent:
        """Get an agent with its instructions, tools and model.

        Args:
            configuration: Who calls, and which platform; the object's own when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> item = Agents(configuration).list()[0]
            >>> agent = item.load()
            >>> print(agent.name)
            Sales
        """
        transport = self._transport if configuration is None else Transport.of(configuration)
        return transport.call(agents_requests.get(agent_id=self.id, version=version), Agent).parsed

    async def aload(
        self, configuration: Configuration | None = None, *, version: str | int | None = None
    ) -> Agent:
        """Get an agent with its instructions, tools and model.

        Args:
            configuration: Who calls, and which platform; the object's own when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> item = (await Agents(configuration).alist())[0]
            >>> agent = await item.aload()
            >>> print(agent.name)
            Sales
        """
        transport = self._transport if configuration is None else Transport.of(configuration)
        return (
            await transport.acall(agents_requests.get(agent_id=self.id, version=version), Agent)
        ).parsed


refuse_attributes(AgentsListItem, "is_active")
