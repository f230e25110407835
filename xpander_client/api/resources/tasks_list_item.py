"""`TasksListItem`: data of the platform, with the calls that concern it."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.configuration import Configuration
from xpander_client.transport import TrackedObject, Transport

from ..models.agent_execution_status import AgentExecutionStatus
from ..models.conversation_kind import ConversationKind
from ..models.source_node_type import SourceNodeType
from ..requests import tasks as tasks_requests
from .task import Task


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TasksListItem(TrackedObject):
    """A task as lists show it, without what is large. `load` gets all of it."""

    id: str
    """The task's id."""
    agent_id: str
    """The agent that works on it."""
    organization_id: str
    """The organization that it belongs to."""
    status: AgentExecutionStatus
    """The current status."""
    user_id: str | None = None
    """The user who created it."""
    parent_task_id: str | None = None
    """The task that started it."""
    triggering_agent_id: str | None = None
    """The agent that triggered it."""
    created_at: datetime.datetime | None = None
    """When it was created."""
    updated_at: datetime.datetime | None = None
    """When it last changed."""
    source_node_type: SourceNodeType | str | None = None
    """How the task was submitted, for example by the SDK or a webhook."""
    result: str | None = None
    """The result or the error's message, unless it is larger than 4 KB."""
    title: str | None = None
    """A short name."""
    execution_kind: str | None = None
    """`resident` for a process that goes on until the agent ends it."""
    process: dict[str, Any] | None = None
    """The state of such a process."""
    conversation_kind: ConversationKind | None = None
    """On the first task of a conversation: how it is led."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

    def load(self, configuration: Configuration | None = None) -> Task:
        """Get a task as it is now.

        Args:
            configuration: Who calls, and which platform; the object's own when None.

        Returns:
            The task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> item = Tasks(configuration).list(
            ...     agent_id="agent-sales", status=AgentExecutionStatus.Completed
            ... )[0]
            >>> task = item.load()
            >>> print(task.result)
            north: 120, south: 80
        """
        transport = self._transport if configuration is None else Transport.of(configuration)
        return transport.call(tasks_requests.get(task_id=self.id), Task).parsed

    async def aload(self, configuration: Configuration | None = None) -> Task:
        """Get a task as it is now.

        Args:
            configuration: Who calls, and which platform; the object's own when None.

        Returns:
            The task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> item = (
            ...     await Tasks(configuration).alist(
            ...         agent_id="agent-sales", status=AgentExecutionStatus.Completed
            ...     )
            ... )[0]
            >>> task = await item.aload()
            >>> print(task.result)
            north: 120, south: 80
        """
        transport = self._transport if configuration is None else Transport.of(configuration)
        return (await transport.acall(tasks_requests.get(task_id=self.id), Task)).parsed
