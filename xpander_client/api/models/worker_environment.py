"""`WorkerEnvironment`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class WorkerEnvironment(OpenStrEnum):
    """Where a worker runs."""

    Local = "local"
    Xpander = "xpander"


WorkerEnvironmentLiteral: TypeAlias = Literal["local", "xpander"]
"""The values of `WorkerEnvironment` as texts, which calls take as well."""
