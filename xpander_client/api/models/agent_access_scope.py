"""`AgentAccessScope`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class AgentAccessScope(OpenStrEnum):
    """Who may use an agent."""

    Personal = "personal"
    Organizational = "organizational"
    Project = "project"
