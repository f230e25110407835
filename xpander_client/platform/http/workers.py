"""Routes of workers: the channel on which they listen, what they say, and who there is."""

from __future__ import annotations

from xpander_client.api.models import (
    WorkerMessage,
)
from xpander_client.platform.agents.registry import AgentRegistry
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.dispatch.frames import registration
from xpander_client.platform.foundation.bounds import ID, within
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http.bodies import take_object
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response, Streamed
from xpander_client.platform.http.routing import (
    access,
    count,
    flag,
    organization,
    path_id,
    read_query,
)
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming.event_log import EventLogs
from xpander_client.platform.streaming.responses import WorkerChannel

_ENVIRONMENTS = frozenset({"local", "xpander"})


class WorkerEndpoints:
    """Answers requests of workers, and about them."""

    def __init__(
        self,
        store: Store,
        agents: AgentRegistry,
        workers: Dispatch,
        logs: EventLogs,
        settings: Settings,
    ) -> None:
        self._store = store
        self._agents = agents
        self._workers = workers
        self._logs = logs
        self._settings = settings

    async def listen(self, request: Request) -> Response:
        """Register a worker, and bring it its tasks."""
        if self._logs.closing:
            raise HttpError(503, "the platform is stopping")
        organization_id, agent_id = organization(request), path_id(request, "agent_id")
        environment = request.query_params.get("environment")
        if environment is not None and environment not in _ENVIRONMENTS:
            raise HttpError(422, f"there is no environment {environment!r}")
        worker_id = request.get_header(b"x-worker-id")
        within(worker_id, {**ID, "minLength": 1}, what="x-worker-id")
        slots = count(request.query_params.get("slots"), "slots")
        if slots == 0:
            raise HttpError(422, "a worker without slots has nothing to listen for")
        agent = await self._agents.ensure(organization_id, agent_id)
        session = await self._workers.register(
            organization_id,
            agent_id,
            environment=environment,
            peer=_peer(request),
            worker_id=worker_id,
            pool=read_query(request, "pool", ID) or None,
            slots=slots or 1,
            begins=flag(request, "begins"),
        )
        hello = registration(session, agent.wire, self._settings.heartbeat_interval)
        return Streamed(
            WorkerChannel(session, hello, self._settings, self._workers, self._logs.metrics)
        )

    async def take_message(self, request: Request) -> Response:
        """Take in what a worker says about itself."""
        body = await take_object(request, self._settings.body_limit, WorkerMessage)
        agent_id = read_query(request, "agent_id", ID)
        if not agent_id:
            raise HttpError(422, "the query has to say the worker's agent_id")
        access(request).check(agent_id)
        await self._workers.on_worker_message(
            organization(request),
            agent_id,
            path_id(request, "worker_id"),
            body["event"],
            body.get("data"),
            _peer(request),
        )
        return Response()

    async def list_workers(self, request: Request) -> Response:
        """List the workers that listen, whichever server they listen at."""
        listening = await self._store.presence.list_listening(organization(request))
        covers = access(request).covers
        return Json.of(
            [
                {"id": worker_id, "agent_id": agent_id}
                for agent_id, worker_id in sorted(listening)
                if covers(agent_id)
            ]
        )


def _peer(request: Request) -> str:
    return request.client[0] if request.client is not None else ""
