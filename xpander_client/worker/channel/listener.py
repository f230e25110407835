"""Listens to the platform: one stream, opened again whenever it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Any, cast

import attrs

from xpander_client.api.models import WorkerEnvironment
from xpander_client.api.requests import workers
from xpander_client.configuration import RetryPolicy
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.outage import Outage
from xpander_client.core.serialization import parse
from xpander_client.core.sse import ServerSentEvent
from xpander_client.errors import ApiStatusError, CallError, ModuleException
from xpander_client.transport import Transport
from xpander_client.worker.channel.delivery import PATIENCE

_logger = logging.getLogger("xpander_client.worker")

_CONFLICT = "worker-environment-conflict"

_RAREST = 3600.0
"""Seconds between signs of life: with more, or what no thread can wait for, none would be given."""


@attrs.frozen
class Registered:
    """The platform knows the worker, under this id, and wants to hear of it every so many seconds,
    if it says.
    """

    worker_id: str
    heartbeat_interval: float | None = None


@attrs.frozen
class Offered:
    """A task to run, as it stands on the wire, under the attempt that it was claimed with.

    One that is `begun` is executing already, and this worker's until it says otherwise.
    """

    task_id: str
    attempt: int
    body: bytes
    begun: bool = False


@attrs.frozen
class StopRequested:
    """The caller of a task stopped it; `attempt` is the one that runs it, if the platform knows."""

    task_id: str
    attempt: int | None


@attrs.frozen
class TaskNotification:
    """A task was told something that it waits for. The same may come again, with the same `seq`."""

    task_id: str
    attempt: int | None
    seq: int
    key: str
    data: Any


Message = Registered | Offered | StopRequested | TaskNotification


class Listener:
    """Registers a worker and yields what the platform has for it.

    With `tries` it gives up when so many connections failed and it was never registered. With a
    `worker_id` it asks for that id from the beginning. In a `pool` it hears of no task that is not
    for the pool, or for it alone. With `slots` it is offered as many tasks at once. If it `begins`
    the tasks that it is offered are begun with the offer, where the platform can do that.
    """

    def __init__(
        self,
        transport: Transport,
        agent_id: str,
        environment: WorkerEnvironment,
        *,
        tries: int | None = None,
        worker_id: str | None = None,
        pool: str | None = None,
        slots: int | None = None,
        begins: bool | None = None,
    ) -> None:
        self.worker_id = worker_id
        self._is_known = False
        self._pool = pool
        self._slots = slots
        self._begins = begins
        self._transport = transport.options(retry=RetryPolicy(attempts=1))
        self._agent_id = agent_id
        self._environment = environment
        self._tries = tries

    async def messages(self) -> AsyncGenerator[Message, None]:
        """Yield what the platform says, from all connections; never end by itself.

        Raises:
            ApiStatusError: the platform refuses the worker's first registration.
            CallError: the last of `tries` failed.
            ModuleException: the platform says that another environment serves the agent.
        """
        outage = Outage(PATIENCE)
        while True:
            try:
                async with contextlib.aclosing(self._stream()) as frames:
                    async for frame in frames:
                        outage.end()
                        if (message := self._read(frame)) is not None:
                            yield message
                cause = f"{self._transport.configuration.events_root} closed the stream"
            except CallError as error:
                is_last = self._tries is not None and outage.failures + 1 >= self._tries
                # Who begins is told of a wrong key or agent at once. A worker that was known has
                # tasks, so it waits even for what refuses it now.
                if not self._is_known and (is_last or _is_refusal(error)):
                    raise
                cause = str(error)
            pause = outage.pause()
            _logger.warning("not listening, trying again in %.1f s: %s", pause, cause)
            await asyncio.sleep(pause)

    def _stream(self) -> AsyncGenerator[ServerSentEvent, None]:
        spec = workers.listen(
            agent_id=self._agent_id,
            environment=self._environment,
            # The same worker as before the break keeps its tasks.
            worker_id=self.worker_id,
            pool=self._pool,
            slots=self._slots,
            begins=self._begins,
        )
        return self._transport.astream(spec, lambda frame: frame, lambda frame: False)

    def _read(self, frame: ServerSentEvent) -> Message | None:
        data = _object_in(frame)
        if frame.event == _CONFLICT:
            raise ModuleException(
                409, f"the platform refuses this worker: {data.get('error') or 'conflict'}"
            )
        attempt = data.get("execution_attempts")
        number = attempt if isinstance(attempt, int) else None
        match frame.event, data.get("id"):
            case "worker-registration", str(worker_id):
                if (refused := data.get("refused_id")) is not None:
                    _logger.warning(
                        "another agent has a worker %s, so this one is called %s; tasks for %s "
                        "alone do not come here",
                        refused,
                        worker_id,
                        refused,
                    )
                self.worker_id = worker_id
                self._is_known = True
                return Registered(worker_id, _read_seconds(data.get("heartbeat_interval")))
            case "agent-execution", str(task_id):
                begun = data.get("status") == "executing"
                return Offered(task_id, number or 0, frame.data.encode(), begun)
            case "task-stop", str(task_id):
                return StopRequested(task_id, number)
            case "task-notify", str(task_id):
                seq, key = data.get("seq"), data.get("key")
                if not isinstance(seq, int) or not isinstance(key, str):
                    return None
                return TaskNotification(task_id, number, seq, key, data.get("data"))
            case _:
                # Platforms say more over time than a worker knows.
                _logger.debug("ignored an event %r", frame.event)
                return None


def _read_seconds(value: Any) -> float | None:
    """Return a number of seconds that the platform named, if it is one to wait for."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and 0 < value <= _RAREST else None


def _object_in(frame: ServerSentEvent) -> dict[str, Any]:
    try:
        data = parse(frame.data)
    except ConversionError:
        data = None
    return cast(dict[str, Any], data) if isinstance(data, dict) else {}


def _is_refusal(error: CallError) -> bool:
    return isinstance(error, ApiStatusError) and not error.retryable
