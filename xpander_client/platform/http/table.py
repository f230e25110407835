"""The table of routes: paths and methods to what answers them.

A new route stands in `openapi.yaml` first. Its method goes to the file of what it is about, its
line here; a first segment that is new goes to `foundation/routes.py`, an id in its path that no
key's scope knows to `scope.py`, and who may call it to `auth/roles.py`. What is forgotten keeps the
platform from starting, or is found by the tests of the contract.
"""

from __future__ import annotations

from collections.abc import Sequence

from xpander_client.platform.http.agents import AgentEndpoints
from xpander_client.platform.http.events import EventEndpoints
from xpander_client.platform.http.reports import ReportEndpoints
from xpander_client.platform.http.router import Endpoint, Route
from xpander_client.platform.http.tasks import TaskEndpoints
from xpander_client.platform.http.workers import WorkerEndpoints


def make_routes(
    tasks: TaskEndpoints,
    events: EventEndpoints,
    workers: WorkerEndpoints,
    agents: AgentEndpoints,
    reports: ReportEndpoints,
) -> Sequence[Route]:
    """Make the routes; those that are asked for most come first."""
    table: dict[str, dict[str, Endpoint]] = {
        "/agent-execution/{agent_or_task_id}": {
            "POST": tasks.create_task,
            "DELETE": tasks.stop_task,
        },
        "/agent-execution/executions/delete": {"POST": tasks.delete_tasks},
        "/agent-execution/executions/{task_id}": {"DELETE": tasks.delete_task},
        # Before the route of a task's status, which fits a worker called "status", too.
        "/agent-execution/pending-executions/{worker_id}": {"GET": tasks.get_pending},
        "/agent-execution/{task_id}/status": {"GET": tasks.get_task},
        "/agent-execution/{task_id}/events/push": {"POST": events.push_events},
        "/agent-execution/{task_id}/update": {"PATCH": tasks.update_task},
        "/agent-execution/{task_id}/finish": {"PATCH": tasks.finish_task},
        "/agent-execution/{task_id}/events": {"GET": events.follow_task},
        "/agent-execution/{task_id}/notify": {"POST": tasks.notify_task},
        "/events/{worker_id}": {"POST": workers.take_message},
        "/agent-execution/executions/history/{agent_id}": {"GET": tasks.list_tasks},
        "/agent-execution/executions/history/user/{user_id}": {"GET": tasks.list_user_tasks},
        "/agent-execution/{agent_id}/report_task": {"POST": tasks.report_task},
        "/agents-metrics/{agent_id}/execution": {"POST": reports.report_metrics},
        "/agents-metrics/{agent_id}/llm": {"POST": reports.report_llm_usage},
        "/activity/{agent_id}/{task_id}": {"GET": tasks.get_activity},
        "/events/{agent_id}/": {"GET": workers.listen},
        "/agents/list": {"GET": agents.list_agents},
        "/agents/{agent_id}": {"GET": agents.get_agent},
        "/agents/{agent_id}/db": {"GET": agents.get_database},
        "/metadata/default_llm_extra_headers": {"GET": agents.get_default_llm_extra_headers},
        "/agents-crud/tools/crud/create": {"POST": agents.create_agent},
        "/metadata/api_key_allowance": {"POST": agents.check_api_key},
        "/metadata/audit": {"GET": reports.list_audit},
        "/metadata/users/{user_id}": {"DELETE": tasks.forget_user},
        "/metadata/workers": {"GET": workers.list_workers},
    }
    return [Route(path, endpoints) for path, endpoints in table.items()]
