"""`WorkerEnvironment`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["WorkerEnvironment"]


class WorkerEnvironment(OpenStrEnum):
    """Where a worker runs."""

    Local = "local"
    Xpander = "xpander"
