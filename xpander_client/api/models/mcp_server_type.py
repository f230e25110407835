"""`MCPServerType`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class MCPServerType(OpenStrEnum):
    """Where a server of tools runs."""

    Local = "local"
    Remote = "remote"
