"""`AgentActivityThread`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .agent_activity_thread_auth import AgentActivityThreadAuth
from .agent_activity_thread_message import AgentActivityThreadMessage
from .agent_activity_thread_other_entry import AgentActivityThreadOtherEntry
from .agent_activity_thread_reasoning import AgentActivityThreadReasoning
from .agent_activity_thread_sub_agent_trigger import AgentActivityThreadSubAgentTrigger
from .agent_activity_thread_tool_call import AgentActivityThreadToolCall
from .user import User


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentActivityThread(Model):
    """What was said and done in a task, in order."""

    id: str
    """The thread's id."""
    created_at: datetime.datetime
    """When it started."""
    messages: list[
        AgentActivityThreadMessage
        | AgentActivityThreadToolCall
        | AgentActivityThreadReasoning
        | AgentActivityThreadSubAgentTrigger
        | AgentActivityThreadAuth
        | AgentActivityThreadOtherEntry
    ]
    """The entries, oldest first."""
    user: User | None = None
    """Whose thread it is."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
