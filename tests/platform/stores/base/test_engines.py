"""Engines register themselves: what is asked of a store's address, and what a further one needs."""

import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.process import supervisor
from xpander_client.platform.stores import transfer
from xpander_client.platform.stores.addresses import check_address, store_at, without_password
from xpander_client.platform.stores.base import engines
from xpander_client.platform.stores.base.engines import Address, Engine, find_engine
from xpander_client.platform.stores.base.tables import StoreTables
from xpander_client.platform.stores.sqlite.store import SqliteStore

SQLITE = find_engine("store.db")


class Boxes(Engine):
    """Keeps the store `box:NAME` in `NAME.box`."""

    name = "Boxes"
    address_form = "box:NAME"
    shares_servers = False
    bounds_values = False

    def check_address(self, address: Address) -> None:
        SQLITE.check_address(self.locate_file(address))

    def hide_password(self, address: Address) -> str:
        return str(address)

    def locate_file(self, address: Address) -> Path:
        return Path(str(address).removeprefix("box:") + ".box")

    def make_store(
        self, address: Address, settings: Settings | None, clock: Clock | None
    ) -> SqliteStore:
        return SqliteStore(self.locate_file(address), settings, clock=clock)

    async def read_versions(self, address: Address) -> tuple[int, int]:
        return await SQLITE.read_versions(self.locate_file(address))

    async def migrate(self, address: Address) -> tuple[int, int]:
        return await SQLITE.migrate(self.locate_file(address))

    def open_tables(
        self, address: Address, *, write: bool
    ) -> AbstractAsyncContextManager[StoreTables]:
        return SQLITE.open_tables(self.locate_file(address), write=write)

    async def backup(self, address: Address, file: Address) -> None:
        await SQLITE.backup(self.locate_file(address), file)


ENGINE = Boxes()


async def test_a_further_engine_needs_one_registration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(engines.ENGINES, "box:", __name__)
    store = store_at("box:one")
    await store.open()
    await store.put("acme", "mail", {"input": {"text": "x"}}, task_id="t")
    await store.close()
    assert (tmp_path / "one.box").is_file()
    await transfer.backup("box:one", "backup.db")
    copied = await transfer.copy("box:one", "box:two")
    report = await transfer.check("box:two")
    assert (report.engine, report.address, report.sound) == ("Boxes", "box:two", True)
    assert report.counts == copied
    assert report.counts == (await transfer.check("backup.db")).counts
    assert report.counts["tasks"] == 1
    with pytest.raises(ConfigurationError, match="give box:NAME, or a file, sqlite:FILE, or "):
        check_address("mysql:tasks")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no supervisor on Windows")
def test_processes_share_only_a_store_whose_engine_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(engines.ENGINES, "box:", __name__)
    with pytest.raises(ConfigurationError, match="2 processes need a store in PostgreSQL: box:one"):
        supervisor.supervise("box:one", processes=2)
    assert not list(tmp_path.iterdir())


def test_what_an_address_says_of_its_engine() -> None:
    postgres = find_engine("postgres://me:hush@db/tasks")
    assert (SQLITE.name, SQLITE.shares_servers, SQLITE.bounds_values) == ("SQLite", False, False)
    assert (postgres.name, postgres.shares_servers) == ("PostgreSQL", True)
    assert SQLITE.locate_file("sqlite:a.db") == Path("a.db")
    assert postgres.locate_file("postgres://me:hush@db/tasks") is None
    assert postgres is find_engine("postgresql://db/tasks")
    assert without_password("postgres://me:hush@db/tasks") == "postgres://me:***@db/tasks"


def test_looking_at_addresses_needs_no_driver_of_a_database() -> None:
    program = (
        "import sys\n"
        "from xpander_client.platform.stores.addresses import check_address, store_at\n"
        "check_address('postgresql://db/tasks')\n"
        "store_at('tasks.db')\n"
        "print('asyncpg' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False\n"
