"""`AgentActivityThreadMessage`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .agent_activity_thread_message_content import AgentActivityThreadMessageContent
from .user import User


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentActivityThreadMessage(Model):
    """Something that the user or the agent said."""

    id: str
    """The entry's id."""
    created_at: datetime.datetime
    """When it happened."""
    role: str
    """`user` or `agent`."""
    content: AgentActivityThreadMessageContent
    """The text of the message."""
    user: User | None = None
    """The user who sent it."""
    sub_execution_result: bool | None = None
    """Whether it is what a task of another agent came to."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
