"""Who may use a route: it asks for the role of the caller's key before anything else."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import partial

from xpander_client.platform.auth.roles import find_roles
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Response
from xpander_client.platform.http.router import Endpoint, Route

_WITHOUT_KEY = frozenset({"/health", "/ready"})


def guard_routes(routes: Sequence[Route]) -> Sequence[Route]:
    """Make each route ask whether the key's role may use it. One without a rule is for keys without
    a role.
    """
    for route in routes:
        if route.path not in _WITHOUT_KEY:
            route.wrap(partial(_guard, route.path))
    return routes


def _guard(path: str, method: str, endpoint: Endpoint) -> Endpoint:
    """Put the question whether the key's role may use it before an endpoint."""
    allowed = find_roles(method, path)

    def serve(request: Request) -> Awaitable[Response]:
        opened = request.access
        if opened is not None and opened.role is not None and opened.role not in allowed:
            raise HttpError(403, f"this key has the role {opened.role}, which may not do this")
        return endpoint(request)

    return serve
