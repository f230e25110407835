"""`ThinkMode`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["ThinkMode"]


class ThinkMode(OpenStrEnum):
    """How hard an agent thinks before it answers."""

    Default = "default"
    Harder = "harder"
