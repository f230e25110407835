"""Stores as a whole: checked, brought up to date, and copied from one engine to another."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.platform.stores.addresses import (
    check_address,
    is_postgres,
    sqlite_path,
    without_password,
)
from xpander_client.platform.stores.fitting import Fitting
from xpander_client.platform.stores.records import TASK_FIELDS

Row = Sequence[Any]

BATCH = 2_000
BATCH_BYTES = 4 * 1024 * 1024
"""What is copied together: so many rows at most, and hardly more than so many bytes."""

BULKY = frozenset({"body", "document", "fingerprint", "value"})
"""The fields that may be large, of which no engine looks inside."""

NAMED = 20
"""So many records that can't be copied are named."""

TABLES: Mapping[str, tuple[str, ...]] = {
    "tasks": (*TASK_FIELDS, "last_seq", "pruned"),
    "large_fields": ("task_id", "name", "body"),
    "events": ("task_id", "seq", "type", "body"),
    "idempotency": ("organization_id", "key", "fingerprint", "answer", "created_at"),
    "documents": ("organization_id", "kind", "key", "version", "value"),
    "threads": ("organization_id", "id", "length", "user_id", "agent_id", "used_at", "document"),
    "messages": ("organization_id", "thread_id", "place", "role", "body"),
    "reports": (
        "organization_id",
        "kind",
        "agent_id",
        "task_id",
        "user_id",
        "created_at",
        "value",
    ),
    "audit": ("organization_id", "created_at", "actor", "action", "target", "outcome"),
}
"""What is copied, in an order in which it can be added: rows of these fields, in no engine's terms.

Which servers and workers there are is no part of it.
"""


class Books(Protocol):
    """All that a store keeps, while nobody else uses it. Reads are of one moment."""

    def rows(self, table: str, *, bulk: bool = True) -> AsyncIterator[Sequence[Row]]:
        """The rows of a table, some at a time; tasks and threads the oldest first. Without `bulk`
        there is None for each of the `BULKY` fields.
        """
        ...

    async def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows; they are kept when the books are closed without an exception."""
        ...

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        ...

    def numbers(self) -> AsyncIterator[tuple[str, int, int]]:
        """For each task that has events, by id: the last one's number, and how many there are."""
        ...

    async def problems(self) -> Sequence[str]:
        """What is not as it has to be, each in a line; nothing in a sound store."""
        ...


@attrs.frozen
class StoreReport:
    """What there is in a store. `version` is that of its tables, of which this release needs
    `needed`; the rest is only known where they are the same.
    """

    address: str
    engine: str
    version: int
    needed: int
    counts: Mapping[str, int] = attrs.field(factory=dict)
    problems: Sequence[str] = ()

    @property
    def sound(self) -> bool:
        """Whether a platform can use the store, and nothing is wrong with it."""
        return self.version == self.needed and not self.problems


@attrs.frozen
class Migrated:
    """Which version the tables had, and which they have now."""

    before: int
    after: int


async def check(address: str | os.PathLike[str]) -> StoreReport:
    """Look through a store that no platform has open.

    Raises:
        ConfigurationError: it is not there, or can't be read, or a platform uses it.
    """
    engine = _engine(address)
    version, needed = await engine.versions(address)
    report = StoreReport(without_password(address), engine.name, version, needed)
    if version != needed:
        return report
    async with engine.books(address, write=False) as books:
        counts = {table: await books.count(table) for table in TABLES}
        return attrs.evolve(report, counts=counts, problems=await books.problems())


async def migrate(address: str | os.PathLike[str]) -> Migrated:
    """Give a store the tables of this release. What it keeps stays.

    Raises:
        ConfigurationError: it can't be reached, is of a later release, or a platform uses it.
    """
    before, after = await _engine(address).migrate(address)
    return Migrated(before, after)


