"""`Workers`: calls to the platform, each in a sync and an async form."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

from xpander_client.core.answer import Response
from xpander_client.transport import Resource
from xpander_client.transport.raw import RawCalls, araw, raw

from .. import models
from ..models.worker_environment import WorkerEnvironment, WorkerEnvironmentLiteral
from ..models.worker_event_type import WorkerEventType, WorkerEventTypeLiteral
from ..requests import workers as workers_requests


class Workers(Resource):
    """The channel between the platform and a worker process.

    A worker listens for the tasks of one agent, and says that it is alive, busy or done. Every call
    has an `a…` twin for async code, with the same parameters.
    """

    @property
    def with_raw_response(self) -> WorkersWithRawResponse:
        """The same calls, each returning a `Response`: status, headers and the object."""
        return WorkersWithRawResponse(self._transport)

    def listen(
        self,
        agent_id: str,
        environment: WorkerEnvironment | WorkerEnvironmentLiteral | None = None,
        worker_id: str | None = None,
        pool: str | None = None,
        slots: int | None = None,
        begins: bool | None = None,
    ) -> Generator[models.WorkerEvent, None, None]:
        """Register a worker for an agent and receive its tasks.

        The first event is `worker-registration` with the worker's id. Then each task that the
        worker is to run comes as `agent-execution`. A worker that gets
        `worker-environment-conflict` is not wanted here and stops listening.

        The stream has no end of its own. One that breaks is not resumed by itself: a worker listens
        again, and gives its id to keep it.

        Args:
            agent_id: The agent.
            environment: Where the worker runs.
            worker_id: The id that this worker was given before, to keep it when it comes back.
            pool: The worker takes only tasks for this pool, and those for itself alone.
            slots: How many tasks the worker runs at once: it is offered as many as it has room for.
                Without it, tasks are offered one by one, each when the one before has begun.
            begins: Whether the tasks that the worker is offered begin with the offer: they come as
                `executing`, at most as many at once as the worker has slots, and it does not say
                that it has begun. One that it does not run it sets to `pending` again. What it
                holds comes again when it listens again.

        Yields:
            Each WorkerEvent when it arrives.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> workers = Workers(configuration)
            >>> for event in workers.listen(
            ...     agent_id="agent-sales", environment=WorkerEnvironment.Local
            ... ):
            ...     print(event.event)
            worker-registration
            worker-environment-conflict
        """
        from . import streams

        return self._transport.stream(
            workers_requests.listen(
                agent_id=agent_id,
                environment=environment,
                worker_id=worker_id,
                pool=pool,
                slots=slots,
                begins=begins,
            ),
            streams.worker_event(agent_id),
            streams.is_last_worker_event,
        )

    def alisten(
        self,
        agent_id: str,
        environment: WorkerEnvironment | WorkerEnvironmentLiteral | None = None,
        worker_id: str | None = None,
        pool: str | None = None,
        slots: int | None = None,
        begins: bool | None = None,
    ) -> AsyncGenerator[models.WorkerEvent, None]:
        """Register a worker for an agent and receive its tasks.

        The first event is `worker-registration` with the worker's id. Then each task that the
        worker is to run comes as `agent-execution`. A worker that gets
        `worker-environment-conflict` is not wanted here and stops listening.

        The stream has no end of its own. One that breaks is not resumed by itself: a worker listens
        again, and gives its id to keep it.

        Args:
            agent_id: The agent.
            environment: Where the worker runs.
            worker_id: The id that this worker was given before, to keep it when it comes back.
            pool: The worker takes only tasks for this pool, and those for itself alone.
            slots: How many tasks the worker runs at once: it is offered as many as it has room for.
                Without it, tasks are offered one by one, each when the one before has begun.
            begins: Whether the tasks that the worker is offered begin with the offer: they come as
                `executing`, at most as many at once as the worker has slots, and it does not say
                that it has begun. One that it does not run it sets to `pending` again. What it
                holds comes again when it listens again.

        Yields:
            Each WorkerEvent when it arrives.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> workers = Workers(configuration)
            >>> async for event in workers.alisten(
            ...     agent_id="agent-sales", environment=WorkerEnvironment.Local
            ... ):
            ...     print(event.event)
            worker-registration
            worker-environment-conflict
        """
        from . import streams

        return self._transport.astream(
            workers_requests.listen(
                agent_id=agent_id,
                environment=environment,
                worker_id=worker_id,
                pool=pool,
                slots=slots,
                begins=begins,
            ),
            streams.worker_event(agent_id),
            streams.is_last_worker_event,
        )

    def send(
        self,
        worker_id: str,
        agent_id: str,
        event: WorkerEventType | WorkerEventTypeLiteral,
        id: str,
        data: Any = None,
        type: str = "worker",
    ) -> None:
        """Tell the platform how a worker is.

        A heartbeat, as often as the registration says, keeps the leases on the worker's tasks;
        `worker-finished` ends the registration.

        Args:
            worker_id: The worker's id, as its registration gave it.
            agent_id: The agent whose tasks the worker runs.
            event: The message's type.
            id: The message's id, a UUID.
            data: The time of a heartbeat; `{"is_busy": …}` of a capacity update, in which a worker
                whose tasks begin with the offer may list those that it has taken up as `running`:
                others that it was sent are given back; nothing otherwise.
            type: The kind of sender.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> workers = Workers(configuration)
            >>> workers.send(
            ...     worker_id="worker-1",
            ...     agent_id="agent-sales",
            ...     event=WorkerEventType.WorkerCapacityUpdate,
            ...     data={"is_busy": False},
            ...     id="6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11",
            ... )
        """
        spec = workers_requests.send(
            worker_id=worker_id, agent_id=agent_id, event=event, id=id, data=data, type=type
        )
        response: Response[None] = self._transport.call(spec, None)
        return response.parsed

    async def asend(
        self,
        worker_id: str,
        agent_id: str,
        event: WorkerEventType | WorkerEventTypeLiteral,
        id: str,
        data: Any = None,
        type: str = "worker",
    ) -> None:
        """Tell the platform how a worker is.

        A heartbeat, as often as the registration says, keeps the leases on the worker's tasks;
        `worker-finished` ends the registration.

        Args:
            worker_id: The worker's id, as its registration gave it.
            agent_id: The agent whose tasks the worker runs.
            event: The message's type.
            id: The message's id, a UUID.
            data: The time of a heartbeat; `{"is_busy": …}` of a capacity update, in which a worker
                whose tasks begin with the offer may list those that it has taken up as `running`:
                others that it was sent are given back; nothing otherwise.
            type: The kind of sender.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> workers = Workers(configuration)
            >>> await workers.asend(
            ...     worker_id="worker-1",
            ...     agent_id="agent-sales",
            ...     event=WorkerEventType.WorkerCapacityUpdate,
            ...     data={"is_busy": False},
            ...     id="6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11",
            ... )
        """
        spec = workers_requests.send(
            worker_id=worker_id, agent_id=agent_id, event=event, id=id, data=data, type=type
        )
        response: Response[None] = await self._transport.acall(spec, None)
        return response.parsed

    def check_api_key(self, api_key: str) -> models.ApiKeyAllowance:
        """Ask which agents a key may use.

        For a worker that is called directly, and wants to know who may call it.

        Args:
            api_key: The key.

        Returns:
            The key and its agents.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> workers = Workers(configuration)
            >>> allowance = workers.check_api_key(api_key="a-key-to-check")
            >>> print(allowance.agent_ids)
            ['agent-sales']
        """
        spec = workers_requests.check_api_key(api_key=api_key)
        return self._transport.call(spec, models.ApiKeyAllowance).parsed

    async def acheck_api_key(self, api_key: str) -> models.ApiKeyAllowance:
        """Ask which agents a key may use.

        For a worker that is called directly, and wants to know who may call it.

        Args:
            api_key: The key.

        Returns:
            The key and its agents.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> workers = Workers(configuration)
            >>> allowance = await workers.acheck_api_key(api_key="a-key-to-check")
            >>> print(allowance.agent_ids)
            ['agent-sales']
        """
        spec = workers_requests.check_api_key(api_key=api_key)
        return (await self._transport.acall(spec, models.ApiKeyAllowance)).parsed


class WorkersWithRawResponse(RawCalls):
    """The calls of `Workers`, each returning a `Response`: status, headers and the object."""

    send = raw(Workers.send)
    asend = araw(Workers.asend)
    check_api_key = raw(Workers.check_api_key)
    acheck_api_key = araw(Workers.acheck_api_key)
