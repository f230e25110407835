"""Routes of events: pushed to a task, and followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xpander_client.api.models import (
    TaskUpdate,
    TaskUpdateEvent,
)
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.bounds import ID, ITEMS, within
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.models import check_model
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http.bodies import take_body
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Response, Streamed
from xpander_client.platform.http.routing import (
    ending_attempt,
    idempotency,
    organization,
    path_id,
    read_held_attempt,
    read_place,
    streams_events,
)
from xpander_client.platform.http.task_bodies import add_total, text_result
from xpander_client.platform.rules.records import (
    IdempotencyKey,
)
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming.event_log import EventLogs
from xpander_client.platform.streaming.responses import TaskEvents


class EventEndpoints:
    """Answers requests about the events of tasks."""

    def __init__(
        self,
        store: Store,
        workers: Dispatch,
        logs: EventLogs,
        settings: Settings,
    ) -> None:
        self._store = store
        self._workers = workers
        self._logs = logs
        self._settings = settings

    async def push_events(self, request: Request) -> Response:
        """Add events to a task's stream."""
        task_id = path_id(request, "task_id")
        place = {"task_id": task_id, "organization_id": organization(request)}

        def check(events: Any) -> tuple[list[dict[str, Any]], IdempotencyKey | None]:
            within(events, ITEMS, "$")
            check_model(events, list[TaskUpdateEvent], known_values_only=False)
            whole = [_whole_event(event, index, place) for index, event in enumerate(events)]
            return whole, idempotency(request, f"push {task_id}", events)

        whole, key = await take_body(request, self._settings.body_limit, check)
        ends = any(each["type"] == "task_finished" for each in whole)
        attempt = ending_attempt(request) if ends else read_held_attempt(request)
        appended = await self._store.append(
            organization(request),
            task_id,
            whole,
            attempt=attempt,
            key=key,
        )
        self._workers.on_task_written(appended.record, attempt)
        return Response()

    async def follow_task(self, request: Request) -> Response:
        """Replay a task's events, and go on with them until it is finished."""
        if self._logs.closing:
            raise HttpError(503, "the platform is stopping")
        task_id = path_id(request, "task_id")
        record = await self._store.get(organization(request), task_id, whole=False)
        if not streams_events(record):
            raise HttpError(409, "the task was not created with events_streaming")
        return Streamed(TaskEvents(self._logs, record, read_place(request, record)))


def _whole_event(event: dict[str, Any], index: int, place: Mapping[str, str]) -> dict[str, Any]:
    for name, value in place.items():
        if event[name] != value:
            raise HttpError(422, f"the events are for the {name} {value!r}", f"$[{index}].{name}")
    within(event["type"], ID, f"$[{index}].type")
    whole = {"data": None, **event}
    if whole["type"] == "task_finished" and whole["data"] is not None:
        whole["data"] = text_result(whole["data"])
        check_model(whole["data"], TaskUpdate, f"$[{index}].data")
        whole["data"] = add_total(whole["data"])
    return whole
