"""`MCPServerDetails`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .mcp_server_auth_type import MCPServerAuthType
from .mcp_server_sso_token_mode import MCPServerSSOTokenMode
from .mcp_server_transport import MCPServerTransport
from .mcp_server_type import MCPServerType


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class MCPServerDetails(Model):
    """A server of tools that a task may use."""

    id: str | None = None
    """The registered server's id."""
    type: MCPServerType | str | None = None
    """Where it runs."""
    name: str | None = None
    """The server's name."""
    command: str | None = None
    """The command that starts a local server."""
    args: list[str] | None = None
    """The arguments of that command."""
    url: str | None = None
    """The address of a remote server."""
    transport: MCPServerTransport | str | None = None
    """How it is spoken to."""
    auth_type: MCPServerAuthType | str | None = None
    """How it learns who calls."""
    api_key: str | None = attrs.field(default=None, repr=False)
    """The key for `api_key`."""
    use_secrets_manager: bool | None = None
    """Whether the secrets are names of entries of the organization's secrets."""
    client_id: str | None = None
    """The client id for `oauth2`."""
    client_secret: str | None = attrs.field(default=None, repr=False)
    """The client secret for `oauth2`."""
    headers: dict[str, Any] | None = attrs.field(default=None, repr=False)
    """Headers of each request."""
    env_vars: dict[str, Any] | None = attrs.field(default=None, repr=False)
    """Environment variables of a local server."""
    env: dict[str, Any] | None = attrs.field(default=None, repr=False)
    """The same, by the name that they have in MCP's own configuration files."""
    allowed_tools: list[str] | None = None
    """The tools that may be used; all when empty."""
    additional_scopes: list[str] | None = None
    """More scopes to ask for with `oauth2`."""
    share_user_token_across_other_agents: bool | None = None
    """Whether other agents may use the user's token."""
    sso_token: MCPServerSSOTokenMode | str | None = None
    """Which token of the user it gets."""
    sso_audience: str | None = None
    """The audience of the exchanged token."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
