"""A dispatcher without sockets, and its workers."""

import uuid

from tests.platform.wire import (
    Clock,
)
from xpander_client.platform import Settings
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.stores.base.store import Store


class Crew:
    """Dispatch without sockets, and with a clock that waits."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.dispatch = Dispatch(store, Settings(), clock, Metrics())

    async def worker(self, peer: str = "10.0.0.1") -> WorkerSession:
        return await self.dispatch.register("o", "a", environment=None, peer=peer, worker_id=None)

    async def busy_worker(self, peer: str = "10.0.0.1") -> tuple[WorkerSession, str]:
        """A worker with a task that it is executing."""
        session = await self.worker(peer)
        put = await self.store.put("o", "a", {"input": {}}, task_id=str(uuid.uuid4()))
        with self.store.watch() as watch:
            while put.record.id not in session.held:
                await watch.wait(0.01)
        record = await self.store.patch("o", put.record.id, {"status": "executing"}, attempt=1)
        session.busy = True  # the next task is another worker's
        self.dispatch.on_task_written(record, 1)
        return session, record.id

    async def beat(self, session: WorkerSession) -> None:
        await self.dispatch.on_worker_message(
            "o", "a", session.id, "worker-heartbeat", None, session.peer
        )
