"""Messages of background tasks to their agent, in the threads that they share."""

from __future__ import annotations

import asyncio
import uuid
from weakref import WeakValueDictionary

from xpander_client.api.models import ThreadMessage
from xpander_client.api.requests import tasks, threads
from xpander_client.background.record.connection import WorkerConnection
from xpander_client.core.requests import Replay, RequestSpec
from xpander_client.errors import ConflictError, NotFoundError


class AgentMessages:
    """Delivers messages to an agent, those of one thread one after the other."""

    def __init__(self, connection: WorkerConnection, agent_id: str) -> None:
        self._connection = connection
        self._agent_id = agent_id
        self._chats: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def deliver(self, chat_key: str, message: str, trigger: bool) -> None:
        """Put a message into the thread `chat_key`, which is made where there is none.

        With `trigger` the agent gets a task, to go on with the thread.

        Raises:
            CallError: the platform refuses it.
        """
        said = [ThreadMessage(role="system", content=message)]
        extend, key = threads.extend(thread_id=chat_key, messages=said, after=0), str(uuid.uuid4())
        # One after the other, in each thread.
        async with self._chats.setdefault(chat_key, asyncio.Lock()):
            try:
                await self._send_once(extend, key)
            except NotFoundError:
                metadata = {"agent_id": self._agent_id}
                try:
                    create = threads.create(thread_id=chat_key, metadata=metadata)
                    await self._send_once(create, f"{key}-thread")
                except ConflictError:
                    pass  # somebody else was faster
                await self._send_once(extend, key)
            if trigger:
                spec = tasks.create(
                    agent_id=self._agent_id,
                    prompt=message,
                    source="sdk",
                    memory_thread_id=chat_key,
                    events_streaming=True,
                )
                await self._send_once(spec, f"{key}-task")

    async def _send_once(self, spec: RequestSpec, key: str) -> None:
        assert spec.replay is Replay.KEYED
        await self._connection.send(lambda: spec, key=key)
