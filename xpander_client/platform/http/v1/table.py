"""The table of the official REST's routes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route

from xpander_client.platform.http.routing import Endpoint, route
from xpander_client.platform.http.v1.invocations import InvocationEndpoints
from xpander_client.platform.http.v1.tasks import TaskEndpoints


def make_routes(invocations: InvocationEndpoints, tasks: TaskEndpoints) -> Sequence[Route]:
    """Make the routes."""
    table: dict[str, dict[str, Endpoint]] = {
        "/v1/agents/{agent_id}/invoke": {"POST": invocations.invoke},
        "/v1/agents/{agent_id}/invoke/async": {"POST": invocations.invoke_async},
        "/v1/tasks/{task_id}": {"GET": tasks.get},
    }
    return [route(path, endpoints) for path, endpoints in table.items()]
