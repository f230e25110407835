"""`PrincipalKind`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["PrincipalKind"]


class PrincipalKind(OpenStrEnum):
    """Through which door a caller came."""

    user = "user"
    slack = "slack"
    api_key = "api_key"
    system = "system"
    anonymous = "anonymous"
