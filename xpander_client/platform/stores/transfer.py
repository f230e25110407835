"""Stores as a whole: checked, brought up to date, and copied from one engine to another."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

import attrs

from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores.addresses import check_address, without_password
from xpander_client.platform.stores.base.engines import Engine, find_engine
from xpander_client.platform.stores.base.fitting import Fitting
from xpander_client.platform.stores.base.tables import TABLES, StoreTables

_NAMED = 20
"""So many records that can't be copied are named."""


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
    engine = _check_engine(address)
    version, needed = await engine.read_versions(address)
    report = StoreReport(without_password(address), engine.name, version, needed)
    if version != needed:
        return report
    async with engine.open_tables(address, write=False) as tables:
        counts = {table: await tables.count(table) for table in TABLES}
        return attrs.evolve(report, counts=counts, problems=await tables.problems())


async def migrate(address: str | os.PathLike[str]) -> Migrated:
    """Give a store the tables of this release. What it keeps stays.

    Raises:
        ConfigurationError: it can't be reached, is of a later release, or a platform uses it.
    """
    before, after = await _check_engine(address).migrate(address)
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
    into, fitting = _check_engine(target), None
    engine = _check_engine(source)
    async with engine.open_tables(source, write=False) as original:
        if into.bounds_values and not engine.bounds_values:
            fitting = Fitting(TABLES)
            await _look_through(original, fitting, into.name, leave_out=leave_out, tell=tell)
        await into.migrate(target)
        async with into.open_tables(target, write=True) as duplicate:
            for table in TABLES:
                if await duplicate.count(table):
                    raise ConfigurationError(
                        f"{without_password(target)} has {table} already: copy into an empty store"
                    )
            copied = dict.fromkeys(TABLES, 0)
            for table in TABLES:
                async for rows in original.rows(table):
                    fit = rows if fitting is None else fitting.fit_rows(table, rows)
                    await duplicate.add(table, fit)
                    copied[table] += len(fit)
                    progress(table, len(fit))
            await _compare(original, duplicate, copied, fitting)
            return copied


async def _look_through(
    original: StoreTables,
    fitting: Fitting,
    engine: str,
    *,
    leave_out: bool,
    tell: Callable[[str], None],
) -> None:
    """Tell what can't be copied as it is, before anything is made.

    Raises:
        ConfigurationError: some of it can't be copied at all, and is not to be left out.
    """
    counts = {True: 0, False: 0}
    for table in TABLES:
        async for misfit in fitting.look_through(table, original.rows(table, bulk=False)):
            counts[misfit.cut] += 1
            if counts[misfit.cut] <= _NAMED:
                tell(f"{misfit}: {'cut' if misfit.cut else 'not copied'} in the copy")
    for cut, count in counts.items():
        if count > _NAMED:
            tell(f"and {count - _NAMED} more that are {'cut' if cut else 'not copied'}")
    if counts[False] and not leave_out:
        raise ConfigurationError(
            f"{counts[False]} record(s) can't be kept in {engine}, as told above, so nothing was "
            "copied; --leave-out copies all others"
        )


async def _compare(
    original: StoreTables,
    duplicate: StoreTables,
    copied: Mapping[str, int],
    fitting: Fitting | None,
) -> None:
    for table, rows in copied.items():
        there = await duplicate.count(table)
        if there != rows:
            raise ConfigurationError(f"of {rows} {table} {there} were copied")
    copies = duplicate.event_counts()
    async for counted in original.event_counts():
        if fitting is not None and fitting.leaves_out_task(counted[0]):
            continue
        if await anext(copies, None) != counted:
            raise ConfigurationError(f"the events of task {counted[0]} were not copied as they are")


async def backup(address: str | os.PathLike[str], file: str | os.PathLike[str]) -> None:
    """Copy a store in a file into another file, also while a platform serves from it.

    The copy is the store as it was at one moment. It is written beside, and has its name once it
    is whole.

    Raises:
        ConfigurationError: one can't be used, or there is such a file already; or the store is in
            PostgreSQL, which has a program for that.
    """
    await _check_engine(address).backup(address, file)


def _check_engine(address: str | os.PathLike[str]) -> Engine:
    """Return the engine of an address that can name a store.

    Raises:
        ConfigurationError: it can't.
    """
    check_address(address)
    return find_engine(address)
