"""A record's connection with the platform: it is a worker there, and its requests are queued."""

from __future__ import annotations

from collections.abc import Callable

from xpander_client.background.record.channel import Channel
from xpander_client.background.record.queue import WriteQueue
from xpander_client.configuration import Configuration, RetryPolicy, prefer_direct
from xpander_client.core.answer import BRIEF
from xpander_client.core.requests import RequestSpec
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker.channel.listener import Offered, StopRequested, TaskNotification


class WorkerConnection:
    """Registers the process as a worker, and makes its requests once it is registered.

    `on_message` is called with each message of the platform, `on_return` when the worker was away
    and is registered again. Both are called on the event loop, before the next request is made.
    """

    def __init__(
        self,
        configuration: Configuration,
        agent_id: str,
        on_message: Callable[[Offered | StopRequested | TaskNotification], None],
        on_return: Callable[[], None],
    ) -> None:
        self.worker_id: str | None = None
        """The worker's name on the platform; None until it is registered."""
        self._agent_id = agent_id
        self._on_message = on_message
        self._on_return = on_return
        configuration = prefer_direct(configuration)
        self._transport = Transport(configuration, Pool(configuration)).options(
            timeout=20.0, retry=RetryPolicy(attempts=1)
        )
        self._brief = self._transport.options(headers=BRIEF)
        self._writes = WriteQueue()
        self._channel: Channel | None = None

    def enter(self, pool: str | None = None) -> None:
        """Be a worker from now on, one that also takes the tasks of `pool`, if there is one."""
        if self._channel is None:
            self._channel = Channel(
                self._transport, self._agent_id, self._on_registered, self._on_message
            )
        if pool is not None:
            self._channel.join(pool)

    async def leave(self) -> None:
        """Be no worker any more, until the next `enter`."""
        channel, self._channel = self._channel, None
        # What comes now is for the next one, which has another name.
        self.worker_id, self._writes = None, WriteQueue()
        if channel is not None:
            await channel.close()

    async def close(self) -> None:
        """Leave, and close all connections."""
        await self.leave()
        await self._transport.pool.aclose()
        self._transport.pool.close()

    async def send(
        self,
        make_request: Callable[[], RequestSpec],
        *,
        key: str | None = None,
        is_brief: bool = False,
        is_urgent: bool = False,
    ) -> bytes:
        """Make a request until it is answered, and return the body of the answer.

        `make_request` is called for each try, so that the request says what holds by then. `key` is
        its idempotency key. The answer of a brief one leaves out what the platform can leave out.

        Raises:
            CallError: the platform refuses it, now and later.
        """
        transport = self._brief if is_brief else self._transport
        if key is not None:
            transport = transport.options(idempotency_key=key)

        async def write() -> bytes:
            return (await transport.acall(make_request(), None)).body

        return await self._writes.send(write, is_urgent=is_urgent)

    def _on_registered(self, worker_id: str) -> None:
        is_first, self.worker_id = self.worker_id is None, worker_id
        if not is_first:
            self._on_return()
        self._writes.open()
