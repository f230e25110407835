"""What is special about the engine in a file."""

import asyncio
import contextlib
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.platform.wire import Clock, OpenStore
from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import IdempotencyKey, TaskFilter
from xpander_client.platform.stores.base.admission import Admission
from xpander_client.platform.stores.base.recent_tasks import LARGEST
from xpander_client.platform.stores.sqlite.group_commit import GroupCommit, Transaction
from xpander_client.platform.stores.sqlite.listing import list_numbers, page
from xpander_client.platform.stores.sqlite.schema import SCHEMA_VERSION
from xpander_client.platform.stores.sqlite.store import SqliteStore
from xpander_client.platform.stores.sqlite.work import SELECT, SqliteWork, queue, read_task
from xpander_client.platform.stores.transfer import backup

BODY = {"input": {"text": "x"}}


async def test_many_callers_share_commits(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()

    async def caller(name: int) -> None:
        for n in range(25):
            await store.put("o", "a", BODY, task_id=f"{name}-{n}")

    await asyncio.gather(*(caller(name) for name in range(32)))
    assert store.commands == 800
    assert store.commits < store.commands / 4
    await store.close()


async def test_every_commit_is_synced(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    connection = store._connect()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_a_second_platform_on_the_same_file_is_refused_in_clear_words(tmp_path: Path) -> None:
    first, second = SqliteStore(tmp_path / "s.db"), SqliteStore(tmp_path / "s.db")
    await first.open()
    with pytest.raises(ConfigurationError, match=rf"s\.db is in use.*process {os.getpid()}"):
        await second.open()
    await first.put("o", "a", BODY, task_id="t")
    await first.close()
    await second.open()
    assert (await second.get("o", "t")).id == "t"
    await second.close()


@pytest.mark.parametrize("make", [os.symlink, os.link], ids=["symbolic link", "hard link"])
@pytest.mark.skipif(sys.platform != "linux", reason="only there a file itself can be locked")
async def test_a_file_with_another_name_is_in_use_too(tmp_path: Path, make: Any) -> None:
    (tmp_path / "elsewhere").mkdir()
    async with OpenStore(SqliteStore(tmp_path / "s.db")) as first:
        make(tmp_path / "s.db", tmp_path / "elsewhere" / "t.db")
        with pytest.raises(ConfigurationError, match=r"(s|t)\.db is in use"):
            await SqliteStore(tmp_path / "elsewhere" / "t.db").open()
        code = "import asyncio, sys\n" + (
            "from xpander_client.platform.stores.sqlite.store import SqliteStore\n"
            "asyncio.run(SqliteStore(sys.argv[1]).open())\n"
        )
        done = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, str(tmp_path / "elsewhere" / "t.db")),
            stderr=asyncio.subprocess.PIPE,
        )
        assert b"db is in use by another platform" in (await done.communicate())[1]
        await first.put("o", "a", BODY, task_id="t")


@pytest.mark.skipif(sys.platform != "linux", reason="only there a file itself can be locked")
async def test_a_store_is_not_administered_by_a_hard_link_of_what_a_platform_has(
    tmp_path: Path,
) -> None:
    path, link = tmp_path / "s.db", tmp_path / "t.db"
    async with OpenStore(SqliteStore(path)) as platform:
        await platform.put("o", "a", BODY, task_id="t")
        os.link(path, link)
        with pytest.raises(ConfigurationError, match=r"t\.db is in use, by another name"):
            await SqliteStore(link).open(exclusive=False)
        with pytest.raises(ConfigurationError, match=r"t\.db is in use, by another name"):
            await backup(link, tmp_path / "b.db")
        beside = SqliteStore(path)
        await beside.open(exclusive=False)
        assert (await beside.get("o", "t")).id == "t"
        await beside.close()
    beside = SqliteStore(link)
    await beside.open(exclusive=False)
    assert (await beside.get("o", "t")).id == "t"
    await beside.close()


async def test_a_file_that_is_made_anew_is_locked_as_well(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with OpenStore(SqliteStore(path)):
        pass
    path.unlink()
    async with OpenStore(SqliteStore(path)):
        (tmp_path / "t.db").symlink_to(path)
        with pytest.raises(ConfigurationError, match=r"s\.db is in use"):
            await SqliteStore(tmp_path / "t.db").open()
    async with OpenStore(SqliteStore(tmp_path / "t.db")):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="rights are those of POSIX")
