"""What is particular to PostgreSQL: several servers, and a database that may go away."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import asyncpg
import orjson
import pytest

from tests.platform.wire import Clock, OpenStore
from tests.postgres import PostgresServer, postgres_cluster
from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import (
    TASK_FIELDS,
    IdempotencyKey,
    ListenState,
    Put,
    TaskFilter,
    TaskRecord,
    WorkerRecord,
)
from xpander_client.platform.stores.base.hints import agent_topic, task_topic
from xpander_client.platform.stores.base.recent_tasks import LARGEST, LIMIT
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.postgres.clock import DatabaseClock
from xpander_client.platform.stores.postgres.connections import READERS, SESSION, Database
from xpander_client.platform.stores.postgres.store import PostgresStore
from xpander_client.platform.stores.postgres.transaction import (
    QUEUED,
    build_payload,
    pin_columns,
    shorten,
)

BODY = {"input": {"text": "x"}}


@pytest.fixture
async def stores(postgres: str) -> AsyncIterator[list[PostgresStore]]:
    """The stores of three servers on one database."""
    made = [PostgresStore(postgres) for _ in range(3)]
    for store in made:
        await store.open()
    yield made
    for store in made:
        await store.close()


async def refusal(step: Any) -> int:
    with pytest.raises(HttpError) as refused:
        await step
    return refused.value.status


def chunk(data: str) -> dict[str, Any]:
    return {"type": "chunk", "data": data}


async def test_many_commands_share_few_transactions(postgres: str) -> None:
    async with OpenStore(PostgresStore(postgres)) as store:
        assert isinstance(store, PostgresStore)
        puts = [store.put("o", "a", BODY, task_id=f"t{n}") for n in range(300)]
        await asyncio.gather(*puts)
        assert store.commands == 300
        assert store.commits <= 10


async def queries(store: PostgresStore, step: Awaitable[Any]) -> list[str]:
    """What the store's writer asks for meanwhile."""
    writer = store._writer._connection
    assert writer is not None
    with writer.query_logger(lambda record: asked.append(record.query)):
        asked: list[str] = []
        await step
    return asked


async def test_what_a_server_wrote_last_it_changes_in_one_round_trip(
    stores: list[PostgresStore],
) -> None:
    first, second, _ = stores
    for task_id in ("s", "t", "u"):
        await first.put("o", "a", BODY, task_id=task_id)
    await first.claim("o", "a", ["w", "w", "w"])
    await begin(first, "s")  # asyncpg gets to know the types
    assert len(await queries(first, begin(first, "t"))) == 1
    both = asyncio.gather(begin(first, "u"), first.append("o", "t", [chunk("1")], attempt=1))
    assert len(await queries(first, both)) == 1
    # What another server wrote meanwhile is seen, at the price of a round trip in vain.
    await second.append("o", "t", [chunk("2")], attempt=1)
    asked = await queries(first, first.append("o", "t", [chunk("3")], attempt=1))
    assert len(asked) == 1 + 4
    assert len(await queries(first, first.append("o", "t", [chunk("4")], attempt=1))) == 1
    events = await second.read("t", 0, 100)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    chunks = [orjson.loads(event.body)["data"] for event in events if event.type == "chunk"]
    assert chunks == ["1", "2", "3", "4"]


async def begin(store: Store, task_id: str, attempt: int = 1) -> TaskRecord:
    return await store.patch("o", task_id, {"status": "executing"}, attempt=attempt)


async def test_nothing_is_refused_or_allowed_because_of_what_a_server_remembers(
    stores: list[PostgresStore], clock: Clock
) -> None:
    first, second, _ = stores
    await first.put("o", "a", BODY, task_id="t")
    await first.claim("o", "a", ["w"])
    await begin(first, "t")
    # The second server gives it back and away, so that the first one knows an attempt too few.
    await second.patch("o", "t", {"status": "pending"}, attempt=1)
    await second.claim("o", "a", ["v"])
    assert (await begin(first, "t", 2)).attempt == 2
    await second.stop("o", "t")
    assert await refusal(first.append("o", "t", [chunk("late")], attempt=2)) == 409
    assert (await first.stop("o", "t")).status == "stopped"
    # What changes nothing is answered with how it is, not with how it was.
    await first.put("o", "a", BODY, task_id="u")
    await second.stop("o", "u")
    kept = await first.keep_alive("o", "u", attempt=None)
    assert kept.status == "stopped"


