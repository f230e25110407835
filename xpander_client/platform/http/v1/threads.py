"""Routes of what was said and done in a task, as messages."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from typing import Any

import orjson

from xpander_client.platform.auth.access import KeyGrant
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import JsonPieces, Response
from xpander_client.platform.http.routing import access, organization, path_id
from xpander_client.platform.http.v1.answers import find_chosen_id
from xpander_client.platform.rules import activity
from xpander_client.platform.rules.records import TaskFilter, TaskRecord
from xpander_client.platform.stores.base.store import Store

_SAID = ("task_created", "task_finished")
"""The events with what the user and the agent said,"""
_SAID_AND_DONE = (*_SAID, "tool_call_request", "tool_call_result")
"""and with what the agent did meanwhile."""

_FAMILY = 500
"""Of so many of the tasks that one led to, all together, the messages are shown."""


class OfficialThreadEndpoints:
    """Answers requests about the thread of a task. It is made of the task's events, as long as
    these are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get_thread(self, request: Request) -> Response:
        """Answer with what the user and the agent said, turn by turn."""
        record = await self._read_task(request)
        return await _stream(self._encode_thread(record, _SAID))

    async def get_full_thread(self, request: Request) -> Response:
        """Answer with that, the calls of tools, and the same of each task that the task led to."""
        record = await self._read_task(request)
        return await _stream(self._encode_family(access(request), record))

    async def _read_task(self, request: Request) -> TaskRecord:
        task_id = path_id(request, "task_id")
        return await self._store.get(organization(request), task_id, whole=False)

    async def _encode_family(self, opened: KeyGrant, root: TaskRecord) -> AsyncIterator[bytes]:
        due, seen = deque([root]), {root.id}
        while due:
            record = due.popleft()
            name = b'"root"' if record is root else orjson.dumps(_name(record))
            yield (b"{" if record is root else b",") + name + b":"
            async for piece in self._encode_thread(record, _SAID_AND_DONE):
                yield piece
            wanted = TaskFilter(parent_task_id=record.id, agent_ids=opened.agent_ids)
            children = await self._store.list_tasks(
                opened.organization_id, wanted, cursor=None, limit=_FAMILY
            )
            for child in children.records:
                if child.id not in seen and len(seen) <= _FAMILY:
                    seen.add(child.id)
                    due.append(child)
        yield b"}"

    async def _encode_thread(
        self, record: TaskRecord, kinds: Collection[str]
    ) -> AsyncIterator[bytes]:
        entries = activity.list_entries(
            record,
            await self._store.last_seq(record.id),
            lambda after, last: self._store.read_kinds(record.id, kinds, after=after, until=last),
        )
        before = b"["
        async for some in entries:
            for entry in some:
                message = _make_message(entry)
                message["id"] = _name(record) + entry["id"].removeprefix(record.id)
                yield before + orjson.dumps(message)
                before = b","
        yield b"[]" if before == b"[" else b"]"


async def _stream(pieces: AsyncIterator[bytes]) -> Response:
    begun = await anext(pieces)  # what can't be read is refused before the answer begins

    async def chain() -> AsyncGenerator[bytes, None]:
        yield begun
        async for piece in pieces:
            yield piece

    return JsonPieces(chain())


def _name(record: TaskRecord) -> str:
    """Return the id that a task is shown with."""
    pair = find_chosen_id(record)
    name: str = record.id if pair is None else orjson.loads(pair[1])
    return name


def _make_message(entry: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"id": "", "created_at": _read_time(entry.get("created_at"))}
    if "tool_name" in entry:
        return message | {
            "role": "tool",
            "content": entry.get("result"),
            "tool_name": entry["tool_name"],
            "tool_args": entry["payload"],
            "tool_call_error": entry["is_error"],
        }
    content = entry.get("content") or {}
    message["role"] = "user" if entry.get("role") == "user" else "assistant"
    message["content"] = content.get("text", "")
    if content.get("files"):
        message["files"] = content["files"]
    return message


def _read_time(text: Any) -> int | None:
    """Return seconds since 1970; a time without a zone is UTC."""
    try:
        said = datetime.datetime.fromisoformat(text)
        return int((said if said.tzinfo else said.replace(tzinfo=datetime.UTC)).timestamp())
    except (OverflowError, TypeError, ValueError):
        return None
