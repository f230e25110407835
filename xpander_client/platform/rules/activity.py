"""A task's thread, as people read it: what was asked, done and answered, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import attrs
import orjson

from xpander_client.platform.rules.records import EventRecord, TaskRecord

HELD_BYTES = 4 * 1024 * 1024
"""So much is held back at the most, from a tool call on that waits for its result."""

KINDS = (
    *("task_created", "task_finished", "tool_call_request", "tool_call_result"),
    *("think", "analyze", "sub_agent_trigger", "auth_event"),
)


Read = Callable[[int, int], Awaitable[tuple[Sequence[EventRecord], int]]]
"""Gives events between two numbers, and the number up to which it looked."""


async def thread(task: TaskRecord, last: int, read: Read) -> AsyncIterator[bytes]:
    """Yield the JSON of a task's activity thread, in pieces, made from its events as they are read.

    `read` gives events of the `KINDS`; `last` is the number of the task's last event. A tool call
    and its result are one entry, unless there is too much between them. Pieces of text are left
    out: the answer has them all.
    """
    document = task.outline()
    head = {"id": document["id"], "created_at": document["created_at"]}
    piece, any_yet = orjson.dumps(head)[:-1] + b',"messages":[', False
    async for complete in list_entries(task, last, read):
        yield piece + (b"," if any_yet else b"") + orjson.dumps(complete)[1:-1]
        piece, any_yet = b"", True
    user = _user(document)
    yield piece + b"]" + (b',"user":' + orjson.dumps(user) if user is not None else b"") + b"}"


async def list_entries(
    task: TaskRecord, last: int, read: Read
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the entries of a task's activity thread, some at a time, none of them empty."""
    entries, after = _Entries(task.id), 0
    while after < last:
        events, after = await read(after, last)
        for event in events:
            entries.add(event)
        if complete := entries.take(all_of_them=after >= last):
            yield complete


@attrs.define
class _Held:
    """An entry that is not given out yet, and about how long it is."""

    entry: dict[str, Any]
    size: int
    waits: bool = False


class _Entries:
    """The entries of a thread in their order, of which those are given out that are complete."""

    def __init__(self, task_id: str) -> None:
        self._task_id = task_id
        self._held: list[_Held] = []
        self._calls: dict[str, _Held] = {}

    def take(self, *, all_of_them: bool) -> list[dict[str, Any]]:
        """Return the next entries, up to the first call that waits for its result."""
        if all_of_them or sum(each.size for each in self._held) > HELD_BYTES:
            self._calls.clear()
            count = len(self._held)
        else:
            waiting = (place for place, each in enumerate(self._held) if each.waits)
            count = next(waiting, len(self._held))
        taken, self._held = self._held[:count], self._held[count:]
        return [each.entry for each in taken]

    def add(self, record: EventRecord) -> None:
        """Take in an event."""
        event = orjson.loads(record.body)
        data = event.get("data")
        fields = data if isinstance(data, dict) else {}
        held = _Held({"id": f"{self._task_id}-{record.seq}"}, len(record.body))
        held.entry["created_at"] = event.get("time")
        if record.type == "tool_call_result" and (call := self._calls.pop(_call_id(fields), None)):
            call.waits = False
            call.size += held.size
            held = call
        else:
            self._held.append(held)
        entry = held.entry
        match record.type:
            case "task_created":
                entry |= _make_tool_call(fields)
            case "task_finished" if fields.get("result") is not None:
                content = {"text": str(fields["result"]), "files": []}
                entry |= {"role": "agent", "content": content}
            case "tool_call_request":
                entry |= _tool_call(fields)
                if earlier := self._calls.get(_call_id(fields)):
                    earlier.waits = False
                held.waits = True
                self._calls[_call_id(fields)] = held
            case "tool_call_result":
                if "tool_name" not in entry:
                    entry |= _tool_call(fields)
                entry |= {
                    "result": fields.get("result"),
                    "is_error": fields.get("is_error") is True,
                }
            case "think" | "analyze":
                entry |= _reasoning(record.type, fields, data)
            case "sub_agent_trigger":
                entry |= _trigger(fields)
            case "auth_event":
                kind = fields.get("type")
                entry |= {
                    "type": kind if isinstance(kind, str) else "login_required",
                    "data": fields,
                }
            case _:
                self._held.pop()


def _make_tool_call(task: dict[str, Any]) -> dict[str, Any]:
    given = task.get("input")
    given = given if isinstance(given, dict) else {}
    content = {"text": given.get("text") or "", "files": given.get("files") or []}
    entry: dict[str, Any] = {"role": "user", "content": content}
    user = _user(task)
    return entry | ({"user": user} if user is not None else {})


def _user(task: dict[str, Any]) -> Any:
    given = task.get("input")
    return given.get("user") if isinstance(given, dict) else None


def _call_id(fields: dict[str, Any]) -> str:
    return str(fields.get("tool_call_id") or fields.get("request_id") or "")


def _tool_call(fields: dict[str, Any]) -> dict[str, Any]:
    name = fields.get("tool_name") or fields.get("operation_id") or ""
    entry: dict[str, Any] = {
        "tool_name": str(name),
        "payload": fields.get("payload"),
        "is_error": False,
    }
    reasoning = fields.get("reasoning")
    if isinstance(reasoning, dict):
        entry["reasoning"] = {
            key: value if isinstance(value := reasoning.get(key), str) else None
            for key in ("title", "description")
        }
    if isinstance(fields.get("plan_task_id"), str):
        entry["plan_task_id"] = fields["plan_task_id"]
    return entry


def _reasoning(kind: str, fields: dict[str, Any], data: Any) -> dict[str, Any]:
    confidence = fields.get("confidence")
    entry: dict[str, Any] = {
        "type": kind,
        "title": str(fields.get("title") or kind),
        "confidence": confidence
        if isinstance(confidence, int | float) and not isinstance(confidence, bool)
        else 1.0,
    }
    if isinstance(data, str):
        entry["thought" if kind == "think" else "analysis"] = data
    for name in ("thought", "action", "result", "analysis", "plan_task_id"):
        if isinstance(fields.get(name), str):
            entry[name] = fields[name]
    return entry


def _trigger(fields: dict[str, Any]) -> dict[str, Any]:
    reasoning = fields.get("reasoning")
    entry: dict[str, Any] = {
        "agent_id": str(fields.get("agent_id") or ""),
        "reasoning": reasoning if isinstance(reasoning, dict) else {},
    }
    if isinstance(fields.get("query"), str):
        entry["query"] = fields["query"]
    files = fields.get("files")
    if isinstance(files, list):
        entry["files"] = [file for file in files if isinstance(file, str)]
    return entry
