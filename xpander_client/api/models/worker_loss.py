"""`WorkerLoss`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class WorkerLoss(OpenStrEnum):
    """What becomes of a task whose worker is lost."""

    Retry = "retry"
    Error = "error"


WorkerLossLiteral: TypeAlias = Literal["retry", "error"]
"""The values of `WorkerLoss` as texts, which calls take as well."""
