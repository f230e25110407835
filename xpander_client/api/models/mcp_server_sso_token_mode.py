"""`MCPServerSSOTokenMode`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class MCPServerSSOTokenMode(OpenStrEnum):
    """Which token of the signed-in user a server of tools gets."""

    Access = "access"
    ID = "id"
    Exchange = "exchange"
