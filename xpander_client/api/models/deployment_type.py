"""`DeploymentType`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class DeploymentType(OpenStrEnum):
    """What a deployed asset is."""

    Gateway = "gateway"
    Controller = "controller"
    Worker = "worker"
    Redis = "redis"
