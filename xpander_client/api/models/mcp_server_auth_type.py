"""`MCPServerAuthType`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class MCPServerAuthType(OpenStrEnum):
    """How a server of tools learns who calls."""

    APIKey = "api_key"
    OAuth2 = "oauth2"
    CustomHeaders = "custom_headers"
    SSOUser = "sso_user"
    _None = "none"
