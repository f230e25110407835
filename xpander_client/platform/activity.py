"""A task's thread, as people read it: what was asked, done and answered, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from .stores.records import EventRecord, TaskRecord

__all__ = ["thread"]


def thread(task: TaskRecord, events: Iterable[EventRecord]) -> dict[str, Any]:
    """The activity thread of a task, made from its events.

    A tool call and its result are one entry. Pieces of text are left out: the answer has them all.
    """
    document = task.outline()
    entries: list[dict[str, Any]] = []
    calls: dict[str, dict[str, Any]] = {}
    for record in events:
        event = orjson.loads(record.body)
        data = event.get("data")
        told = data if isinstance(data, dict) else {}
        base = {"id": f"{task.id}-{record.seq}", "created_at": event.get("time")}
        match record.type:
            case "task_created":
                entries.append(base | _asked(told))
            case "task_finished":
                if told.get("result") is not None:
                    content = {"text": str(told["result"]), "files": []}
                    entries.append(base | {"role": "agent", "content": content})
            case "tool_call_request":
                entry = base | _tool_call(told)
                entries.append(entry)
                calls[_call_id(told)] = entry
            case "tool_call_result":
                called = calls.pop(_call_id(told), None)
                if called is None:
                    called = base | _tool_call(told)
                    entries.append(called)
                called |= {
                    "result": told.get("result"),
                    "is_error": told.get("is_error") is True,
                }
            case "think" | "analyze":
                entries.append(base | _reasoning(record.type, told, data))
            case "sub_agent_trigger":
                entries.append(base | _trigger(told))
            case "auth_event":
                kind = told.get("type")
                entries.append(
                    base
                    | {"type": kind if isinstance(kind, str) else "login_required", "data": told}
                )
            case _:
                pass
    result = {"id": task.id, "created_at": document["created_at"], "messages": entries}
    user = _user(document)
    return result | ({"user": user} if user is not None else {})


def _asked(task: dict[str, Any]) -> dict[str, Any]:
    given = task.get("input")
    given = given if isinstance(given, dict) else {}
    content = {"text": given.get("text") or "", "files": given.get("files") or []}
    entry: dict[str, Any] = {"role": "user", "content": content}
    user = _user(task)
    return entry | ({"user": user} if user is not None else {})


def _user(task: dict[str, Any]) -> Any:
    given = task.get("input")
    return given.get("user") if isinstance(given, dict) else None


def _call_id(told: dict[str, Any]) -> str:
    return str(told.get("tool_call_id") or told.get("request_id") or "")


def _tool_call(told: dict[str, Any]) -> dict[str, Any]:
    name = told.get("tool_name") or told.get("operation_id") or ""
    entry: dict[str, Any] = {
        "tool_name": str(name),
        "payload": told.get("payload"),
        "is_error": False,
    }
    reasoning = told.get("reasoning")
    if isinstance(reasoning, dict):
        entry["reasoning"] = {
            key: value if isinstance(value := reasoning.get(key), str) else None
            for key in ("title", "description")
        }
    if isinstance(told.get("plan_task_id"), str):
        entry["plan_task_id"] = told["plan_task_id"]
    return entry


def _reasoning(kind: str, told: dict[str, Any], data: Any) -> dict[str, Any]:
    confidence = told.get("confidence")
    entry: dict[str, Any] = {
        "type": kind,
        "title": str(told.get("title") or kind),
        "confidence": confidence
        if isinstance(confidence, int | float) and not isinstance(confidence, bool)
        else 1.0,
    }
    if isinstance(data, str):
        entry["thought" if kind == "think" else "analysis"] = data
    for name in ("thought", "action", "result", "analysis", "plan_task_id"):
        if isinstance(told.get(name), str):
            entry[name] = told[name]
    return entry


def _trigger(told: dict[str, Any]) -> dict[str, Any]:
    reasoning = told.get("reasoning")
    entry: dict[str, Any] = {
        "agent_id": str(told.get("agent_id") or ""),
        "reasoning": reasoning if isinstance(reasoning, dict) else {},
    }
    if isinstance(told.get("query"), str):
        entry["query"] = told["query"]
    files = told.get("files")
    if isinstance(files, list):
        entry["files"] = [file for file in files if isinstance(file, str)]
    return entry
