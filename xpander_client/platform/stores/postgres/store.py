"""The store on PostgreSQL: any number of servers on one database."""

from __future__ import annotations

import contextlib
import hashlib
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from typing import Any, TypeVar

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import (
    AUDIT_FIELDS,
    PAGE_BYTES,
    SPAN,
    Document,
    EventRecord,
    Overdue,
    Page,
    TaskFilter,
    TaskRecord,
)
from xpander_client.platform.stores.base.commands import unknown_task
from xpander_client.platform.stores.base.hints import Subscription, task_topic
from xpander_client.platform.stores.base.recent_events import RecentEvents
from xpander_client.platform.stores.base.retention import Batch, Kind, build_organizations_query
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.base.transaction import Command
from xpander_client.platform.stores.postgres.clock import DatabaseClock
from xpander_client.platform.stores.postgres.connections import Database, answering
from xpander_client.platform.stores.postgres.last_numbers import LastNumbers
from xpander_client.platform.stores.postgres.listener import DatabaseListener
from xpander_client.platform.stores.postgres.presence import RENEW, PostgresPresence
from xpander_client.platform.stores.postgres.queue_fronts import Fronts
from xpander_client.platform.stores.postgres.retention import prune
from xpander_client.platform.stores.postgres.rows import (
    DOCUMENT,
    TASK,
    WHOLE_TASK,
    read_document,
    read_task,
    read_whole_task,
)
from xpander_client.platform.stores.postgres.schema import require
from xpander_client.platform.stores.postgres.threads import PostgresThreads
from xpander_client.platform.stores.postgres.transaction import (
    EVERYBODY,
    QUEUED,
    pin_columns,
    shorten,
)
from xpander_client.platform.stores.postgres.writer import Writer

T = TypeVar("T")

_ALL_NUMBERS = 2**63 - 1

_LARGEST = 2**31 - 1

_AGENTS = """
WITH RECURSIVE agents (id) AS (
    SELECT min(agent_id) FROM tasks WHERE organization_id = $1
    UNION ALL
    SELECT (SELECT min(agent_id) FROM tasks WHERE organization_id = $1 AND agent_id > agents.id)
    FROM agents WHERE agents.id IS NOT NULL
) SELECT id FROM agents WHERE id IS NOT NULL
"""
"""The agents that have tasks: a look into an index for each, not for each task."""
"""The largest number of an event that the database knows."""