async def test_a_store_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with OpenStore(SqliteStore(tmp_path / "new" / "s.db")) as store:
            await store.put("o", "a", BODY, task_id="t")
            made = {
                path.name: path.stat().st_mode & 0o077
                for path in (tmp_path / "new", *(tmp_path / "new").iterdir())
            }
    finally:
        os.umask(before)
    assert made == dict.fromkeys(["new", "s.db", "s.db-wal", "s.db-shm", "s.db.lock"], 0)


@pytest.mark.parametrize("ending", ["-wal", "-shm", ".lock"])
async def test_what_somebody_has_laid_beside_a_store_is_not_trusted(
    tmp_path: Path, ending: str
) -> None:
    (tmp_path / "theirs").write_text("kept")
    (tmp_path / f"s.db{ending}").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigurationError, match="is a link"):
        await SqliteStore(tmp_path / "s.db").open()
    assert (tmp_path / "theirs").read_text() == "kept"


async def test_another_process_is_refused_too_and_let_in_when_the_first_was_killed(
    tmp_path: Path,
) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import asyncio, sys, time\n"
            "from xpander_client.platform.stores.sqlite.store import SqliteStore\n"
            "async def main():\n"
            "    await SqliteStore(sys.argv[1]).open()\n"
            "    print('open', flush=True)\n"
            "    time.sleep(600)\n"
            "asyncio.run(main())\n",
            str(tmp_path / "s.db"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        store = SqliteStore(tmp_path / "s.db")
        with pytest.raises(ConfigurationError, match=f"process {holder.pid}"):
            await store.open()
    finally:
        holder.kill()
        holder.communicate()
    await store.open()
    await store.close()


async def test_files_that_are_no_store_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, but long enough to look like one" * 9)
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with sqlite3.connect(tmp_path / "newer.db") as connection:
        connection.execute("PRAGMA application_id = 2020626020")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    (tmp_path / "folder.db").mkdir()
    for name in ("text.db", "other.db", "newer.db", "folder.db"):
        for _ in range(2):  # the lock was given back
            with pytest.raises(ConfigurationError, match=name):
                await SqliteStore(tmp_path / name).open()


def version_1(path: Path) -> None:
    """A file as the first release left it: a task that a worker has, with its events."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "BEGIN;" + (Path(__file__).parent / "schema_1.sql").read_text("utf-8") + "PRAGMA "
        "application_id = 2020626020; PRAGMA user_version = 1; COMMIT;"
    )
    document = (
        b'{"id":"t","agent_id":"a","organization_id":"o","status":"executing",'
        b'"created_at":"2026-01-02T03:04:05Z","execution_attempts":1,"input":{"text":"x"}}'
    )
    with connection:
        connection.execute(
            "INSERT INTO tasks VALUES (1, 't', 'o', 'a', 'executing', 1.0, 1.0, 1, 0, 'w', 5.0, "
            "NULL, 0, NULL, NULL, NULL, NULL, ?)",
            (document,),
        )
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?)",
            [((1 << 32) + n, "chunk", b"{}") for n in (1, 2)],
        )
        connection.execute("INSERT INTO documents VALUES ('o', 'agent', 'a', 1, '{\"id\":\"a\"}')")
        connection.execute("INSERT INTO idempotency VALUES ('o', 'k', x'31', 't', 1.0)")
    connection.close()


async def test_a_file_of_the_first_release_goes_on(tmp_path: Path) -> None:
    version_1(tmp_path / "s.db")
    for _ in range(2):
        store = SqliteStore(tmp_path / "s.db")
        await store.open()
        record = await store.get("o", "t")
        assert (record.status, record.worker_id, record.scripted) == ("executing", "w", False)
        assert [event.seq for event in await store.read("t", 0, 2)] == [1, 2]
        assert await store.doc_get("o", "agent", "a") is not None
        key = IdempotencyKey("k", b"1")
        assert (await store.put("o", "a", BODY, task_id="u", key=key)).record.id == "t"
        await store.patch("o", "t", {"title": "T"}, attempt=1)
        thread = await store.threads.create("o", {}, thread_id="m", key=IdempotencyKey("m", b"2"))
        await store.threads.extend("o", thread.id, [{"role": "user"}])
        await store.close()
    connection = sqlite3.connect(tmp_path / "s.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert connection.execute("SELECT count(*) FROM messages").fetchone() == (2,)
    connection.close()


async def test_a_new_file_and_one_of_the_first_release_have_the_same_tables(
    tmp_path: Path,
) -> None:
    version_1(tmp_path / "old.db")
    schemas = []
    for name in ("old.db", "new.db"):
        store = SqliteStore(tmp_path / name)
        await store.open()
        await store.close()
        connection = sqlite3.connect(tmp_path / name)
        schemas.append(
            connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        )
        connection.close()
    assert schemas[0] == schemas[1]


async def test_a_file_that_can_not_be_brought_forward_stays_as_it_was(tmp_path: Path) -> None:
    version_1(tmp_path / "s.db")
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("CREATE TABLE messages (in_the_way)")
    connection.close()
    with pytest.raises(ConfigurationError, match="messages"):
        await SqliteStore(tmp_path / "s.db").open()
    connection = sqlite3.connect(tmp_path / "s.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    columns = [column[1] for column in connection.execute("PRAGMA table_info(tasks)")]
    assert "scripted" not in columns
    connection.close()


async def test_a_write_to_a_thread_touches_as_many_rows_however_long_the_thread_is(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()
    await store.threads.create("o", {}, thread_id="m")
    changes = []
    for length in (10, 2000):
        have = (await store.threads.get("o", "m")).length
        batch = [{"role": "user", "content": str(n)} for n in range(length - have)]
        await store.threads.extend("o", "m", batch)
        before = await store._writer.submit(lambda tx: tx.connection.total_changes)
        await store.threads.extend("o", "m", [{"role": "user", "content": "one more"}])
        after = await store._writer.submit(lambda tx: tx.connection.total_changes)
        changes.append(after - before)
        # What is read for the end of the thread is found by its place, not by looking at all.
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        assert store._reader is not None
        store._reader.set_progress_handler(step, 10)
        thread = await store.threads.get("o", "m")
        assert len(await store.threads.read(thread, length)) == 1
        assert len(await store.threads.tail(thread, 5)) == 5
        store._reader.set_progress_handler(None, 0)
        changes.append(steps)
    assert changes[0] == changes[2] == 2
    # Each of the statements may count a step that it did not finish the last time.
    assert abs(changes[1] - changes[3]) <= 4
    await store.close()


async def test_folders_are_made_for_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a" / "b" / "s.db")
    await store.open()
    await store.close()
    assert (tmp_path / "a" / "b" / "s.db").exists()


async def test_who_follows_gets_the_last_events_without_reading_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    async with OpenStore(SqliteStore(tmp_path / "s.db", clock=clock)) as store:
        await store.put("o", "a", BODY, task_id="t")
        await store.append("o", "t", [{"type": "chunk", "data": n} for n in "12"], attempt=None)
        with monkeypatch.context() as patched:
            patched.setattr(store, "_reader", None)
            assert [event.seq for event in await store.read("t", 0, 2, hinted=True)] == [1, 2]
            assert [event.seq for event in await store.read("t", 1, 9, hinted=True)] == [2, 3]
        stored = await store.read("t", 0, 100)
        await store.append("o", "t", [{"type": "chunk", "data": "3"}], attempt=None)
        assert await store.read("t", 2, 1, hinted=True) == stored[2:]
        await store.stop("o", "t")
        clock.now += 1
        assert (await store.prune(events_before=clock())).events
        for hinted in (True, False):
            assert [each.seq for each in await store.read("t", 0, 9, hinted=hinted)] == [5]


async def test_a_task_that_was_written_lately_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    async with OpenStore(SqliteStore(tmp_path / "s.db", clock=clock)) as store:
        assert isinstance(store, SqliteStore)
        made = (await store.put("o", "a", BODY, task_id="t")).record
        assert store._recent_tasks.find("t")
        with monkeypatch.context() as patched:
            patched.setattr(store, "_reader", None)
            assert await store.get("o", "t") == made
            with pytest.raises(HttpError, match="there is no task"):
                await store.get("other", "t")
        [offered] = await store.claim("o", "a", ["w"])
        begun = await store.patch("o", "t", {"status": "executing"}, attempt=offered.attempt)
        assert await store.get("o", "t") == begun
        clock.now += 5
        assert await store.renew("o", "w") == {"t": 1}
        kept = await store.get("o", "t")
        assert kept.lease_until == clock() + store._settings.lease
        await store.stop("o", "t")
        clock.now += 1
        await store.prune(tasks_before=clock())
        with pytest.raises(HttpError, match="there is no task"):
            await store.get("o", "t")
        large = {"input": {"text": "x" * LARGEST}}
        await store.put("o", "a", large, task_id="t")
        assert (await store.get("o", "t")).read()["input"] == large["input"]


async def test_what_was_undone_is_not_remembered(tmp_path: Path) -> None:
    async with OpenStore(SqliteStore(tmp_path / "s.db")) as store:
        assert isinstance(store, SqliteStore)
        before = (await store.put("o", "a", BODY, task_id="t")).record
        found: list[object] = []

        def spoilt(work: SqliteWork) -> None:
            record = work.task("t")
            assert record is not None
            work.renew(attrs.evolve(record, lease_until=1.0))
            found.append(store._recent_tasks.find("t"))  # while it may be undone
            raise HttpError(409, "after the write")

        with pytest.raises(HttpError, match="after the write"):
            await store._writer.submit(spoilt)
        assert set(found) == {None}
        assert await store.get("o", "t") == before
        assert (await store.patch("o", "t", {"title": "T"}, attempt=None)).lease_until is None


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_remembered_is_what_the_file_has(
    tmp_path: Path, clock: Clock, seed: int
) -> None:
    path, rng = tmp_path / "s.db", random.Random(seed)
    chunks = [{"type": "chunk", "data": "x"}] * 2
    async with OpenStore(SqliteStore(path, clock=clock)) as store:
        changes: list[Callable[[str], Awaitable[object]]] = [
            lambda task: store.put("o", "a", BODY, task_id=task),
            lambda task: store.append("o", task, chunks, attempt=None),
            lambda task: store.patch("o", task, {"status": "completed"}, attempt=rng.randrange(3)),
            lambda task: store.patch("o", task, {"status": "paused"}, attempt=1),
            lambda _: store.claim("o", "a", ["v", "w"], begins=rng.choice([(), ("v", "w")])),
            lambda _: store.renew("o", "w", adopt_from=rng.choice([None, "v"])),
            lambda _: store.sweep(),
            lambda task: store.stop("o", task),
            lambda task: store.delete("o", [task], stop=True),
            lambda _: store.prune(events_before=clock() - 50),
            lambda _: store.prune(tasks_before=clock() - 100),
        ]
        for _ in range(150):
            clock.now += rng.choice([0, 1, 40])
            at_once = rng.choices(changes, k=rng.choice([1, 4]))
            await asyncio.gather(
                *(change(rng.choice("tuv")) for change in at_once), return_exceptions=True
            )
            with contextlib.closing(sqlite3.connect(path)) as file:
                rows = file.execute(f"{SELECT} WHERE organization_id = 'o'").fetchall()
            stored = {record.id: record for _, record in map(read_task, rows)}
            for task in "tuv":
                with contextlib.suppress(HttpError):
                    assert await store.get("o", task) == stored.pop(task)
                for after in range(4):
                    events = await store.read(task, after, 100)
                    assert await store.read(task, after, 100, hinted=True) == events
            assert not stored


async def test_what_is_open_beside_a_platform_remembers_no_tasks(tmp_path: Path) -> None:
    async with OpenStore(SqliteStore(tmp_path / "s.db")) as store:
        beside = SqliteStore(tmp_path / "s.db")
        await beside.open(exclusive=False)
        try:
            await beside.put("o", "a", BODY, task_id="t")
            changed = await store.patch("o", "t", {"title": "T"}, attempt=None)
            assert await beside.get("o", "t") == changed
            stopped = await beside.stop("o", "t")
            assert stopped.read()["title"] == "T"
        finally:
            await beside.close()


class Ledger:
    """A table of numbers behind a group commit."""

    def __init__(self, path: Path, limit: int = 100) -> None:
        self.path = path
        self.heard: list[set[str]] = []
        self.writer = GroupCommit(
            self.connect,
            Transaction,
            lambda tx: self.heard.append(tx.topics),
            Admission(limit, patience=30.0, size=0),
        )
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE numbers (n INTEGER UNIQUE)")
        connection.close()

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)

    def add(self, n: int, *, refuse: bool = False) -> Any:
        def command(tx: Transaction) -> int:
            tx.execute("INSERT INTO numbers VALUES (?)", (n,))
            tx.topics.add(str(n))
            if refuse:
                raise HttpError(409, "after the write")
            return n

        return self.writer.submit(command)

    def numbers(self) -> list[int]:
        connection = self.connect()
        try:
            return [n for [n] in connection.execute("SELECT n FROM numbers ORDER BY n")]
        finally:
            connection.close()


async def test_a_command_that_fails_half_way_leaves_nothing_and_the_others_are_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path / "n.db")
    ledger.writer.start()
    results = await asyncio.gather(
        ledger.add(1),
        ledger.add(2, refuse=True),
        ledger.add(1),
        ledger.add(3),
        return_exceptions=True,
    )
    assert [getattr(result, "status", result) for result in results] == [1, 409, 503, 3]
    assert ledger.numbers() == [1, 3]
    assert set().union(*ledger.heard) == {"1", "3"}
    assert "UNIQUE" in caplog.text
    await ledger.writer.close()


async def test_what_was_queued_is_written_before_the_end(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "n.db")
    ledger.writer.start()
    calls = [asyncio.create_task(ledger.add(n)) for n in range(50)]
    await asyncio.sleep(0)
    await ledger.writer.close()
    assert await asyncio.gather(*calls) == list(range(50)) == ledger.numbers()
    with pytest.raises(HttpError):
        await ledger.add(51)


async def test_no_more_than_the_limit_is_queued_and_the_rest_waits(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "n.db", limit=4)
    ledger.writer.start()
    blocker = ledger.connect()
    blocker.execute("BEGIN IMMEDIATE")  # nothing can be written now
    calls = [asyncio.create_task(ledger.add(n)) for n in range(20)]
    await asyncio.sleep(0.05)
    assert ledger.writer._entries.qsize() <= 4
    blocker.execute("COMMIT")
    blocker.close()
    assert await asyncio.gather(*calls) == list(range(20))
    await ledger.writer.close()


async def test_who_waits_for_a_file_that_another_process_has_locked_is_refused_with_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("xpander_client.platform.stores.sqlite.store.LOCKED", 0.2)
    sqlite = SqliteStore(tmp_path / "s.db")
    async with OpenStore(sqlite) as store:
        blocker = sqlite3.connect(sqlite.path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        first = asyncio.create_task(store.put("o", "a", BODY, task_id="first"))
        await asyncio.sleep(0.05)  # it is being waited for
        puts = [store.put("o", "a", BODY, task_id=f"t{n}") for n in range(40)]
        refused = await asyncio.gather(first, *puts, return_exceptions=True)
        assert {each.status for each in refused if isinstance(each, HttpError)} == {503}
        assert caplog.text.count("writes were refused") == 1
        blocker.execute("COMMIT")
        blocker.close()
        await store.put("o", "a", BODY, task_id="first")


async def test_nobody_loses_a_task_because_the_file_was_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr("xpander_client.platform.stores.sqlite.store.LOCKED", 0.001)
    path = tmp_path / "s.db"
    async with OpenStore(SqliteStore(path, clock=clock)) as store:
        await store.put("o", "a", BODY, task_id="t")
        await store.claim("o", "a", ["w"])
        await store.patch("o", "t", {"status": "executing"}, attempt=1)
        await store.presence.note_alive(())
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(HttpError):
            await store.renew("o", "w")
        for _ in range(int(Settings().lease) + 5):
            clock.now += 1
            with contextlib.suppress(HttpError):
                await store.presence.note_alive(())
        blocker.execute("COMMIT")
        blocker.close()
        begun = store.now()
        await store.presence.note_alive(())
        assert not await store.sweep(begun)


async def test_a_full_disk_refuses_writes_and_keeps_serving_reads(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db", Settings())
    await store.open()
    await store.put("o", "a", BODY, task_id="t")
    [pages] = await store._writer.submit(lambda tx: tx.execute("PRAGMA page_count").fetchone())
    await store._writer.submit(
        lambda tx: tx.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone()
    )
    big = {"input": {"text": "x" * 100_000}}
    with pytest.raises(HttpError) as refused:
        await store.put("o", "a", big, task_id="u")
    assert refused.value.status == 503
    assert (await store.get("o", "t")).id == "t"
    with pytest.raises(HttpError):
        await store.get("o", "u")
    await store._writer.submit(
        lambda tx: tx.execute(f"PRAGMA max_page_count = {pages + 9999}").fetchone()
    )
    await store.put("o", "a", big, task_id="u")
    await store.close()


async def test_queues_are_read_from_their_fronts_by_an_index_of_their_own(tmp_path: Path) -> None:
    async with OpenStore(SqliteStore(tmp_path / "s.db")) as store:
        assert isinstance(store, SqliteStore)
        for pin, index in ((None, "tasks_waiting"), ("w", "tasks_pinned")):
            read, parameters = queue("number, length(document)", "o", "a", pin, 5)
            plan = store._read_connection().execute(f"EXPLAIN QUERY PLAN {read}", parameters)
            [step] = [row[3] for row in plan]
            assert f"USING INDEX {index} (organization_id=? AND agent_id=?" in step


async def test_queues_of_many_workers_are_looked_at_only_where_something_waits(
    tmp_path: Path,
) -> None:
    async with OpenStore(SqliteStore(tmp_path / "s.db")) as store:
        assert isinstance(store, SqliteStore)
        for task_id, pin in (("1", "w7"), ("2", "w7"), ("3", "w900"), ("4", "x"), ("5", None)):
            body = {**BODY, "worker_id": pin} if pin else BODY
            await store.put("o", "a", body, task_id=task_id)
        await store.put("o", "b", {**BODY, "worker_id": "w8"}, task_id="6")
        asked: list[str] = []
        store._read_connection().set_trace_callback(asked.append)
        workers: dict[str | None, int] = {f"w{number}": 5 for number in range(1000)}
        queued = await store.measure_queues("o", "a", {**workers, None: 3})
        assert {pin: len(sizes) for pin, sizes in queued.items()} == {"w7": 2, "w900": 1, None: 1}
        assert len(asked) <= 2 * len(queued) + 2


async def test_a_claim_stops_when_nothing_is_left(tmp_path: Path) -> None:
    asked: list[str] = []
    connections: list[sqlite3.Connection] = []

    def connect(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connections.append(connection)
        return connection

    async with OpenStore(SqliteStore(tmp_path / "s.db", connect=connect)) as store:
        await store.put("o", "a", BODY, task_id="t")
        for connection in connections[1:]:  # the first one prepared the file
            connection.set_trace_callback(asked.append)
        claimed = await store.claim("o", "a", [f"w{n % 100}" for n in range(6400)])
        assert [record.id for record in claimed] == ["t"]
    looks = [each for each in asked if each.startswith("SELECT number, id FROM")]
    assert len([each for each in looks if "pinned_to IS NULL" in each]) == 2
    assert len([each for each in looks if "pinned_to = " in each]) == 101


async def test_a_filter_that_few_tasks_pass_reads_few_whatever_stands_beside_it(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "s.db")
    async with OpenStore(store):
        await store.put("o", "a", BODY, task_id="t")
    connection = sqlite3.connect(tmp_path / "s.db")
    made = {"number", "id", "status", "user_id", "parent_task_id"}
    made |= {"triggering_agent_id", "internal_status"}
    columns = [column for _, column, *_ in connection.execute("PRAGMA table_info(tasks)")]
    others = ", ".join(column for column in columns if column not in made)
    with connection:
        connection.execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers "
            "WHERE n < 20000) INSERT INTO tasks (id, status, user_id, parent_task_id, "
            f"triggering_agent_id, internal_status, {others}) SELECT 't' || n, "
            "iif(n < 3, 'paused', 'completed'), iif(n < 3, 'rare', 'u'), iif(n < 3, 'p', NULL), "
            f"iif(n < 3, 'rare', 'boss'), iif(n < 3, 'rare', 'is'), {others} FROM numbers, tasks"
        )
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 100

    connection.set_progress_handler(count, 100)
    common = {"status": "completed", "user_id": "u", "triggering_agent_id": "boss"}
    common["internal_status"] = "is"
    rare = {"status": "paused", "user_id": "rare", "triggering_agent_id": "rare"}
    rare |= {"internal_status": "rare", "parent_task_id": "p"}
    for name, value in rare.items():
        for beside, most in common.items():
            for whose in (TaskFilter(agent_id="a"), TaskFilter(agent_ids=frozenset("ab"))):
                if beside != name and ("user_id" in (name, beside) or whose.agent_id is not None):
                    values: dict[str, Any] = {name: value, beside: most}
                    wanted = attrs.evolve(whose, **values)
                    steps = 0
                    assert page(connection, "o", wanted, None, 50).records == ()
                    assert steps < 60_000, wanted
    with connection:
        others = "iif(id < 't5', 'other', 'o'), agent_id = 'a' || (number % 20)"
        connection.execute(f"UPDATE tasks SET organization_id = {others}")
    for organization, status, expected in (
        ("o", "paused", 0),
        ("other", "paused", 3),
        ("other", None, 50),
        ("nobody", None, 0),
    ):
        steps = 0
        wanted = TaskFilter(status=status)
        assert len(list_numbers(connection, organization, wanted, None, 50)) == expected
        assert steps < 10_000, wanted
    connection.close()
