"""`ConversationKind`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class ConversationKind(OpenStrEnum):
    """How a conversation is led: with the agent itself, or through a gateway."""

    Direct = "direct"
    Gateway = "gateway"
