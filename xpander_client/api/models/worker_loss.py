"""`WorkerLoss`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["WorkerLoss"]


class WorkerLoss(OpenStrEnum):
    """What becomes of a task whose worker is lost."""

    Retry = "retry"
    Error = "error"
