"""Stores as a whole: checked, brought up to date, and copied from one engine to another."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from ...errors import ConfigurationError
from .addresses import is_postgres, sqlite_path, without_password
from .records import TASK_FIELDS

__all__ = ["TABLES", "Books", "Migrated", "StoreReport", "check", "copy", "migrate"]

Row = Sequence[Any]

BATCH = 2_000

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

    def rows(self, table: str) -> AsyncIterator[Sequence[Row]]:
        """The rows of a table, some at a time; tasks and threads the oldest first."""
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
) -> Mapping[str, int]:
    """Copy all of a store into an empty one, and compare the two; returns how many rows there are.

    All is written, or nothing. `progress` is told of rows as they are copied.

    Raises:
        ConfigurationError: one can't be used, is in use, or the target is not empty; or the copy is
            not like the original, of which nothing is kept then.
    """
    await migrate(target)
    async with (
        _engine(source).books(source, write=False) as original,
        _engine(target).books(target, write=True) as duplicate,
    ):
        for table in TABLES:
            if await duplicate.count(table):
                raise ConfigurationError(
                    f"{without_password(target)} has {table} already: copy into an empty store"
                )
        for table in TABLES:
            async for rows in original.rows(table):
                await duplicate.add(table, rows)
                progress(table, len(rows))
        return await _compared(original, duplicate)


async def _compared(original: Books, duplicate: Books) -> Mapping[str, int]:
    counts = {}
    for table in TABLES:
        counts[table] = await original.count(table)
        copied = await duplicate.count(table)
        if copied != counts[table]:
            raise ConfigurationError(f"of {counts[table]} {table} {copied} were copied")
    there = duplicate.numbers()
    async for numbers in original.numbers():
        copy_of_it = await anext(there, None)
        if copy_of_it != numbers:
            raise ConfigurationError(f"the events of task {numbers[0]} were not copied as they are")
    return counts


class _Engine(Protocol):
    name: str

    async def versions(self, address: str | os.PathLike[str]) -> tuple[int, int]: ...

    async def migrate(self, address: str | os.PathLike[str]) -> tuple[int, int]: ...

    def books(
        self, address: str | os.PathLike[str], *, write: bool
    ) -> contextlib.AbstractAsyncContextManager[Books]: ...


def _engine(address: str | os.PathLike[str]) -> _Engine:
    if is_postgres(address):
        try:
            from .postgres.books import ENGINE as POSTGRES
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f'a store on PostgreSQL needs {error.name}: pip install "xpander-client[postgres]"'
            ) from None
        return POSTGRES
    sqlite_path(address)
    from .sqlite.books import ENGINE as SQLITE

    return SQLITE
