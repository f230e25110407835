"""What schemathesis is told beside a description of the official REST."""

import os
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import httpx
import schemathesis

REFUSED = {
    "description": "The request is refused, and the text says why.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["detail"],
                "properties": {"detail": {"type": "string"}},
            }
        }
    },
}


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Add what the official pages say and their description leaves out: it knows of no other
    refusal than a list of faults, and calls the stream of events JSON.
    """
    for path, operations in raw_schema["paths"].items():
        for operation in operations.values():
            for status in ("401", "403", "404", "409", "413", "429", "503"):
                operation["responses"].setdefault(status, REFUSED)
        if path.endswith("/invoke/stream"):
            operations["post"]["responses"]["200"]["content"] = {"text/event-stream": {}}


def _make_tasks() -> Iterator[str]:
    """Make tasks in all sorts of states, so that not every request ends as a 404."""
    headers = {"x-api-key": os.environ["REST_KEY"]}
    with httpx.Client(base_url=os.environ["REST_URL"], headers=headers, timeout=20) as http:
        for status in cycle(["completed", "executing", "paused", "failed", None]):
            body = {"input": {"text": "x", "user": {"id": "u", "email": "e"}}, "title": "T"}
            task = http.post("/v1/agents/sales/invoke/async", json=body).json()
            if status is not None:
                change = {"status": status, "result": "r"}
                http.patch(f"/agent-execution/{task['id']}/update", json=change)
            yield task["id"]


_tasks = _make_tasks()
_coin = cycle([True, True, False])


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
) -> None:
    """Have most requests be about what there is."""
    parameters: dict[str, Any] = case.path_parameters
    is_stream = case.path.endswith("/invoke/stream")
    if is_stream and isinstance(case.body, dict):
        case.body.pop("worker_id", None)  # a stream has no end when nobody works on its task
    if is_stream or next(_coin):
        if "agent_id" in parameters:
            parameters["agent_id"] = "sales"
        if "task_id" in parameters:
            parameters["task_id"] = next(_tasks)
