"""What `xpander_sdk.modules.tools_repository.models.mcp` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import MCPServerDetails as MCPServerDetails

_HOMES = {
    "xpander_client": ("MCPServerDetails",),
}
_LACKING = [
    "MCPOAuthGetTokenGenericResponse",
    "MCPOAuthGetTokenLoginRequiredResponse",
    "MCPOAuthGetTokenResponse",
    "MCPOAuthGetTokenTokenReadyResponse",
    "MCPOAuthResponseType",
    "MCPServerAuthType",
    "MCPServerSSOTokenMode",
    "MCPServerTransport",
    "MCPServerType",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)
