"""What `xpander_sdk.modules.tools_repository.models.mcp` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        MCPServerAuthType as MCPServerAuthType,
        MCPServerDetails as MCPServerDetails,
        MCPServerSSOTokenMode as MCPServerSSOTokenMode,
        MCPServerTransport as MCPServerTransport,
        MCPServerType as MCPServerType,
    )

_HOMES = {
    "xpander_client": (
        "MCPServerAuthType",
        "MCPServerDetails",
        "MCPServerSSOTokenMode",
        "MCPServerTransport",
        "MCPServerType",
    ),
}
_LACKING = [
    "MCPOAuthGetTokenGenericResponse",
    "MCPOAuthGetTokenLoginRequiredResponse",
    "MCPOAuthGetTokenResponse",
    "MCPOAuthGetTokenTokenReadyResponse",
    "MCPOAuthResponseType",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)
