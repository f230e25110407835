"""`PrincipalKind`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class PrincipalKind(OpenStrEnum):
    """How a caller is known to the platform."""

    user = "user"
    slack = "slack"
    api_key = "api_key"
    system = "system"
    anonymous = "anonymous"
