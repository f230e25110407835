"""Who may use a route: it asks for the role of the caller's key before anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from xpander_client.platform.auth.access import ROLES
from xpander_client.platform.auth.roles import find_roles
from xpander_client.platform.foundation.errors import HttpError

_WITHOUT_KEY = frozenset({"/health", "/ready"})


def guard_routes(routes: Sequence[Route]) -> Sequence[Route]:
    """Make each route ask whether the key's role may use it. One without a rule is for keys without
    a role.
    """
    for route in routes:
        if route.path not in _WITHOUT_KEY:
            roles = {method: find_roles(method, route.path) for method in route.methods or ()}
            route.app = _RoleGuard(route.app, roles)
    return routes


class _RoleGuard:
    """A route's app behind the question whether the key's role may use it."""

    def __init__(self, app: ASGIApp, roles: Mapping[str, frozenset[str]]) -> None:
        self._app = app
        self._roles = roles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = scope["access"]
        if opened is not None and opened.role is not None:
            # What comes in by another method is the router's to refuse.
            allowed = self._roles.get(scope["method"], ROLES)
            if opened.role not in allowed:
                raise HttpError(403, f"this key has the role {opened.role}, which may not do this")
        await self._app(scope, receive, send)
