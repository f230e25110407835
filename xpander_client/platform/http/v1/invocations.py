"""Invoking an agent: a task is created, and its caller may wait for what comes of it."""

from __future__ import annotations

from xpander_client.api.models import TaskCreate
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http.bodies import take_object
from xpander_client.platform.http.creations import Creations, name_one_parent
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Response, Streamed
from xpander_client.platform.http.routing import access, idempotency, path_id
from xpander_client.platform.http.v1.answers import answer_task, find_chosen_id
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.streaming.event_log import EventLogs
from xpander_client.platform.streaming.outcomes import Outcomes
from xpander_client.platform.streaming.responses import TaskEvents


class InvocationEndpoints:
    """Answers requests that invoke an agent. An id in the body is the caller's name for a
    conversation: the first request with it creates a task, and later ones continue that.
    """

    def __init__(
        self, creations: Creations, outcomes: Outcomes, logs: EventLogs, settings: Settings
    ) -> None:
        self._creations = creations
        self._outcomes = outcomes
        self._logs = logs
        self._settings = settings

    async def invoke(self, request: Request) -> Response:
        """Create a task, and answer with it when it is finished or paused."""
        begun = await self._create(request)
        return answer_task(await self._outcomes.wait(begun, request.receive))

    async def invoke_async(self, request: Request) -> Response:
        """Create a task, and answer with it at once."""
        return answer_task(await self._create(request))

    async def invoke_stream(self, request: Request) -> Response:
        """Create a task, and answer with its events until it is finished."""
        if self._logs.closing:
            raise HttpError(503, "the platform is stopping")
        begun = await self._create(request, streams=True)
        return Streamed(
            TaskEvents(
                self._logs, begun, begun.run_from, greets=False, renamed=find_chosen_id(begun)
            )
        )

    async def _create(self, request: Request, *, streams: bool = False) -> TaskRecord:
        agent_id = path_id(request, "agent_id")
        body = name_one_parent(await take_object(request, self._settings.body_limit, TaskCreate))
        if streams:
            body = {**body, "events_streaming": True}
        version = request.query_params.get("version")
        return await self._creations.create(
            access(request),
            agent_id,
            body,
            key=idempotency(request, f"create {agent_id}", body),
            version=version or request.get_header(b"x-agent-version"),
            create_missing=True,
        )