class PostgresStore(Store):
    """A `Store` in a database, in the schema that its `search_path` names first.

    Each server has one connection that writes, one that listens, and a few that read. What it
    writes is committed when it is acknowledged; other servers hear of it by a notification for each
    transaction. `batch` is how many commands share a transaction at the most.
    """

    def __init__(
        self,
        address: str,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        batch: int = 256,
    ) -> None:
        database_clock = DatabaseClock() if clock is None else None
        super().__init__(settings, clock or database_clock or DatabaseClock())
        self.server_id = str(uuid.uuid4())
        self._database = Database(address)
        self._recent_events = RecentEvents(lambda task_id: shorten(task_topic(task_id)))
        self._last_numbers = LastNumbers(self._database)
        self._fronts = Fronts()
        self._listener = DatabaseListener(
            self._database, database_clock, self._on_notified, self._wake_everybody
        )
        self._writer = Writer(
            self._database,
            self._clock,
            self._on_written,
            self.admission,
            self._fronts,
            batch=batch,
        )
        self._threads = PostgresThreads(self._submit, self._leases, self._database)
        self._presence = PostgresPresence(
            self.server_id, self._database, self._clock, self._settings
        )

    @property
    def threads(self) -> PostgresThreads:
        """The threads, kept in the same database."""
        return self._threads

    @property
    def presence(self) -> PostgresPresence:
        """Who works on these tasks right now, and at which server."""
        return self._presence

    async def open(self, *, exclusive: bool = True) -> None:
        """Make the store ready. It is nobody's alone, but what is not `exclusive` is no server.

        Raises:
            ConfigurationError: the database can't be reached, or has tables of another release.
        """
        await self._database.open()
        try:
            async with self._database.acquire() as connection:
                await require(connection)
                schema = await connection.fetchval("SELECT current_schema()")
            channel = f"xpander_{hashlib.blake2b(schema.encode(), digest_size=8).hexdigest()}"
            with answering():
                await self._listener.start(channel)
            self._writer.start(channel)
            if exclusive:
                await self._presence.note_alive(())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Write what is queued, then let go of the database."""
        await self._writer.close()
        with contextlib.suppress(HttpError):
            await self._presence.end()
        await self._listener.close()
        await self._database.close()

    @property
    def hears(self) -> bool:
        """Whether what other servers write is heard of: the listener is there, and not too late."""
        return self._listener.listening and not self._listener.late

    # Hints ----------------------------------------------------------------------------------------

    def watch(self, *topics: str, heard: Callable[[], None] | None = None) -> Subscription:
        """Listen for hints on these topics, from now on; `heard` is called for each."""
        return self._topics.watch(*map(shorten, topics), heard=heard)

    def _on_written(self, topics: Iterable[str], events: Iterable[tuple[str, EventRecord]]) -> None:
        """Keep what we have written, and wake who follows it. What it means for our own workers is
        known to whoever asked for it.
        """
        self._recent_events.extend(events)
        hints = [shorten(each) for each in topics if not each.startswith("worker:")]
        self._fronts.forget(hints)
        self._topics.notify(hints)

    def _on_notified(self, process: int, payload: str) -> None:
        if process == self._writer.process:
            return
        if payload == EVERYBODY:
            self._wake_everybody()
        else:
            topics = payload.split()
            self._recent_events.forget(topics)
            self._fronts.forget(topics)
            self._topics.notify(topics)

    def _wake_everybody(self) -> None:
        self._recent_events.clear()
        self._fronts.clear()
        self._topics.wake_everybody()

    # Tasks ---------------------------------------------------------------------------------------

    async def get(self, organization_id: str, task_id: str, *, whole: bool = True) -> TaskRecord:
        """Return the task, with its large fields if it is to be `whole`."""
        # By its id alone: a plan made while the table was empty may take any other index, and stay.
        task = WHOLE_TASK if whole else TASK
        row = await self._database.fetchrow(f"SELECT {task} FROM tasks WHERE id = $1", task_id)
        if row is None or row["organization_id"] != organization_id:
            raise unknown_task(task_id)
        return read_whole_task(row) if whole else read_task(row)

    async def _list_page(
        self, organization_id: str, wanted: TaskFilter, before: int | None, limit: int
    ) -> Page:
        conditions = ["organization_id = $1"]
        parameters: list[Any] = [organization_id]

        def require_that(condition: str, value: Any) -> None:
            parameters.append(value)
            conditions.append(condition.format(f"${len(parameters)}"))

        if wanted.agent_ids is not None:
            require_that("agent_id = ANY({}::text[])", sorted(wanted.agent_ids))
        for name, value in wanted.values.items():
            require_that(f"{name} = {{}}", value)
        if before is not None:
            require_that("number < {}", before)
        parameters.append(limit + 1)
        rows = await self._database.fetch(
            _cut(
                f"SELECT {TASK} FROM tasks WHERE {' AND '.join(conditions)} ORDER BY number DESC "
                f"LIMIT ${len(parameters)}"
            ),
            *parameters,
        )
        shown = rows[:limit]
        more = bool(rows) and rows[0]["found"] > len(shown)
        return Page(
            tuple(read_task(row) for row in shown), str(shown[-1]["number"]) if more else None
        )

    async def list_numbers(
        self, organization_id: str, wanted: TaskFilter, limit: int
    ) -> Sequence[int]:
        """Return the numbers of the newest tasks that fit, `limit` at the most."""
        parameters: list[Any] = [organization_id, limit]
        conditions = ["organization_id = $1"]
        for name, value in wanted.values.items():
            parameters.append(value)
            conditions.append(f"{name} = ${len(parameters)}")
        agents = None
        if wanted.agent_ids is not None:
            parameters.append(sorted(wanted.agent_ids))
            agents = f"unnest(${len(parameters)}::text[]) agents (id)"
        elif wanted.values.keys() == {"status"}:
            agents = f"({_AGENTS}) agents"
        if agents is not None:
            conditions.append("agent_id = agents.id")
        newest = (
            f"SELECT number FROM tasks WHERE {' AND '.join(conditions)} "
            "ORDER BY number DESC LIMIT $2"
        )
        if agents is not None:
            # Of each agent by itself, which an index has in order.
            newest = (
                f"SELECT number FROM {agents}, LATERAL ({newest}) newest "
                "ORDER BY number DESC LIMIT $2"
            )
        return [row["number"] for row in await self._database.fetch(newest, *parameters)]

    async def read_numbered(self, organization_id: str, numbers: Sequence[int]) -> Page:
        """Return the tasks of these numbers that are there, the newest first."""
        rows = await self._database.fetch(
            _cut(
                f"SELECT {TASK} FROM tasks "
                "WHERE organization_id = $1 AND number = ANY($2::bigint[])"
            ),
            organization_id,
            numbers,
        )
        more = bool(rows) and rows[0]["found"] > len(rows)
        return Page(
            tuple(read_task(row) for row in rows), str(rows[-1]["number"]) if more else None
        )

    # Events --------------------------------------------------------------------------------------

    async def notifications(
        self, record: TaskRecord, *, after: int = 0, size: int | None = None
    ) -> Sequence[EventRecord]:
        """Return the events that keep what a task was told in its present run, in order."""
        rows = await self._database.fetch(
            "SELECT seq, type, body FROM (SELECT seq, type, body, "
            "sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before "
            "FROM events WHERE task_id = $1 AND seq > $2 AND type = 'notification') kept "
            "WHERE before < $3 ORDER BY seq",
            record.id,
            max(after, record.run_from),
            _LARGEST if size is None else size,
        )
        return [EventRecord(*row) for row in rows]

    async def read(
        self,
        task_id: str,
        after: int,
        limit: int,
        *,
        size: int | None = None,
        hinted: bool = False,
    ) -> Sequence[EventRecord]:
        """Return the task's events with numbers above `after`, in order, about `size` bytes of
        them.
        """
        if hinted and (tail := self._recent_events.read(task_id, after, limit, size)):
            return tail
        rows = await self._database.fetch(
            "SELECT seq, type, body FROM (SELECT seq, type, body, "
            "sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before "
            "FROM (SELECT seq, type, body FROM events WHERE task_id = $1 AND seq > $2 "
            "ORDER BY seq LIMIT $3) page) sized WHERE before < $4 ORDER BY seq",
            task_id,
            min(max(after, 0), _LARGEST),
            limit,
            _LARGEST if size is None else size,
        )
        return [EventRecord(*row) for row in rows]

    async def read_kinds(
        self, task_id: str, kinds: Collection[str], *, after: int, until: int
    ) -> tuple[Sequence[EventRecord], int]:
        """Return the task's events of these types above `after`, and up to where it looked."""
        until = min(until, after + SPAN)
        rows = await self._database.fetch(
            "SELECT seq, type, body, found FROM (SELECT seq, type, body, "
            "count(*) OVER () AS found, "
            "sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before "
            "FROM events WHERE task_id = $1 AND seq > $2 AND seq <= $3 "
            f"AND type = ANY($4::text[])) sized WHERE before < {PAGE_BYTES} ORDER BY seq",
            task_id,
            after,
            until,
            list(kinds),
        )
        events = [EventRecord(seq, kind, body) for seq, kind, body, _ in rows]
        complete = not rows or len(rows) == rows[0]["found"]
        return events, until if complete else events[-1].seq

    async def last_seq(self, task_id: str) -> int:
        """Return the number of the task's last event, 0 without one."""
        return await self._last_numbers.read(task_id)

    async def waiting(self) -> int:
        """Count the tasks that wait for a worker."""
        row = await self._database.fetchrow(
            "SELECT (SELECT count(*) FROM tasks WHERE status = 'pending' AND worker_id IS NULL "
            "AND pinned_to IS NULL) + (SELECT count(*) FROM tasks WHERE status = 'pending' "
            "AND worker_id IS NULL AND pinned_to IS NOT NULL) AS waiting"
        )
        return 0 if row is None else int(row["waiting"])

    # Dispatch ------------------------------------------------------------------------------------

    async def measure_queues(
        self, organization_id: str, agent_id: str, queues: Mapping[str | None, int]
    ) -> Mapping[str | None, Sequence[int]]:
        """Return the sizes of the oldest tasks that wait in some of an agent's queues."""
        look = self._fronts.look(organization_id, agent_id)
        rows = await self._database.fetch(
            QUEUED,
            organization_id,
            agent_id,
            *pin_columns(queues, look.fronts),
            look.fronts.get(None, 0),
            queues.get(None, 0),
        )
        sizes: dict[str | None, list[int]] = {}
        heads: dict[str | None, int | None] = dict.fromkeys(queues)
        for row in rows:
            if row["number"] is not None:
                sizes.setdefault(row["pin"], []).append(row["size"])
                heads[row["pin"]] = heads[row["pin"]] or row["number"]
        if rows:
            self._fronts.learn(look, heads, oldest=rows[0]["oldest"], next_=rows[0]["next"])
        return sizes

    async def list_waiting_agents(self) -> Set[tuple[str, str]]:
        """Return the organization and the id of each agent whose tasks wait for any worker."""
        rows = await self._database.fetch(
            "SELECT DISTINCT organization_id, agent_id FROM tasks "
            "WHERE status = 'pending' AND worker_id IS NULL AND pinned_to IS NULL"
        )
        return {(row["organization_id"], row["agent_id"]) for row in rows}

    async def find_delegated(
        self, organization_id: str, worker_id: str, agent_ids: frozenset[str] | None = None
    ) -> TaskRecord | None:
        """Return the oldest task that another task started and that waits for this worker alone."""
        row = await self._database.fetchrow(
            f"SELECT {WHOLE_TASK} FROM tasks WHERE organization_id = $1 AND pinned_to = $2 "
            "AND status = 'pending' AND worker_id IS NULL AND parent_task_id IS NOT NULL "
            "AND ($3::text[] IS NULL OR agent_id = ANY($3)) ORDER BY number LIMIT 1",
            organization_id,
            worker_id,
            None if agent_ids is None else sorted(agent_ids),
        )
        return None if row is None else read_whole_task(row)

    async def renew(
        self,
        organization_id: str,
        worker_id: str,
        *,
        agent_id: str | None = None,
        adopt_from: str | None = None,
    ) -> Mapping[str, int]:
        """Give the leases of a worker's executing tasks a new term."""
        rows = await self._database.fetch(
            RENEW,
            organization_id,
            worker_id,
            worker_id if adopt_from is None else adopt_from,
            self._clock() + self._settings.lease,
            agent_id,
        )
        return {row["id"]: row["attempt"] for row in rows}

    # Documents -----------------------------------------------------------------------------------

    async def doc_get(self, organization_id: str, kind: str, key: str) -> Document | None:
        """Return the document, if there is one."""
        row = await self._database.fetchrow(
            f"SELECT {DOCUMENT} FROM documents "
            "WHERE organization_id = $1 AND kind = $2 AND key = $3",
            organization_id,
            kind,
            key,
        )
        return None if row is None else read_document(row)

    async def doc_list(self, organization_id: str, kind: str) -> Sequence[Document]:
        """Return all documents of a kind, by key."""
        rows = await self._database.fetch(
            f"SELECT {DOCUMENT} FROM documents WHERE organization_id = $1 AND kind = $2 "
            "ORDER BY key",
            organization_id,
            kind,
        )
        return [read_document(row) for row in rows]

    # What was done, and what is forgotten ---------------------------------------------------------

    async def _audit_rows(
        self, organization_id: str | None, before: int | None, limit: int
    ) -> Sequence[Any]:
        return await self._database.fetch(
            f"SELECT {', '.join(AUDIT_FIELDS)} FROM audit WHERE "
            f"{'$1::text IS NULL' if organization_id is None else 'organization_id = $1'} "
            "AND number < $2 ORDER BY number DESC LIMIT $3",
            organization_id,
            _ALL_NUMBERS if before is None else before,
            limit,
        )

    async def forget_reports(
        self,
        organization_id: str,
        user_id: str,
        limit: int,
        *,
        agent_ids: frozenset[str] | None = None,
    ) -> int:
        """Forget some of the reports that name a user; returns how many."""
        rows = await self._database.fetch(
            "DELETE FROM reports WHERE number IN (SELECT number FROM reports "
            "WHERE organization_id = $1 AND user_id = $2 "
            "AND ($4::text[] IS NULL OR agent_id = ANY($4)) LIMIT $3) RETURNING number",
            organization_id,
            user_id,
            limit,
            None if agent_ids is None else sorted(agent_ids),
        )
        return len(rows)

    async def _find_organizations(self, kind: Kind, before: float) -> Sequence[str]:
        if kind == "keys":
            await self._presence.forget()
        sql = build_organizations_query(kind, "$1::double precision")
        if sql is None:
            return [""]
        return [row["id"] for row in await self._database.fetch(sql, before)]

    async def _prune_some(
        self, kind: Kind, organization_id: str, before: float, limit: int
    ) -> Batch:
        async with self._database.acquire() as connection:
            begun = time.perf_counter()
            async with connection.transaction():
                rows, more = await prune(connection, kind, organization_id, before, limit)
            self._recent_events.clear()
            return Batch(rows, more, time.perf_counter() - begun)

    # ---------------------------------------------------------------------------------------------

    @property
    def commits(self) -> int:
        """How many transactions were written since the store was opened."""
        return self._writer.commits

    @property
    def commands(self) -> int:
        """How many commands those transactions held."""
        return self._writer.commands

    async def _submit(self, command: Command[T]) -> T:
        return await self._writer.submit(command)

    async def _find_overdue(self, until: float, most: int) -> Sequence[Overdue]:
        rows = await self._database.fetch(
            "SELECT organization_id, id, CASE WHEN status = 'pending' THEN worker_id END "
            # By the database's clock as well: somebody may have set it back since we asked for it.
            "FROM tasks WHERE lease_until <= "
            "least($1, extract(epoch FROM statement_timestamp())::float8) "
            "ORDER BY lease_until LIMIT $2",
            until,
            most,
            urgent=True,
        )
        return [Overdue(*row) for row in rows]


def _cut(tasks: str) -> str:
    """Build the statement that reads so much of these tasks as a page may hold, the newest first,
    and how many there are.
    """
    return (
        "SELECT * FROM (SELECT *, count(*) OVER () AS found, sum(octet_length(document)) "
        "OVER (ORDER BY number DESC) - octet_length(document) AS before "
        f"FROM ({tasks}) page) sized WHERE before < {PAGE_BYTES} ORDER BY number DESC"
    )
