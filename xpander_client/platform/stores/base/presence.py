"""Which workers listen to the platform, and at which of its servers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from typing import Protocol

from xpander_client.platform.rules.records import Held, Joined, ListenState, WorkerRecord


class Presence(Protocol):
    """Which workers listen, and at which of the servers that share the store.

    `is_single_server` says that no other server can share it.
    """

    is_single_server: bool

    async def join(self, worker: WorkerRecord, *, named: bool) -> Joined | None:
        """Note that a worker listens at this server from now on, and give its leases a new term.

        One that has no name of its own, but comes from where one was cut off that went on showing
        life, is that worker: it takes over the leases. None when the name is that of a worker of
        another agent, which keeps it.
        """
        ...

    async def leave(self, worker: WorkerRecord) -> None:
        """Note that the worker's stream at this server has ended. Its leases go on."""
        ...

    async def note_message(self, worker: WorkerRecord, *, busy: bool | None) -> ListenState:
        """Note that the worker said something at this server, perhaps whether it is busy."""
        ...

    async def is_listening(self, organization_id: str, worker_id: str) -> bool:
        """Tell whether the worker listens at one of the servers."""
        ...

    async def list_listening(self, organization_id: str) -> Set[tuple[str, str]]:
        """Return the agents and the ids of the workers that listen at one of the servers, and are
        not about to leave.
        """
        ...

    async def find_gone(self, workers: Collection[tuple[str, str]]) -> Set[tuple[str, str]]:
        """Return those of these workers that were cut off and have not shown life since. One that
        left in order is not among them.
        """
        ...

    async def note_alive(self, streams: Sequence[str]) -> Mapping[tuple[str, str], WorkerRecord]:
        """Note that this server is alive, and that these streams of workers are open at it.

        Returns the workers that listen at it, as all servers know them.

        When no server was alive for a while, leases get a new term: nobody could renew them.
        """
        ...

    async def list_held(
        self, workers: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Mapping[str, Held]]:
        """Return the tasks in the hands of these workers."""
        ...
