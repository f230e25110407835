"""Which workers listen at which server: told through the database."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence, Set

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import Held, Joined, ListenState, WorkerRecord
from xpander_client.platform.stores.postgres.connections import Connection, Database

SILENCE = 5.0
"""A server that was not seen for so many seconds is gone, whatever it says of its workers."""

CLOCKS_APART = 15.0
"""So many seconds after a server has noticed that the database's clock was set, all have."""

_FORGOTTEN = 24 * 3600.0

RENEW = (
    # A script's lease is longer, and not cut short by a worker of the same name. Rows are locked in
    # the order of ids, as everywhere.
    "WITH held AS (SELECT id FROM tasks WHERE organization_id = $1 AND worker_id IN ($2, $3) "
    "AND ($5::text IS NULL OR agent_id = $5) ORDER BY id FOR UPDATE) "
    "UPDATE tasks t SET worker_id = $2, lease_until = CASE "
    "WHEN status = 'executing' AND lease_until IS NOT NULL THEN greatest(lease_until, $4) "
    "ELSE lease_until END FROM held WHERE t.id = held.id RETURNING t.id, t.attempt"
)

_NEW_TERM = (
    "WITH leased AS (SELECT id FROM tasks WHERE lease_until IS NOT NULL ORDER BY id FOR UPDATE) "
    "UPDATE tasks t SET lease_until = $1::float8 + CASE "
    "WHEN status != 'executing' THEN $2::float8 WHEN scripted THEN $3::float8 ELSE $4::float8 END "
    "FROM leased WHERE t.id = leased.id"
)

_ALIVE = (
    # Not far ahead of us: that one was seen before the database's clock was set back.
    "EXISTS (SELECT 1 FROM servers s WHERE s.id = w.server_id "
    "AND s.seen_at > {0} AND s.seen_at < {0} + 60)"
)


