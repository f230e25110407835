"""The table of the official REST's routes, which `openapi-v1.yaml` describes."""

from __future__ import annotations

from collections.abc import Sequence

from xpander_client.platform.http.router import Endpoint, Route
from xpander_client.platform.http.v1.invocations import InvocationEndpoints
from xpander_client.platform.http.v1.tasks import OfficialTaskEndpoints
from xpander_client.platform.http.v1.threads import OfficialThreadEndpoints


def make_routes(
    invocations: InvocationEndpoints, tasks: OfficialTaskEndpoints, threads: OfficialThreadEndpoints
) -> Sequence[Route]:
    """Make the routes, which `openapi-v1.yaml` describes."""
    table: dict[str, dict[str, Endpoint]] = {
        "/v1/agents/{agent_id}/invoke": {"POST": invocations.invoke},
        "/v1/agents/{agent_id}/invoke/async": {"POST": invocations.invoke_async},
        "/v1/agents/{agent_id}/invoke/stream": {"POST": invocations.invoke_stream},
        "/v1/agents/{agent_id}/tasks": {"GET": tasks.list_agent_tasks},
        "/v1/tasks": {"GET": tasks.list_tasks},
        "/v1/tasks/{task_id}": {"GET": tasks.get_task, "DELETE": tasks.delete_task},
        "/v1/tasks/{task_id}/stop": {"POST": tasks.stop_task},
        "/v1/tasks/{task_id}/thread": {"GET": threads.get_thread},
        "/v1/tasks/{task_id}/thread/full": {"GET": threads.get_full_thread},
    }
    return [Route(path, endpoints) for path, endpoints in table.items()]
