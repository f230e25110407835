"""Which addresses name a store, and what is shown of them."""

import asyncio
from pathlib import Path

import pytest

from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores import transfer
from xpander_client.platform.stores.addresses import check_address, store_at, without_password

SECRET = "hush"
PASSWORDS = [
    *(f"{SECRET}{mark}{SECRET}" for mark in "#/?]@[ \n:%&="),
    *(f"55{mark}{SECRET}" for mark in "#/?@"),
    f"55?a={SECRET}",
    f"55/a?b={SECRET}",
    f"[::1]:5/{SECRET}",
    f"{SECRET}@1/{SECRET}",
]


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_is_shown_nowhere_whatever_is_in_it(password: str) -> None:
    address = f"postgresql://me:{password}@127.0.0.1:9/tasks?connect_timeout=1"
    assert SECRET not in without_password(address)

    async def use() -> None:
        await store_at(address).open()

    for attempt in (use, lambda: transfer.check(address)):
        with pytest.raises(ConfigurationError) as refused:
            asyncio.run(attempt())
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me@db/tasks", "postgresql://me@db/tasks"),
        ("postgresql:///tasks?host=/run/pg", "postgresql:///tasks?host=/run/pg"),
        ("postgresql://a:x@h1:1,h2:2/t", "postgresql://a:***@h1:1,h2:2/t"),
        ("postgresql://[::1]:5/t?user=a", "postgresql://[::1]:5/t?user=a"),
        (
            "postgres://db/t?PASSWORD=x&pass%77ord=x&sslpassword=x&sslmode=y",
            "postgres://db/t?PASSWORD=***&pass%77ord=***&sslpassword=***&sslmode=y",
        ),
    ],
)
def test_what_is_no_password_is_shown(address: str, shown: str) -> None:
    check_address(address)
    assert without_password(address) == shown


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "sqlite:",
        ":memory:",
        "sqlite::memory:",
        "sqlite::memory:?cache=shared",
        "file:tasks.db",
        "file:///tasks.db?mode=memory",
        "tasks\0.db",
        ".",
        "new/",
        "mysql://me:hush@db/tasks",
        "sqlite:mysql://me:hush@db/tasks",
        "sqlite://db/tasks",
        "postgresql:/me:hush@db/tasks",
        "postgresql//me:hush@db/tasks",
        "Postgresql://me:hush@db/tasks",
        " postgresql://me:hush@db/tasks",
        "jdbc:postgresql://db/tasks?password=hush",
        "me:hush@db/tasks",
        "host=db user=me password=hush",
    ],
)
def test_an_address_that_means_nothing_is_refused_before_anything_is_made(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(filled("there.db"))
    before = set(tmp_path.rglob("*"))
    for attempt in (
        lambda: filled(address),
        lambda: transfer.check(address),
        lambda: transfer.migrate(address),
        lambda: transfer.copy(address, "new.db"),
        lambda: transfer.copy("there.db", address),
    ):
        with pytest.raises(ConfigurationError) as refused:
            asyncio.run(attempt())
        assert SECRET not in str(refused.value)
    assert set(tmp_path.rglob("*")) == before


async def filled(address: str) -> None:
    store = store_at(address)
    await store.open()
    await store.close()


@pytest.mark.parametrize("address", ["./a:b.db", "sqlite:tasks.db", "postgres/tasks.db", "a b.db"])
def test_a_file_may_have_any_other_name(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(filled(address))
    assert (tmp_path / address.removeprefix("sqlite:")).is_file()
