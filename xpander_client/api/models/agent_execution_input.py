"""`AgentExecutionInput`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .attachment_ref import AttachmentRef
from .principal import Principal
from .user import User


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentExecutionInput(Model):
    """The input of an agent's task."""

    text: str | None = ""
    """What the agent is to do."""
    files: list[str] | None = attrs.field(factory=list[str])
    """Addresses of files that go with it."""
    attachments: list[AttachmentRef] | None = None
    """The same files with what is known about them."""
    user: User | None = None
    """The person on whose behalf the task runs."""
    principal: Principal | None = None
    """Who created the task, and how the platform knows them."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
