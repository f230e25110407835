"""`AgentType`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class AgentType(OpenStrEnum):
    """The kind of agent."""

    Manager = "manager"
    Regular = "regular"
    A2A = "a2a"
    Curl = "curl"
    Orchestration = "orchestration"


AgentTypeLiteral: TypeAlias = Literal["manager", "regular", "a2a", "curl", "orchestration"]
"""The values of `AgentType` as texts, which calls take as well."""
