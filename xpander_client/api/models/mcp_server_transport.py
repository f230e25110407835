"""`MCPServerTransport`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class MCPServerTransport(OpenStrEnum):
    """How a server of tools is spoken to."""

    STDIO = "stdio"
    SSE = "sse"
    HTTP_Transport = "streamable-http"
