"""`AgentType`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["AgentType"]


class AgentType(OpenStrEnum):
    """What kind of agent it is."""

    Manager = "manager"
    Regular = "regular"
    A2A = "a2a"
    Curl = "curl"
    Orchestration = "orchestration"
