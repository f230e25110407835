"""What keys of each role may do: one rule for every operation, and none without."""

from __future__ import annotations

from xpander_client.platform.auth.access import APPLICATION, ROLES, WORKER

_ANY = ROLES
_BOTH = frozenset({APPLICATION, WORKER})
_APPLICATIONS = frozenset({APPLICATION})
_WORKERS = frozenset({WORKER})
_NO_ROLE: frozenset[str] = frozenset()

RULES = {
    ("DELETE", "/agent-execution/executions/{task_id}"): _APPLICATIONS,
    ("DELETE", "/agent-execution/{agent_or_task_id}"): _BOTH,
    ("DELETE", "/memory/{thread_id}"): _APPLICATIONS,
    ("DELETE", "/metadata/users/{user_id}"): _APPLICATIONS,
    ("DELETE", "/v1/tasks/{task_id}"): _APPLICATIONS,
    ("GET", "/activity/{agent_id}/{task_id}"): _ANY,
    ("GET", "/agent-execution/executions/history/user/{user_id}"): _ANY,
    ("GET", "/agent-execution/executions/history/{agent_id}"): _ANY,
    ("GET", "/agent-execution/pending-executions/{worker_id}"): _ANY,
    ("GET", "/agent-execution/{task_id}/events"): _ANY,
    ("GET", "/agent-execution/{task_id}/status"): _ANY,
    ("GET", "/agents/list"): _ANY,
    ("GET", "/agents/{agent_id}"): _ANY,
    ("GET", "/agents/{agent_id}/db"): _WORKERS,
    ("GET", "/events/{agent_id}/"): _WORKERS,
    ("GET", "/memory/threads/{user_id}"): _ANY,
    ("GET", "/memory/{thread_id}"): _ANY,
    ("GET", "/memory/{thread_id}/{strategy}"): _ANY,
    ("GET", "/metadata/audit"): _NO_ROLE,
    ("GET", "/metadata/default_llm_extra_headers"): _WORKERS,
    ("GET", "/metadata/workers"): _ANY,
    ("GET", "/metrics"): _ANY,
    ("GET", "/v1/agents/{agent_id}/tasks"): _ANY,
    ("GET", "/v1/tasks"): _ANY,
    ("GET", "/v1/tasks/{task_id}"): _ANY,
    ("GET", "/v1/tasks/{task_id}/thread"): _ANY,
    ("GET", "/v1/tasks/{task_id}/thread/full"): _ANY,
    ("PATCH", "/agent-execution/{task_id}/finish"): _BOTH,
    ("PATCH", "/agent-execution/{task_id}/update"): _BOTH,
    ("PATCH", "/memory/rename/{thread_id}/{name}"): _BOTH,
    ("PATCH", "/memory/{thread_id}"): _BOTH,
    ("POST", "/"): _APPLICATIONS,
    ("POST", "/agent-execution/executions/delete"): _APPLICATIONS,
    ("POST", "/agent-execution/{agent_id}/report_task"): _BOTH,
    ("POST", "/agent-execution/{agent_or_task_id}"): _BOTH,
    ("POST", "/agent-execution/{task_id}/events/push"): _BOTH,
    ("POST", "/agent-execution/{task_id}/notify"): _BOTH,
    ("POST", "/agents-crud/tools/crud/create"): _APPLICATIONS,
    ("POST", "/agents-metrics/{agent_id}/execution"): _BOTH,
    ("POST", "/agents-metrics/{agent_id}/llm"): _BOTH,
    ("POST", "/agents/{agent_id}/operations/{tool_id}"): _BOTH,
    ("POST", "/agents/{agent_id}/{execution_id}/operations/{operation_id}"): _BOTH,
    ("POST", "/events/{worker_id}"): _WORKERS,
    ("POST", "/memory"): _BOTH,
    ("POST", "/metadata/api_key_allowance"): _ANY,
    ("POST", "/v1/agents/{agent_id}/invoke"): _APPLICATIONS,
    ("POST", "/v1/agents/{agent_id}/invoke/async"): _APPLICATIONS,
    ("POST", "/v1/agents/{agent_id}/invoke/stream"): _APPLICATIONS,
    ("POST", "/v1/tasks/{task_id}/stop"): _APPLICATIONS,
    ("PUT", "/memory/{thread_id}"): _BOTH,
}
"""Which roles may do it, by method and path."""


def find_roles(method: str, path: str) -> frozenset[str]:
    """Return the roles that may use an operation: none, where no rule says so."""
    return RULES.get((method, path), _NO_ROLE)
