"""The routes of threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from xpander_client.api.models import ThreadCreate, ThreadMessage, ThreadUpdate
from xpander_client.platform.foundation.bounds import ID, ITEMS, LOOKED_UP, within
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.ids import new_task_id
from xpander_client.platform.foundation.models import check_model
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http import bodies
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.router import Endpoint, Route
from xpander_client.platform.http.routing import (
    access,
    count,
    idempotency,
    organization,
    path_id,
    read_held_attempt,
    read_query,
)
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.rules import threads
from xpander_client.platform.rules.records import IdempotencyKey, MessageRecord, ThreadRecord
from xpander_client.platform.stores.base.store import Store

T = TypeVar("T")

STATUS = "x-xpander-execution-status"
LENGTH = "x-xpander-thread-length"


class ThreadEndpoints:
    """One method for each operation on threads. Every answer that shows a thread says in a header
    how long it is.
    """

    def __init__(self, store: Store, reach: KeyScope, settings: Settings) -> None:
        self._store = store
        self._threads = store.threads
        self._reach = reach
        self._settings = settings

    def routes(self) -> Sequence[Route]:
        """All routes of threads."""
        table: dict[str, dict[str, Endpoint]] = {
            "/memory/{thread_id}": {
                "GET": self.get,
                "PUT": self.extend,
                "PATCH": self.update,
                "DELETE": self.delete,
            },
            # Before the views of a thread, whose route fits, too.
            "/memory/threads/{user_id}": {"GET": self.list_of_user},
            "/memory/{thread_id}/{strategy}": {"GET": self.view},
            "/memory": {"POST": self.create},
            "/memory/rename/{thread_id}/{name}": {"PATCH": self.rename},
        }
        return [Route(path, endpoints) for path, endpoints in table.items()]

    async def create(self, request: Request) -> Response:
        """Begin a thread."""
        organization_id = organization(request)
        body = await self._take(request, _check_thread)
        if body.get("organization_id") not in (None, "", organization_id):
            raise HttpError(422, "the key is another organization's", "$.organization_id")
        access(request).check(_owner(body))
        thread_id = body.get("id") or new_task_id()
        if body.get("id"):
            await self._reach.check_chosen_thread(access(request), thread_id)
        thread = await self._threads.create(
            organization_id,
            body,
            thread_id=thread_id,
            key=idempotency(request, "create thread", body),
        )
        return await self._whole(thread)

    async def get(self, request: Request) -> Response:
        """Answer with a thread and all its messages."""
        return await self._whole(await self._found(request))

    async def view(self, request: Request) -> Response:
        """Answer with a thread as a strategy shows it."""
        strategy = path_id(request, "strategy")
        if strategy not in threads.STRATEGIES:
            raise HttpError(422, f"there is no strategy {strategy!r}")
        after = self._after(request)
        thread = await self._found(request)
        if strategy == "full":
            return await self._whole(thread, after)
        if strategy in threads.WINDOWS:
            return _answer_thread(thread, await self._window(thread))
        messages = await self._threads.read(thread)
        if strategy == "cleanToolCallResponses":
            messages = threads.without_answers(messages)
        return _answer_thread(thread, messages)

    async def extend(self, request: Request) -> Response:
        """Add messages to the end of a thread."""
        after = self._after(request)
        thread_id = path_id(request, "thread_id")

        def check(messages: Any) -> tuple[list[dict[str, Any]], IdempotencyKey | None]:
            within(messages, ITEMS, "$")
            check_model(messages, list[ThreadMessage])
            return messages, idempotency(request, f"extend {thread_id}", messages)

        messages, key = await self._take(request, check)
        task_id = request.get_header(b"x-xpander-execution-id")
        if task_id is not None:
            await self._reach.check_task(access(request), task_id)
            task_id = await self._reach.find_stored_id(organization(request), task_id)
        extended = await self._threads.extend(
            organization(request),
            thread_id,
            messages,
            task_id=task_id,
            attempt=read_held_attempt(request),
            key=key,
        )
        headers = {} if extended.task is None else {STATUS: extended.task.status}
        return await self._whole(extended.thread, after, headers)

    async def update(self, request: Request) -> Response:
        """Replace parts of a thread."""
        body = await self._take(request, _check_changes)
        access(request).check(_owner(body))
        thread = await self._threads.update(
            organization(request),
            path_id(request, "thread_id"),
            body,
            messages=body.get("messages"),
        )
        return await self._whole(thread)

    async def rename(self, request: Request) -> Response:
        """Give a thread a name."""
        await self._threads.update(
            organization(request),
            path_id(request, "thread_id"),
            {"name": path_id(request, "name")},
        )
        return Response()

    async def delete(self, request: Request) -> Response:
        """Forget a thread."""
        await self._threads.delete(
            organization(request), path_id(request, "thread_id"), actor=access(request).key_id
        )
        return Response()

    async def list_of_user(self, request: Request) -> Response:
        """List the threads of a user."""
        agent_id = read_query(request, "agent_id", ID)
        access(request).check(agent_id)
        found = await self._threads.list_of_user(
            organization(request), path_id(request, "user_id"), agent_id
        )
        listed = [thread.read() for thread in found]
        return Json.of(
            [
                _list_item(thread)
                for thread in listed
                if access(request).covers(threads.belongs_to(thread)[1])
            ]
        )

    # ---------------------------------------------------------------------------------------------

    async def _take(self, request: Request, check: Callable[[Any], T]) -> T:
        return await bodies.take_body(request, self._settings.body_limit, check)

    async def _found(self, request: Request) -> ThreadRecord:
        return await self._threads.get(organization(request), path_id(request, "thread_id"))

    def _after(self, request: Request) -> int | None:
        return count(request.query_params.get("after"), "after")

    async def _whole(
        self,
        thread: ThreadRecord,
        after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        known = min(after or 0, thread.length)
        messages = await self._threads.read(thread, known)
        return _answer_thread(
            thread, messages, offset=None if after is None else known, headers=headers
        )

    async def _window(self, thread: ThreadRecord) -> Sequence[MessageRecord]:
        last = threads.WINDOW
        while True:
            tail = await self._threads.tail(thread, last)
            shown = threads.window(tail, threads.WINDOW, whole=len(tail) == thread.length)
            if shown is not None:
                return shown
            last *= 4


def _answer_thread(
    thread: ThreadRecord,
    messages: Sequence[MessageRecord],
    *,
    offset: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    value = {
        **thread.read(),
        "messages": [orjson.Fragment(message.body) for message in messages],
        **({} if offset is None else {"offset": offset}),
    }
    return Json.of(value, {**(headers or {}), LENGTH: str(thread.length)})


def _check_thread(body: Any) -> dict[str, Any]:
    made = check_model(body, ThreadCreate)
    check_model(made.additional_properties, ThreadUpdate)
    thread: dict[str, Any] = body
    return thread


def _check_changes(body: Any) -> dict[str, Any]:
    check_model(body, ThreadUpdate)
    changes: dict[str, Any] = body
    return changes


def _owner(body: Mapping[str, Any]) -> str | None:
    """Return the agent that a thread's body names, if it and the user can be looked up by."""
    user_id, agent_id = threads.belongs_to(body)
    within(user_id, LOOKED_UP, "$.user_details.id")
    within(agent_id, ID, "$.metadata.agent_id")
    return agent_id


def _list_item(thread: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "metadata", "created_at")
    return {"thread_id": thread["id"], **{name: thread[name] for name in names if name in thread}}