async def test_a_follower_reads_what_its_server_wrote_out_of_memory_until_others_write(
    stores: list[PostgresStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = stores
    await first.put("o", "a", BODY, task_id="t")
    await first.append("o", "t", [chunk("1"), chunk("2")], attempt=None)
    with monkeypatch.context() as patched:
        patched.setattr(first._database, "fetch", None)
        assert [event.seq for event in await first.read("t", 0, 2, hinted=True)] == [1, 2]
        assert [event.seq for event in await first.read("t", 1, 100, hinted=True)] == [2, 3]
        assert [event.seq for event in await first.read("t", 1, 9, size=1, hinted=True)] == [2]
    with first.watch(task_topic("t")) as watch:
        await second.append("o", "t", [chunk("3")], attempt=None)
        assert await watch.wait(20)
        # After the hint, nothing is missing.
        assert [event.seq for event in await first.read("t", 2, 100, hinted=True)] == [3, 4]
    assert [event.seq for event in await first.read("t", 0, 100)] == [1, 2, 3, 4]


async def test_what_is_remembered_of_tasks_is_bounded(postgres: str) -> None:
    async with OpenStore(PostgresStore(postgres)) as store:
        assert isinstance(store, PostgresStore)
        recent = store._writer._recent
        for number in range(3):
            puts = [store.put("o", "a", BODY, task_id=f"t{number}-{n}") for n in range(500)]
            await asyncio.gather(*puts)
        assert len(recent._rows) == LIMIT
        many = {f"field-{number}": "x" * 1000 for number in range(LARGEST // 1000 + 1)}
        await store.put("o", "a", {**BODY, **many}, task_id="large")
        await store.put("o", "a", {"input": {"text": "x" * LARGEST}}, task_id="long")
        assert not recent._rows["long"].record.bodies
        await store.stop("o", "t2-0")
        assert not {"t0-0", "large", "t2-0"} & set(recent._rows)


async def test_servers_that_write_to_one_task_number_its_events_without_holes(
    stores: list[PostgresStore],
) -> None:
    await stores[0].put("o", "a", BODY, task_id="t")
    await asyncio.gather(
        *(
            store.append("o", "t", [chunk("1"), chunk("2")], attempt=None)
            for _ in range(40)
            for store in stores
        )
    )
    events = await stores[0].read("t", 0, 1000)
    assert [event.seq for event in events] == list(range(1, 242))
    kept = [event.body for event in events[1:]]
    assert kept == [b'{"type":"chunk","data":"%d"}' % (n % 2 + 1) for n in range(240)]


async def test_one_key_makes_one_task_at_all_servers(stores: list[PostgresStore]) -> None:
    puts = [
        store.put("o", "a", BODY, task_id=f"t{n}-{m}", key=IdempotencyKey(f"k{m}", b"1"))
        for m in range(20)
        for n, store in enumerate(stores)
    ]
    made = await asyncio.gather(*puts)
    assert sum(not put.repeated for put in made) == 20
    page = await stores[0].list_tasks("o", TaskFilter(), cursor=None, limit=100)
    assert {put.record.id for put in made} == {record.id for record in page.records}
    assert len(page.records) == 20


async def test_a_refusal_is_not_believed_where_the_key_was_seen_elsewhere(
    stores: list[PostgresStore],
) -> None:
    await stores[0].put("o", "a", BODY, task_id="t")
    key = IdempotencyKey("k", b"1")
    first = await stores[0].notify("o", "t", {"key": "k", "data": 1}, key=key)
    await stores[0].stop("o", "t")
    again = await stores[1].notify("o", "t", {"key": "k", "data": 1}, key=key)
    assert (again.repeated, again.last_seq) == (True, first.last_seq)


async def test_whoever_is_first_makes_a_thing_of_a_name(stores: list[PostgresStore]) -> None:
    async def outcome(step: Any) -> int:
        try:
            await step
        except HttpError as refusal:
            return refusal.status
        return 200

    for number in range(5):
        for makers in (
            [store.doc_put("o", "k", f"{number}", {}, if_version=0) for store in stores],
            [store.threads.create("o", {}, thread_id=f"h{number}") for store in stores],
            [store.report("o", "a", {"result": "r"}, task_id=f"r{number}") for store in stores],
        ):
            outcomes = await asyncio.gather(*(outcome(step) for step in makers))
            assert sorted(outcomes) == [200, 409, 409]


async def test_each_task_is_claimed_at_one_server(stores: list[PostgresStore]) -> None:
    await asyncio.gather(*(stores[0].put("o", "a", BODY, task_id=f"t{n}") for n in range(60)))
    claimed: list[str] = []

    async def claim(store: Store, name: str) -> None:
        while records := await store.claim("o", "a", [f"{name}1", f"{name}2"]):
            claimed.extend(record.id for record in records)

    await asyncio.gather(*(claim(store, f"w{n}") for n, store in enumerate(stores)))
    assert sorted(claimed) == sorted(f"t{n}" for n in range(60))


async def test_tasks_of_a_pool_do_not_hide_those_behind_them(stores: list[PostgresStore]) -> None:
    for number in range(30):
        await stores[0].put("o", "a", {**BODY, "worker_id": "w1"}, task_id=f"p{number}")
    await stores[0].put("o", "a", BODY, task_id="free")
    records = await stores[0].claim("o", "a", ["w1", "w2"])
    assert [(record.id, record.worker_id) for record in records] == [("p0", "w1"), ("free", "w2")]


async def entries_passed(store: PostgresStore, connection: asyncpg.Connection) -> int:
    """How many blocks a look at what waits for anybody reads, from the front that is known."""
    fronts = store._fronts.find("o", "a")
    arguments = ["o", "a", *pin_columns({None: 1}, fronts), fronts.get(None, 0), 1]
    # Nothing is forgotten of it that a dump could still want to see.
    plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {QUEUED}", *arguments)
    return int(orjson.loads(plan)[0]["Plan"]["Shared Hit Blocks"])


async def test_a_claim_does_not_pass_over_what_was_given_out_under_an_old_snapshot(
    stores: list[PostgresStore], postgres: str
) -> None:
    store = stores[0]
    dump = await asyncpg.connect(postgres)
    plain = await asyncpg.connect(postgres)
    await plain.execute("SET enable_seqscan = off")
    try:
        async with dump.transaction(isolation="repeatable_read", readonly=True):
            await dump.fetchval("SELECT count(*) FROM tasks")
            await asyncio.gather(*(store.put("o", "a", BODY, task_id=f"t{n}") for n in range(600)))
            for _ in range(60):
                assert await store.measure_queues("o", "a", {None: 10})
                await store.claim("o", "a", ["w"] * 10)
            for _ in range(3):
                await store.put("o", "a", BODY, task_id=f"u{_}")
                assert await store.measure_queues("o", "a", {None: 1})
                await store.claim("o", "a", ["w"])
            near = await entries_passed(store, plain)
            store._fronts.clear()
            assert near < 20 < await entries_passed(store, plain)
    finally:
        await dump.close()
        await plain.close()


async def test_a_task_that_comes_back_or_comes_late_is_found_before_the_front_of_its_queue(
    stores: list[PostgresStore], postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_client.platform.stores.postgres.queue_fronts.BELIEVED", 1e9)
    first, second, _ = stores

    async def give_out(*names: str) -> None:
        for name in names:
            await first.put("o", "a", BODY, task_id=name)
            assert await first.measure_queues("o", "a", {None: 9})
            [record] = await first.claim("o", "a", ["w"])
            assert record.id == name

    await give_out("t1", "t2", "t3", "t4")
    assert first._fronts.find("o", "a")[None] > 1
    # One comes back at another server.
    with first.watch(agent_topic("o", "a")) as watch:
        await second.patch("o", "t1", {"status": "executing"}, attempt=1)
        await second.patch("o", "t1", {"status": "pending"}, attempt=1)
        assert await watch.wait(10)
    [back] = await first.claim("o", "a", ["w"])
    assert (back.id, back.attempt) == ("t1", 2)
    # One is committed after others with higher numbers were given out.
    slow = await asyncpg.connect(postgres)
    try:
        async with slow.transaction():
            names = ", ".join((*TASK_FIELDS, "last_seq"))
            values = names.replace("id,", "'late',", 1).replace("status", "'pending'", 1)
            values = values.replace("worker_id", "NULL").replace("lease_until", "NULL")
            await slow.execute(
                f"INSERT INTO tasks ({names}) SELECT {values} FROM tasks WHERE id = 't1'"
            )
            await give_out("t5", "t6", "t7", "t8")
        [late] = await first.claim("o", "a", ["w"])
        assert late.id == "late"
        await give_out("t9", "t10", "t11")
        last = await slow.fetchval("SELECT max(number) FROM tasks")
        assert first._fronts.find("o", "a")[None] >= last - 3
    finally:
        await slow.close()


async def test_what_one_server_writes_the_others_hear_of(stores: list[PostgresStore]) -> None:
    with (
        stores[1].watch(task_topic("t")) as task,
        stores[1].watch(agent_topic("o", "a")) as agent,
        stores[1].watch(task_topic("u")) as nothing,
    ):
        await stores[0].put("o", "a", BODY, task_id="t")
        assert await task.wait(10)
        assert await agent.wait(10)
        assert not await nothing.wait(0.05)


def test_a_notification_fits_however_many_topics_there_are() -> None:
    assert build_payload([]) is None
    assert build_payload(["b", "a"]) == " ".join(sorted([shorten("a"), shorten("b")]))
    many = build_payload(str(number) for number in range(600))
    assert many is not None
    assert len(many) < 8000
    assert build_payload(str(number) for number in range(1000)) == "*"


async def test_text_that_the_database_can_not_keep_is_refused_alone(
    stores: list[PostgresStore],
) -> None:
    puts = [
        stores[0].put("o", "a", {"input": {"user": {"id": f"u\0{n}"}}}, task_id=f"t{n}")
        if n == 3
        else stores[0].put("o", "a", BODY, task_id=f"t{n}")
        for n in range(6)
    ]
    done = await asyncio.gather(*puts, return_exceptions=True)
    refused = [each for each in done if isinstance(each, BaseException)]
    assert len(refused) == 1
    assert isinstance(refused[0], HttpError)
    assert refused[0].status == 422
    assert await refusal(stores[0].get("o", "\0")) == 404


async def test_an_entry_that_an_index_does_not_take_is_refused_alone_and_for_good(
    stores: list[PostgresStore],
) -> None:
    too_long = {"input": {"user": {"id": secrets.token_hex(6000)}}}
    puts = [
        stores[0].put("o", "a", too_long if n == 3 else BODY, task_id=f"t{n}") for n in range(6)
    ]
    done = await asyncio.gather(*puts, return_exceptions=True)
    assert [each.status for each in done if isinstance(each, HttpError)] == [422]
    assert sum(isinstance(each, Put) for each in done) == 5


FAULTY = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF (SELECT count(*) FROM added) > 50 OR EXISTS (SELECT 1 FROM added WHERE agent_id = 'bad') THEN
RAISE EXCEPTION 'out of time' USING ERRCODE = 'query_canceled'; END IF; RETURN NULL; END $$;
CREATE TRIGGER fail AFTER INSERT ON tasks REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION fail();
"""
"""As if the database took too long over more than 50 tasks at once, and over each of one agent."""


async def test_writes_that_time_out_together_are_tried_in_parts_before_anybody_is_refused(
    stores: list[PostgresStore], postgres: str
) -> None:
    connection = await asyncpg.connect(postgres)
    await connection.execute(FAULTY)
    await connection.close()
    puts = [
        stores[0].put("o", "bad" if n == 100 else "a", BODY, task_id=f"t{n}") for n in range(200)
    ]
    done = await asyncio.gather(*puts, return_exceptions=True)
    assert [n for n, each in enumerate(done) if isinstance(each, HttpError)] == [100]
    assert isinstance(done[100], HttpError)
    assert done[100].status == 503
    assert stores[0].commits < 60
    before = stores[0].commits
    await asyncio.gather(*(stores[0].put("o", "a", BODY, task_id=f"u{n}") for n in range(50)))
    assert stores[0].commits - before <= 5


async def test_a_large_write_is_given_time_that_fits_it(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with OpenStore(PostgresStore(postgres)) as store:
        await store.put("o", "a", BODY, task_id="t")
        monkeypatch.setattr("xpander_client.platform.stores.postgres.writer.COMMAND_TIMEOUT", 0.2)
        connection = await asyncpg.connect(postgres)
        await connection.execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END $$;"
            "CREATE TRIGGER wait AFTER INSERT ON tasks EXECUTE FUNCTION wait()"
        )
        await connection.close()
        assert await refusal(store.put("o", "a", BODY, task_id="small")) == 503
        large = {"input": {"text": "x" * 4_000_000}}
        await store.put("o", "a", large, task_id="large")


async def test_a_commit_is_durable_whatever_the_database_is_used_to(
    postgres_server: PostgresServer,
) -> None:
    with postgres_server.schema() as address:
        store = PostgresStore(f"{address}&synchronous_commit=off")
        async with OpenStore(store):
            async with store._database.acquire() as reader:
                assert await reader.fetchval("SHOW synchronous_commit") == "on"
            await store.put("o", "a", BODY, task_id="t")
            writer = store._writer._connection
            assert writer is not None
            assert await writer.fetchval("SHOW synchronous_commit") == "on"


async def test_each_session_has_its_settings_and_asks_for_none_that_a_pooler_refuses(
    stores: list[PostgresStore],
) -> None:
    async with stores[0]._database.acquire() as reader:
        assert await reader.fetchval("SHOW lock_timeout") == SESSION["lock_timeout"]
    own = await stores[0]._database.connect({"lock_timeout": "1s"})
    assert await own.fetchval("SHOW lock_timeout") == "1s"
    assert await own.fetchval("SHOW statement_timeout") == SESSION["statement_timeout"]
    await own.close()
    said: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No TLS, which is asked for first; then what a session begins with.
        await reader.readexactly(8)
        writer.write(b"N")
        length = int.from_bytes(await reader.readexactly(4))
        said.extend((await reader.readexactly(length - 4))[4:].strip(b"\0").split(b"\0")[::2])
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(asyncpg.PostgresConnectionError):
            await Database(f"postgresql://me@127.0.0.1:{port}/tasks").connect()
    assert set(said) == {b"user", b"database", b"client_encoding", b"application_name"}


# A database as operators have it -----------------------------------------------------------------


async def test_defaults_of_the_database_change_nothing(postgres_server: PostgresServer) -> None:
    postgres_server.sql("create database strange")
    for setting in (
        "default_transaction_isolation = 'serializable'",
        "statement_timeout = '3s'",
        "idle_session_timeout = '1s'",
        "lock_timeout = '1ms'",
        "timezone = 'Pacific/Chatham'",
        "datestyle = 'SQL, DMY'",
        "synchronous_commit = 'off'",
    ):
        postgres_server.sql(f"alter database strange set {setting}")
    address = f"{postgres_server.dsn.rpartition('/')[0]}/strange"
    async with OpenStore(PostgresStore(address)) as store:
        assert isinstance(store, PostgresStore)
        await store.put("o", "a", BODY, task_id="t")
        writer = store._writer._connection
        assert writer is not None
        assert await writer.fetchval("SHOW transaction_isolation") == "read committed"
        async with store._database.acquire() as reader:
            assert await reader.fetchval("SHOW statement_timeout") == SESSION["statement_timeout"]
        await asyncio.sleep(1.2)
        await asyncio.gather(*(store.append("o", "t", [chunk("x")], attempt=None) for _ in "abc"))
        assert store._writer._connection is writer
        assert abs(store.now() - time.time()) < 60
    postgres_server.sql("drop database strange with (force)")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("template template0 encoding 'LATIN1' locale 'C'", "ENCODING 'UTF8'"),
        ("template template0 encoding 'SQL_ASCII'", "ENCODING 'UTF8'"),
        ("", "default_transaction_read_only"),
    ],
    ids=["Latin 1", "no encoding", "read only"],
)
async def test_a_database_that_can_not_be_used_says_why_and_what_to_do(
    postgres_server: PostgresServer, made: str, said: str
) -> None:
    postgres_server.sql(f"create database unfit {made}")
    postgres_server.sql("alter database unfit set default_transaction_read_only = on")
    store = PostgresStore(f"{postgres_server.dsn.rpartition('/')[0]}/unfit")
    with pytest.raises(ConfigurationError, match=said):
        await store.open()
    postgres_server.sql("drop database unfit with (force)")


class TransactionPooler:
    """Gives whoever asks the one session with the database that there is, until a transaction ends.

    Prepared statements are not lost by it: as with PgBouncer since 1.21, nothing fails at once.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.session: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._greeting = b""
        self._free = asyncio.Lock()

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        try:
            await self._startup(client, answer)
            while True:
                kind = await client.readexactly(1)
                async with self._free:
                    await self._transaction(kind, client, answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            answer.close()

    async def _startup(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        await _rest(client)
        answer.write(b"N")  # no TLS, which is asked for first
        first = await _rest(client)
        if self.session is None:
            self.session = await asyncio.open_connection("127.0.0.1", self._port)
            self.session[1].write(first)
            self._greeting = await _until(b"Z", self.session[0])
        answer.write(self._greeting)

    async def _transaction(
        self, kind: bytes, client: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> None:
        assert self.session is not None
        database, to_database = self.session
        while True:
            to_database.write(kind + await _rest(client))
            if kind in b"HQS":  # what is sent is answered now
                answered = await _until(b"TnE" if kind == b"H" else b"Z", database)
                answer.write(answered)
                if kind != b"H" and answered.endswith(b"I"):
                    return
            kind = await client.readexactly(1)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    length = await reader.readexactly(4)
    return length + await reader.readexactly(int.from_bytes(length) - 4)


async def _until(last: bytes, reader: asyncio.StreamReader) -> bytes:
    said = b""
    while True:
        kind = await reader.readexactly(1)
        said += kind + await _rest(reader)
        if kind in last:
            return said


async def test_a_pooler_that_gives_each_transaction_another_session_is_recognized(
    postgres_server: PostgresServer,
) -> None:
    pooler = TransactionPooler(postgres_server.port)
    async with await asyncio.start_server(pooler.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = PostgresStore(f"postgresql://postgres@127.0.0.1:{port}/postgres")
        with pytest.raises(ConfigurationError, match="pool_mode = session"):
            await asyncio.wait_for(store.open(), 20)
        assert pooler.session is not None
        pooler.session[1].close()
        await pooler.session[1].wait_closed()


async def test_those_who_ask_for_last_numbers_at_once_are_answered_together(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with OpenStore(PostgresStore(postgres)) as store:
        assert isinstance(store, PostgresStore)
        await asyncio.gather(*(store.put("o", "a", BODY, task_id=f"t{n}") for n in range(200)))
        await store.append("o", "t7", [chunk("x")], attempt=None)
        reads = 0
        fetch = store._database.fetch

        async def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal reads
            reads += 1
            return await fetch(*arguments, **named)

        monkeypatch.setattr(store._database, "fetch", counted)
        numbers = await asyncio.gather(
            *(store.last_seq(f"t{n}") for n in range(200) for _ in range(3)),
            store.last_seq("\0"),
            store.last_seq("nobody's"),
        )
        assert numbers == [2 if n == 7 else 1 for n in range(200) for _ in range(3)] + [0, 0]
        assert reads <= 2
        # One that is asked for later is not answered with what was read before.
        first = asyncio.create_task(store.last_seq("t1"))
        await asyncio.sleep(0)
        first.cancel()
        await store.append("o", "t1", [chunk("x")], attempt=None)
        assert await store.last_seq("t1") == 2


async def test_reads_that_wait_for_their_turn_stop_no_pulse_and_are_told_so(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_client.platform.stores.postgres.connections.PATIENCE", 0.05)
    async with OpenStore(PostgresStore(postgres)) as store, contextlib.AsyncExitStack() as busy:
        assert isinstance(store, PostgresStore)
        for _ in range(READERS):
            await busy.enter_async_context(store._database.acquire())
        with pytest.raises(HttpError, match="more to read") as refused:
            await store.get("o", "t")
        assert refused.value.status == 503
        await store.presence.note_alive(())
        assert not await store.sweep()
        assert await store.presence.list_held([("o", "w")]) == {("o", "w"): {}}
        await busy.aclose()
        assert await refusal(store.get("o", "t")) == 404


# A queue of notifications that is full -----------------------------------------------------------


async def fill_up(connection: asyncpg.Connection) -> None:
    for number in range(400):
        await connection.execute("SELECT pg_notify('x', repeat('y', 7000) || $1)", str(number))


async def until(store: Store, *, hears: bool) -> None:
    while store.hears is not hears:  # noqa: ASYNC110 - it is asked for now and then
        await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_writes_go_on_while_the_queue_of_notifications_is_full_and_are_heard_of_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with postgres_cluster() as server:
        server.sql("alter system set max_notify_queue_pages = 64")
        await asyncio.to_thread(server.restart)
        async with (
            OpenStore(PostgresStore(server.dsn)) as one,
            OpenStore(PostgresStore(server.dsn)) as two,
        ):
            idle = await asyncpg.connect(server.dsn)
            await idle.add_listener("elsewhere", lambda *_: None)
            await idle.execute("BEGIN")
            await idle.fetchval("SELECT 1")
            filler = await asyncpg.connect(server.dsn)
            with pytest.raises(asyncpg.ProgramLimitExceededError):
                await fill_up(filler)
            await filler.close()
            await asyncio.gather(*(one.put("o", "a", BODY, task_id=f"t{n}") for n in range(30)))
            await one.append("o", "t0", [chunk("x")], attempt=None)
            assert caplog.text.count("queue is full") == 1
            # What can never be stored is not taken for the queue's fault.
            too_long = {"input": {"user": {"id": secrets.token_hex(6000)}}}
            assert await refusal(one.put("o", "a", too_long, task_id="u")) == 422
            with two.watch(task_topic("t0")) as watch:
                assert not await watch.wait(0.1)
                await until(two, hears=False)
                assert await watch.wait(30)
                await idle.execute("ROLLBACK")
                await idle.close()
                await until(two, hears=True)
                assert await watch.wait(30)
            with two.watch(task_topic("t1")) as watch:

                async def heard() -> None:
                    await one.append("o", "t1", [chunk("x")], attempt=None)
                    if not await watch.wait(1):
                        raise HttpError(503, "not heard yet")

                await patiently(heard)


# Leases and clocks -------------------------------------------------------------------------------


async def begun(store: Store) -> None:
    await store.put("o", "a", BODY, task_id="t")
    [record] = await store.claim("o", "a", ["w"])
    await store.patch("o", "t", {"status": "executing"}, attempt=record.attempt)


async def test_a_server_that_comes_back_alone_gives_all_leases_a_new_term(
    postgres: str, clock: Clock
) -> None:
    async with OpenStore(PostgresStore(postgres, clock=clock)) as store:
        await begun(store)
        clock.now += Settings().lease + 60
        await store.presence.note_alive(())
        assert not await store.sweep()
        clock.now += Settings().lease + 1
        assert await store.sweep()


async def test_a_server_that_joins_others_leaves_their_leases_alone(
    postgres: str, clock: Clock
) -> None:
    async with OpenStore(PostgresStore(postgres, clock=clock)) as store:
        await begun(store)
        for _ in range(10):
            clock.now += Settings().lease / 10
            await store.presence.note_alive(())
        async with OpenStore(PostgresStore(postgres, clock=clock)) as other:
            assert await other.sweep()


async def test_all_servers_go_by_the_databases_clock(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with OpenStore(PostgresStore(postgres)) as store:
        await begun(store)
        leased = (await store.get("o", "t")).lease_until
    # A machine whose clock is an hour ahead, and was started at another time.
    monkeypatch.setattr("time.time", lambda: 9e9)
    async with OpenStore(PostgresStore(postgres)) as other:
        assert not await other.sweep()
        assert leased is not None
        assert abs(await now_of(other) - (leased - Settings().lease)) < 60


async def look(store: Store) -> set[str]:
    """What a server takes back that looks once more."""
    begun = store.now()
    await store.presence.note_alive(())
    swept = await store.sweep(begun)
    return {record.id for record in (*swept.requeued, *swept.exhausted)}


def skewed(store: Store, by: float) -> None:
    """The database's clock was set, and the server has heard of it."""
    assert isinstance(store, PostgresStore)
    clock = store._clock
    assert isinstance(clock, DatabaseClock)
    assert clock._offset is not None
    clock._offset += by


@pytest.mark.parametrize("by", [3600.0, -3600.0], ids=["ahead", "back"])
async def test_leases_are_neither_ended_nor_kept_because_the_databases_clock_was_set(
    stores: list[PostgresStore], by: float
) -> None:
    one, two, _ = stores
    for store in stores:
        # So that what the stores go by is the database's clock before it was set.
        skewed(store, -min(0.0, by))
        assert not await look(store)
    await begun(one)
    skewed(one, by)
    # The second server has not heard of it yet, and begins with a task by the old time.
    assert not await look(one)
    await two.put("o", "a", BODY, task_id="u")
    [record] = await two.claim("o", "a", ["v"])
    await begin(two, "u", record.attempt)
    for store in (one, two, one):
        assert not await look(store)
    skewed(two, by)
    for store in (two, one):
        assert not await look(store)
        for task_id in ("t", "u"):
            until = (await store.get("o", task_id)).lease_until
            assert until is not None
            assert 0 < until - store.now() <= Settings().lease


async def now_of(store: Store) -> float:
    return (await store.put("o", "a", BODY, task_id="now")).record.created_at


# Workers -----------------------------------------------------------------------------------------


def said(worker_id: str = "w", **fields: Any) -> WorkerRecord:
    given: dict[str, Any] = {"peer": "p", "stream": "1", "heard_at": 0.0} | fields
    return WorkerRecord(id=worker_id, organization_id="o", agent_id="a", **given)


async def test_where_a_worker_is_all_servers_know(stores: list[PostgresStore]) -> None:
    one, two, _ = (store.presence for store in stores)
    assert await two.note_message(said(), busy=None) is ListenState.UNKNOWN
    await one.join(said(), named=False)
    assert await two.note_message(said(), busy=True) is ListenState.LISTENING
    assert await two.is_listening("o", "w")
    assert (await one.note_alive(["1"]))["o", "w"].busy
    assert await two.note_alive([]) == {}
    await two.join(said(stream="2"), named=True)
    await one.leave(said(stream="1"))  # late: it listens at the other server by now
    assert await one.is_listening("o", "w")
    assert await one.note_alive(["1"]) == {}
    await two.leave(said(stream="2"))
    assert not await one.is_listening("o", "w")
    assert await one.note_message(said(), busy=None) is ListenState.NOWHERE


async def test_the_workers_of_a_server_that_stopped_listen_nowhere(postgres: str) -> None:
    async with OpenStore(PostgresStore(postgres)) as one:
        async with OpenStore(PostgresStore(postgres)) as two:
            await two.presence.join(said(), named=False)
            assert await one.presence.is_listening("o", "w")
        assert not await one.presence.is_listening("o", "w")


async def test_a_server_that_was_taken_for_gone_has_its_workers_back(
    postgres: str, clock: Clock
) -> None:
    async with OpenStore(PostgresStore(postgres, clock=clock)) as store:
        await store.presence.join(said(), named=False)
        clock.now += 60
        assert await store.presence.note_message(said(), busy=None) is ListenState.NOWHERE
        assert ("o", "w") in await store.presence.note_alive(["1"])
        assert await store.presence.note_message(said(), busy=None) is ListenState.LISTENING


# A database that goes away -----------------------------------------------------------------------


async def patiently(step: Any, patience: float = 30.0) -> Any:
    """Ask until it is answered, as a client does that is told to come back."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await step()
        except HttpError as refused:
            if refused.status != 503 or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.05)


async def test_connections_that_are_cut_are_made_again(
    stores: list[PostgresStore], postgres: str
) -> None:
    await stores[0].put("o", "a", BODY, task_id="t")
    connection = await asyncpg.connect(postgres)
    for number in range(3):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'xpander' AND pid != pg_backend_pid()"
        )
        assert (await patiently(lambda: stores[0].get("o", "t"))).id == "t"
        task_id = f"t{number}"
        await patiently(lambda name=task_id: stores[0].put("o", "a", BODY, task_id=name))
        with stores[1].watch(task_topic(task_id)) as watch:

            async def heard(store: Store = stores[0], name: str = task_id, w: Any = watch) -> None:
                await store.append("o", name, [chunk("x")], attempt=None)
                if not await w.wait(1):
                    raise HttpError(503, "not heard yet")

            await patiently(heard)
    await connection.close()


@pytest.mark.slow
async def test_a_database_that_is_killed_and_comes_back_needs_no_restart(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    with postgres_cluster() as server:
        async with OpenStore(PostgresStore(server.dsn)) as store:
            acknowledged: list[str] = []
            refused: list[int] = []
            running = True

            async def write(name: str) -> None:
                number = 0
                while running:
                    task_id = f"{name}-{number}"
                    number += 1
                    try:
                        await store.put("o", "a", BODY, task_id=task_id)
                        acknowledged.append(task_id)
                    except HttpError as refusal:
                        refused.append(refusal.status)
                        await asyncio.sleep(0.02)

            async def more() -> None:
                enough = len(acknowledged) + 100
                while len(acknowledged) < enough:  # noqa: ASYNC110 - it counts
                    await asyncio.sleep(0.01)

            writers = [asyncio.create_task(write(f"w{n}")) for n in range(8)]
            for _ in range(3):
                await more()
                await asyncio.to_thread(server.kill)
                assert await refusal(store.get("o", "w0-0")) == 503
                await asyncio.to_thread(server.start)
            await more()
            running = False
            await asyncio.gather(*writers)
            assert set(refused) == {503}
            for task_id in acknowledged:
                assert (await store.get("o", task_id)).id == task_id
            with store.watch(task_topic(acknowledged[0])) as watch:
                async with OpenStore(PostgresStore(server.dsn)) as other:

                    async def heard() -> None:
                        await other.append("o", acknowledged[0], [chunk("x")], attempt=None)
                        if not await watch.wait(1):
                            raise HttpError(503, "not heard yet")

                    await patiently(heard)
