"""Invoking an agent: a task is created, and its caller may wait for what comes of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from xpander_client.api.models import TaskCreate
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http import bodies
from xpander_client.platform.http.bodies import take_object
from xpander_client.platform.http.creations import Creations, name_one_parent
from xpander_client.platform.http.routing import access, idempotency, path_id
from xpander_client.platform.http.v1.answers import answer_task
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.streaming.outcomes import Outcomes


class InvocationEndpoints:
    """Answers requests that invoke an agent. An id in the body is the caller's name for a
    conversation: the first request with it creates a task, and later ones continue that.
    """

    def __init__(self, creations: Creations, outcomes: Outcomes, settings: Settings) -> None:
        self._creations = creations
        self._outcomes = outcomes
        self._settings = settings

    async def invoke(self, request: Request) -> Response:
        """Create a task, and answer with it when it is finished or paused."""
        begun = await self._create(request)
        return answer_task(await self._outcomes.wait(begun, request.receive))

    async def invoke_async(self, request: Request) -> Response:
        """Create a task, and answer with it at once."""
        return answer_task(await self._create(request))

    async def _create(self, request: Request) -> TaskRecord:
        agent_id = path_id(request, "agent_id")
        body = name_one_parent(await take_object(request, self._settings.body_limit, TaskCreate))
        version = request.query_params.get("version")
        return await self._creations.create(
            access(request),
            agent_id,
            body,
            key=idempotency(request, f"create {agent_id}", body),
            version=version or bodies.header(request, b"x-agent-version"),
            create_missing=True,
        )
