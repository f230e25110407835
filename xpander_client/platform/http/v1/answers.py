"""Tasks as the official REST shows them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson

from xpander_client.platform.foundation.ids import derive_task_id
from xpander_client.platform.http.responses import Json
from xpander_client.platform.http.tasks import list_item
from xpander_client.platform.rules.records import TaskRecord

_UNSAID: Mapping[str, Any] = MappingProxyType(
    {
        "internal_status": None,
        "last_executed_node_id": None,
        "agent_version": None,
        "started_at": None,
        "paused_at": None,
        "finished_at": None,
        "result": None,
        "parent_execution": None,
        "sub_executions": (),
        "finished_sub_executions": (),
        "is_manually_stopped": False,
        "payload_extension": None,
        "hitl_request": None,
        "pending_eca_request": None,
        "source": None,
        "worker_id": None,
        "additional_context": None,
        "expected_output": None,
        "output_format": "text",
        "output_schema": None,
        "events_streaming": False,
        "used_mutating_tools": False,
        "is_continuous": False,
        "mcp_servers": (),
        "triggering_agent_id": None,
        "title": None,
        "think_mode": "default",
        "disable_attachment_injection": False,
    }
)
"""What is shown of a task where nothing was said: callers find each field in each answer."""


_UNSAID_IN_LISTS: Mapping[str, Any] = MappingProxyType(
    {
        "user_id": None,
        "parent_task_id": None,
        "triggering_agent_id": None,
        "updated_at": None,
        "source_node_type": None,
        "result": None,
        "title": None,
    }
)

_SECRET = frozenset({"user_oidc_token", "user_tokens"})
"""What a task's worker is told, and nobody who reads the task here."""


def answer_task(record: TaskRecord) -> Json:
    """Answer with a task, which was read with its large fields."""
    return Json(encode_task(record))


def encode_task(record: TaskRecord) -> bytes:
    """Return a task's JSON."""
    task = {**_UNSAID, **record.outline()}
    for name in record.digests:
        body = record.bodies[name]
        task[name] = orjson.loads(body) if name == "input" else orjson.Fragment(body)
    for name in _SECRET:
        task.pop(name, None)
    task["input"] = _complete_input(task.get("input"))
    return _show_chosen_id(record, orjson.dumps(task))


def encode_item(record: TaskRecord) -> bytes:
    """Return the JSON of what lists show of a task; of a result that is large, nothing."""
    return _show_chosen_id(record, orjson.dumps({**_UNSAID_IN_LISTS, **list_item(record)}))


def _show_chosen_id(record: TaskRecord, encoded: bytes) -> bytes:
    """Return JSON about a task with the id that its caller chose in place of that under which it is
    stored, if somebody chose one.
    """
    pair = find_chosen_id(record)
    return encoded if pair is None else encoded.replace(*pair)


def find_chosen_id(record: TaskRecord) -> tuple[bytes, bytes] | None:
    """Return the id that a task is stored under and the one that its caller chose, as JSON."""
    chosen = record.outline().get("chosen_id")
    if isinstance(chosen, str) and derive_task_id(record.organization_id, chosen) == record.id:
        return orjson.dumps(record.id), orjson.dumps(chosen)
    return None


def _complete_input(given: Any) -> dict[str, Any]:
    shown = {"text": "", "files": (), "user": None, **(given if isinstance(given, dict) else {})}
    user = shown["user"]
    if isinstance(user, dict):
        names = (user.get("first_name"), user.get("last_name"))
        name = " ".join(each for each in names if isinstance(each, str) and each)
        shown["user"] = {"display_name": name or user.get("email") or "", **user}
    return shown
