"""`ThinkMode`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class ThinkMode(OpenStrEnum):
    """How hard an agent thinks before it answers."""

    Default = "default"
    Harder = "harder"


ThinkModeLiteral: TypeAlias = Literal["default", "harder"]
"""The values of `ThinkMode` as texts, which calls take as well."""