class PostgresPresence:
    """A `Presence` of several servers. A worker's row names the server that it listens at."""

    is_single_server = False

    def __init__(
        self, server_id: str, database: Database, clock: Clock, settings: Settings
    ) -> None:
        self._server_id = server_id
        self._database = database
        self._clock = clock
        self._settings = settings
        self._seen = False
        self._beaten: tuple[float, float] | None = None
        self._apart_until = 0.0

    async def join(self, worker: WorkerRecord, *, named: bool) -> Joined | None:
        """Note that a worker listens at this server from now on, and give its leases a new term."""
        async with self._database.acquire() as connection, connection.transaction():
            adopted = None if named else await self._find_abandoned(connection, worker)
            if adopted is not None:
                await connection.execute(
                    "DELETE FROM workers WHERE organization_id = $1 AND id = $2",
                    worker.organization_id,
                    adopted,
                )
            place = await connection.fetchrow(
                "INSERT INTO workers AS w (organization_id, id, agent_id, pool, peer, stream, "
                "server_id, heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                "ON CONFLICT (organization_id, id) DO UPDATE SET pool = $4, "
                "peer = $5, stream = $6, server_id = $7, heard_at = $8, busy = false, "
                "leaving = false, spoke_after_break = false WHERE w.agent_id = $3 RETURNING id",
                worker.organization_id,
                worker.id,
                worker.agent_id,
                worker.pool,
                worker.peer,
                worker.stream,
                self._server_id,
                self._clock(),
            )
            if place is None:
                return None
            if not named and adopted is None:
                return Joined({})
            rows = await connection.fetch(
                RENEW,
                worker.organization_id,
                worker.id,
                adopted or worker.id,
                self._clock() + self._settings.lease,
                worker.agent_id,
            )
        return Joined({row["id"]: row["attempt"] for row in rows}, adopted)

    async def _find_abandoned(self, connection: Connection, newcomer: WorkerRecord) -> str | None:
        """Find the one cut-off worker that this one must be, if there is exactly one.

        Only a worker that spoke after its stream broke is alive; one that was killed did not, and
        its tasks must go to somebody else instead of being kept by a stranger.
        """
        rows = await connection.fetch(
            "SELECT id FROM workers w WHERE organization_id = $1 AND agent_id = $2 AND peer = $3 "
            "AND pool IS NULL AND spoke_after_break "
            f"AND NOT {_ALIVE.format('$4')} AND EXISTS (SELECT 1 FROM tasks t "
            "WHERE t.organization_id = w.organization_id AND t.worker_id = w.id "
            "AND t.agent_id = w.agent_id) "
            "LIMIT 2 FOR UPDATE",
            newcomer.organization_id,
            newcomer.agent_id,
            newcomer.peer,
            self._clock() - SILENCE,
        )
        return str(rows[0]["id"]) if len(rows) == 1 else None

    async def leave(self, worker: WorkerRecord) -> None:
        """Note that the worker's stream at this server has ended."""
        await self._database.fetch(
            "UPDATE workers SET server_id = NULL, spoke_after_break = false "
            "WHERE organization_id = $1 AND id = $2 AND stream = $3",
            *worker.place,
            worker.stream,
        )

    async def note_message(self, worker: WorkerRecord, *, busy: bool | None) -> ListenState:
        """Note that the worker said something at this server."""
        row = await self._database.fetchrow(
            # Where it listens nowhere, this shows that it is alive all the same.
            "UPDATE workers w SET heard_at = $3, busy = coalesce($4::boolean, busy), "
            "leaving = leaving OR $5::boolean, "
            f"server_id = CASE WHEN {_ALIVE.format('$7')} THEN server_id END, "
            f"spoke_after_break = NOT {_ALIVE.format('$7')} "
            "WHERE organization_id = $1 AND id = $2 AND agent_id = $6 "
            "RETURNING server_id IS NOT NULL AS listening",
            *worker.place,
            self._clock(),
            busy,
            worker.leaving,
            worker.agent_id,
            self._clock() - SILENCE,
        )
        if row is not None:
            return ListenState.LISTENING if row["listening"] else ListenState.NOWHERE
        made = await self._database.fetchrow(
            "INSERT INTO workers (organization_id, id, agent_id, peer, stream, heard_at, "
            "spoke_after_break) SELECT $1::text, $2::text, $3::text, $4::text, $5::text, "
            "$6::float8, true "
            "WHERE EXISTS (SELECT 1 FROM tasks WHERE organization_id = $1 AND worker_id = $2 "
            "AND agent_id = $3) "
            "ON CONFLICT DO NOTHING RETURNING id",
            *worker.place,
            worker.agent_id,
            worker.peer,
            worker.stream,
            self._clock(),
        )
        return ListenState.UNKNOWN if made is None else ListenState.NOWHERE

    async def is_listening(self, organization_id: str, worker_id: str) -> bool:
        """Tell whether the worker listens at one of the servers."""
        row = await self._database.fetchrow(
            "SELECT 1 FROM workers w WHERE organization_id = $1 AND id = $2 "
            f"AND {_ALIVE.format('$3')}",
            organization_id,
            worker_id,
            self._clock() - SILENCE,
        )
        return row is not None

    async def list_listening(self, organization_id: str) -> Set[tuple[str, str]]:
        """Return the agents and the ids of the workers that listen at one of the servers, and are
        not about to leave.
        """
        rows = await self._database.fetch(
            "SELECT agent_id, id FROM workers w WHERE organization_id = $1 AND NOT leaving "
            f"AND {_ALIVE.format('$2')}",
            organization_id,
            self._clock() - SILENCE,
        )
        return {(row["agent_id"], row["id"]) for row in rows}

    async def find_gone(self, workers: Collection[tuple[str, str]]) -> Set[tuple[str, str]]:
        """Return those of these workers that were cut off and have not shown life since."""
        rows = await self._database.fetch(
            "SELECT organization_id, id FROM workers w "
            "WHERE (organization_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) "
            f"AND (leaving OR spoke_after_break OR {_ALIVE.format('$3')})",
            [organization_id for organization_id, _ in workers],
            [worker_id for _, worker_id in workers],
            self._clock() - SILENCE,
            urgent=True,
        )
        return set(workers) - {(row["organization_id"], row["id"]) for row in rows}

    async def note_alive(self, streams: Sequence[str]) -> Mapping[tuple[str, str], WorkerRecord]:
        """Note that this server is alive. Returns the workers that listen at it."""
        async with self._database.acquire(urgent=True) as connection:
            await self._beat(connection)
            if streams:
                # Of those that others took us to have lost, because we were not seen for a while.
                await connection.execute(
                    "UPDATE workers SET server_id = $1, spoke_after_break = false "
                    "WHERE stream = ANY($2::text[]) AND server_id IS DISTINCT FROM $1",
                    self._server_id,
                    list(streams),
                )
            rows = await connection.fetch(
                "SELECT id, organization_id, agent_id, peer, stream, heard_at, pool, busy, "
                "leaving FROM workers WHERE server_id = $1",
                self._server_id,
            )
        records = [WorkerRecord(**dict(row)) for row in rows]
        return {record.place: record for record in records}

    async def list_held(
        self, workers: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Mapping[str, Held]]:
        """Return the tasks in the hands of these workers."""
        held: dict[tuple[str, str], dict[str, Held]] = {place: {} for place in workers}
        rows = await self._database.fetch(
            "SELECT t.organization_id, t.worker_id, t.id, t.attempt, t.status, "
            "(SELECT max(e.seq) FROM events e WHERE e.task_id = t.id "
            "AND e.type = 'notification') AS last_notified FROM tasks t JOIN workers w "
            "ON w.id = t.worker_id AND w.organization_id = t.organization_id "
            "AND w.agent_id = t.agent_id "
            "WHERE t.worker_id = ANY($2::text[]) AND t.organization_id = ANY($1::text[])",
            [organization_id for organization_id, _ in held],
            [worker_id for _, worker_id in held],
            urgent=True,
        )
        for organization_id, worker_id, task_id, attempt, status, last_notified in rows:
            here = held.get((organization_id, worker_id))
            if here is not None:
                here[task_id] = Held(attempt, status, last_notified or 0)
        return held

    async def _beat(self, connection: Connection) -> None:
        now, moment = self._clock(), time.monotonic()
        self._seen = True
        if self._beaten is not None:
            before, then = self._beaten
            if abs((now - before) - (moment - then)) > SILENCE:
                # Somebody set the clock, and other servers still write by the old one.
                self._apart_until = moment + CLOCKS_APART
        self._beaten = now, moment
        async with connection.transaction():
            seen = await connection.fetchval(
                "SELECT max(seen_at) FROM servers WHERE seen_at <= $1", now
            )
            if seen is None or now - seen > self._settings.standstill or moment < self._apart_until:
                await connection.execute(
                    _NEW_TERM,
                    now,
                    self._settings.offer_window,
                    self._settings.loop_lease,
                    self._settings.lease,
                )
            await connection.execute(
                "INSERT INTO servers VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = $2",
                self._server_id,
                now,
            )

    async def forget(self) -> None:
        """Let go of servers and of workers that were not seen for a day."""
        before = self._clock() - _FORGOTTEN
        await self._database.fetch("DELETE FROM servers WHERE seen_at < $1", before)
        await self._database.fetch(
            "DELETE FROM workers w WHERE heard_at < $1 "
            "AND NOT EXISTS (SELECT 1 FROM servers s WHERE s.id = w.server_id)",
            before,
        )

    async def end(self) -> None:
        """Note that this server stops: none of its workers listens any more."""
        if self._seen:
            await self._database.fetch("DELETE FROM servers WHERE id = $1", self._server_id)
