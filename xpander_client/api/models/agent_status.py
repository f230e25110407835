"""`AgentStatus`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class AgentStatus(OpenStrEnum):
    """Whether an agent can be used."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
