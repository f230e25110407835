"""`LLMReasoningEffort`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["LLMReasoningEffort"]


class LLMReasoningEffort(OpenStrEnum):
    """How much a model reasons before it answers."""

    Low = "low"
    Medium = "medium"
    High = "high"
    XHigh = "xhigh"
