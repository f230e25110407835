"""`LLMReasoningEffort`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class LLMReasoningEffort(OpenStrEnum):
    """How much a model reasons before it answers."""

    Low = "low"
    Medium = "medium"
    High = "high"
    XHigh = "xhigh"


LLMReasoningEffortLiteral: TypeAlias = Literal["low", "medium", "high", "xhigh"]
"""The values of `LLMReasoningEffort` as texts, which calls take as well."""