async def copy(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    progress: Callable[[str, int], None] = lambda table, rows: None,
    *,
    leave_out: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> Mapping[str, int]:
    """Copy all of a store into an empty one, and compare the two; returns how many rows there are.

    All is written, or nothing. `progress` is told of rows as they are copied, and `tell` what the
    other engine can't hold: a text beside a record's JSON is cut there; other records, as those
    whose id is one that can't be, are left out with `leave_out`.

    Raises:
        ConfigurationError: one can't be used, is in use, or the target is not empty; or a record
            can't be copied, and is not to be left out: nothing was made then. Or the copy is not
            like the original, of which nothing is kept then.
    """
    check_address(target)
    into, fitting = _engine(target), None
    async with _engine(source).books(source, write=False) as original:
        if is_postgres(target) and not is_postgres(source):
            fitting = Fitting(TABLES)
            await _look_through(original, fitting, leave_out=leave_out, tell=tell)
        await into.migrate(target)
        async with into.books(target, write=True) as duplicate:
            for table in TABLES:
                if await duplicate.count(table):
                    raise ConfigurationError(
                        f"{without_password(target)} has {table} already: copy into an empty store"
                    )
            copied = dict.fromkeys(TABLES, 0)
            for table in TABLES:
                async for rows in original.rows(table):
                    fit = rows if fitting is None else fitting.made_to_fit(table, rows)
                    await duplicate.add(table, fit)
                    copied[table] += len(fit)
                    progress(table, len(fit))
            await _compare(original, duplicate, copied, fitting)
            return copied


async def _look_through(
    original: Books, fitting: Fitting, *, leave_out: bool, tell: Callable[[str], None]
) -> None:
    """Tell what can't be copied as it is, before anything is made.

    Raises:
        ConfigurationError: some of it can't be copied at all, and is not to be left out.
    """
    told = {True: 0, False: 0}
    for table in TABLES:
        async for misfit in fitting.look_through(table, original.rows(table, bulk=False)):
            told[misfit.cut] += 1
            if told[misfit.cut] <= NAMED:
                tell(f"{misfit}: {'cut' if misfit.cut else 'not copied'} in the copy")
    for cut, count in told.items():
        if count > NAMED:
            tell(f"and {count - NAMED} more that are {'cut' if cut else 'not copied'}")
    if told[False] and not leave_out:
        raise ConfigurationError(
            f"{told[False]} record(s) can't be kept in PostgreSQL, as told above, so nothing was "
            "copied; --leave-out copies all others"
        )


async def _compare(
    original: Books, duplicate: Books, copied: Mapping[str, int], fitting: Fitting | None
) -> None:
    for table, rows in copied.items():
        there = await duplicate.count(table)
        if there != rows:
            raise ConfigurationError(f"of {rows} {table} {there} were copied")
    copies = duplicate.numbers()
    async for numbers in original.numbers():
        if fitting is not None and fitting.leaves_out_task(numbers[0]):
            continue
        if await anext(copies, None) != numbers:
            raise ConfigurationError(f"the events of task {numbers[0]} were not copied as they are")


async def backup(address: str | os.PathLike[str], file: str | os.PathLike[str]) -> None:
    """Copy a store in a file into another file, also while a platform serves from it.

    The copy is the store as it was at one moment. It is written beside, and has its name once it
    is whole.

    Raises:
        ConfigurationError: one can't be used, or there is such a file already; or the store is in
            PostgreSQL, which has a program for that.
    """
    check_address(address)
    if is_postgres(address):
        raise ConfigurationError(
            "a store in PostgreSQL is backed up by its own program, also while it serves: "
            "pg_dump --format=custom --file=FILE ADDRESS"
        )
    from xpander_client.platform.stores.sqlite.backup import backup as backup_file

    await asyncio.to_thread(backup_file, sqlite_path(address), sqlite_path(file))


class _Engine(Protocol):
    name: str

    async def versions(self, address: str | os.PathLike[str]) -> tuple[int, int]: ...

    async def migrate(self, address: str | os.PathLike[str]) -> tuple[int, int]: ...

    def books(
        self, address: str | os.PathLike[str], *, write: bool
    ) -> contextlib.AbstractAsyncContextManager[Books]: ...


def _engine(address: str | os.PathLike[str]) -> _Engine:
    check_address(address)
    if is_postgres(address):
        try:
            from xpander_client.platform.stores.postgres.books import ENGINE as POSTGRES
        except ModuleNotFoundError as error:
            raise missing(error, "postgres", "a store on PostgreSQL") from None
        return POSTGRES
    from xpander_client.platform.stores.sqlite.books import ENGINE as SQLITE

    return SQLITE
