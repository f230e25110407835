"""`AgentDeploymentType`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class AgentDeploymentType(OpenStrEnum):
    """How the workers of an agent are run."""

    Serverless = "serverless"
    Container = "container"
