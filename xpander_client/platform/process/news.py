"""What happens on a platform, in lines for the person who runs it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from xpander_client.platform.foundation.errors import HttpError

if TYPE_CHECKING:
    from xpander_client.platform.app import Platform


_LOOK_INTERVAL = 0.5


class News:
    """Tells of workers that came and left, and of agents whose tasks wait while none serves them.

    An agent is told of once, until a worker of it comes. A task that a script makes and then takes
    for itself waits for a moment, too: so nothing is said before the second look.
    """

    def __init__(self, platform: Platform, tell: Callable[[str], None]) -> None:
        self._platform = platform
        self._tell = tell
        self._workers: Set[tuple[str, str, str]] = set()
        self._unserved: Set[tuple[str, str]] = set()
        self._told: set[tuple[str, str]] = set()

    async def follow(self) -> None:
        """Look again and again, until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_INTERVAL)

    async def look(self) -> None:
        """Tell what has changed since the last look."""
        workers = self._platform.dispatch.listening()
        for _, agent_id, worker_id in sorted(workers - self._workers):
            self._tell(f"worker {worker_id} takes tasks of agent {agent_id}")
        for _, agent_id, worker_id in sorted(self._workers - workers):
            self._tell(f"worker {worker_id} of agent {agent_id} left")
        self._workers = workers
        served = {(organization_id, agent_id) for organization_id, agent_id, _ in workers}
        self._told -= served
        with contextlib.suppress(HttpError):  # the store is away: it is asked at the next look
            unserved = await self._platform.store.list_waiting_agents() - served
            for agent in sorted((unserved & self._unserved) - self._told):
                self._told.add(agent)
                self._tell(
                    f"a task of agent {agent[1]} waits, and no worker serves it "
                    f"(one does with XPANDER_AGENT_ID={agent[1]})"
                )
            self._unserved = unserved
