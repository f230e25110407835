"""`xpander-client store`: stores as a whole."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Command, environment
from xpander_client.platform import LocalPlatform
from xpander_client.platform.stores.addresses import store_at

STORE = "s.db"


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(environment(XPANDER_STORE=STORE), tmp_path)


@pytest.fixture
def filled(command: Command) -> Command:
    """The command beside a store with three tasks."""

    async def fill() -> None:
        store = store_at(command.folder / STORE)
        await store.open()
        for number in range(3):
            await store.put("o", "a", {"input": {}}, task_id=f"t{number}")
        await store.close()

    asyncio.run(fill())
    return command


def test_a_sound_store_is_said_to_be_so(filled: Command) -> None:
    done = filled("store", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "nothing is wrong"
    report = filled.json("store", "check")
    assert report["sound"] is True
    assert (report["counts"]["tasks"], report["counts"]["events"]) == (3, 3)


def test_a_store_is_backed_up_while_a_platform_serves_it(filled: Command) -> None:
    with LocalPlatform(store=filled.folder / STORE):
        done = filled("store", "backup", "b.db")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("b.db has all that the store had, in ")
        report = filled.json("store", "backup", "c.db")
    assert report == {"file": "c.db", "bytes": (filled.folder / "c.db").stat().st_size}
    assert filled.json("store", "check", "--store", "b.db")["counts"]["tasks"] == 3
    assert "b.db is there already" in filled.refusal("store", "backup", "b.db")
    address = "postgresql://me:secret@db/tasks"
    refusal = filled.refusal("store", "backup", "d.db", "--store", address)
    assert "pg_dump" in refusal
    assert "secret" not in refusal


def test_what_is_wrong_is_told_with_the_status(filled: Command) -> None:
    with sqlite3.connect(filled.folder / STORE) as file:
        file.execute("DELETE FROM events WHERE place & 0xFFFFFFFF = 1")
    file.close()
    done = filled("store", "check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"xpander-client: the events of task t{number} have holes" for number in range(3)
    ]
    with sqlite3.connect(filled.folder / STORE) as file:
        file.execute("PRAGMA user_version = 1")
    file.close()
    assert "store migrate" in filled("store", "check").stderr


def test_a_new_store_is_made_and_an_old_one_brought_up_to_date(command: Command) -> None:
    assert command("store", "migrate").stdout.startswith("from version 0 to ")
    assert command("store", "migrate").stdout.endswith("already, nothing was changed\n")


def test_a_store_is_copied_to_postgresql_and_back(filled: Command, postgres: str) -> None:
    there = filled("store", "copy", STORE, postgres)
    assert there.returncode == 0, there.stderr
    assert there.stdout.splitlines()[-1] == "the copy is like the original"
    assert there.stderr.splitlines()[:2] == ["copying tasks", "copying events"]
    assert filled.json("store", "copy", postgres, "back.db")["tasks"] == 3
    assert "has tasks already" in filled.refusal("store", "copy", STORE, "back.db")


def test_what_can_not_be_worked_on_is_refused_in_one_line(command: Command) -> None:
    assert "is not there" in command.refusal("store", "check")
    assert "is not there" in command.refusal("store", "copy", "none.db", "other.db")
    assert not (command.folder / "none.db").exists()
    assert "no address" in command.refusal("store", "check", "--store", "mysql://x")
    (command.folder / "text").write_text("no database at all, and long enough not to be empty")
    assert "text" in command.refusal("store", "check", "--store", "text")
    with LocalPlatform(store=command.folder / STORE):
        assert "in use" in command.refusal("store", "check")
    away = command.refusal("store", "check", "--store", "postgresql://me:secret@127.0.0.1:9/x")
    assert "me:***@127" in away
