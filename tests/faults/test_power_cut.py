"""The power is cut at random moments: what was acknowledged is there afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from tests.faults.clients import ORGANIZATION, StoreClient
from tests.faults.engines import rounds
from tests.faults.power import Disk
from tests.faults.tally import Tally
from xpander_client.chaos.history import read_histories
from xpander_client.chaos.invariants import Violation, read_stored_tasks, violations
from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.sqlite.store import SqliteStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SETTINGS = Settings()
# The log is copied back into the file every few commits, so that many cuts fall into that.
SMALL_LOG = {"PRAGMA wal_autocheckpoint = 4000": "PRAGMA wal_autocheckpoint = 20"}
CARELESS = SMALL_LOG | {"PRAGMA synchronous = FULL": "PRAGMA synchronous = NORMAL"}


@attrs.frozen
class Outcome:
    acknowledged: int
    broken: list[Violation]
    cut: str
    """What was about to happen when the power went."""


def at_random(chance: random.Random, seen: list[str]) -> Callable[[str, str], bool]:
    """Cuts the power at a random act: any, a sync, or a write to the file behind the log."""
    kind = chance.choice(["any", "sync", "checkpoint"])
    left = chance.randrange(20, {"any": 1_500, "sync": 250, "checkpoint": 300}[kind])

    def cut(what: str, path: str) -> bool:
        nonlocal left
        behind = path.endswith(".db") and what == "write"
        left -= kind == "any" or what == kind or (kind == "checkpoint" and behind)
        if left <= 0:
            seen.append(f"{what} of {'the file' if path.endswith('.db') else 'its log'}")
        return left <= 0

    return cut


async def cut_once(
    folder: Path, seed: int, *, instead: dict[str, str], lies: bool, tears: bool
) -> Outcome:
    """Work until the power goes; then look at what the disk has."""
    chance = random.Random(seed)
    cut: list[str] = []
    disk = Disk(at_random(chance, cut), lies=lies)
    for name in ("before", "histories"):
        (folder / name).mkdir(parents=True)
    store = SqliteStore(
        folder / "before" / "store.db",
        SETTINGS,
        connect=lambda path: disk.connect(path, instead),
    )
    clients = [StoreClient(store, folder / "histories", f"c{n}", seed) for n in range(8)]
    with contextlib.suppress(ConfigurationError):  # the power may go while the file is made
        await store.open()
        await asyncio.gather(*(client.work() for client in clients))
        await store.close()
    assert not disk.is_on
    disk.left(folder / "after", chance if tears else None)
    histories = list(read_histories(folder / "histories"))
    after = SqliteStore(folder / "after" / "store.db", SETTINGS)
    await after.open()
    try:
        wanted = {each.entry.task_id for each in histories}
        stored = await read_stored_tasks(after, ORGANIZATION, wanted)
        # It goes on where it was.
        await after.put(ORGANIZATION, "a", {"input": {"text": "more"}}, task_id="more")
    finally:
        await after.close()
    broken = violations(histories, stored, max_attempts=SETTINGS.max_attempts, quiet=False)
    return Outcome(sum(client.acknowledged for client in clients), broken, cut[0])


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture) -> None:
    """Of a disk without power the store says enough."""
    caplog.set_level(logging.CRITICAL, "xpander_client.platform.stores.sqlite.group_commit")


@pytest.mark.parametrize("tears", [False, True], ids=["nothing unsynced", "some of it, torn"])
async def test_nothing_that_was_acknowledged_is_lost(
    tmp_path: Path, tears: bool, tally: Tally
) -> None:
    cuts = set()
    with tally.of("1 power cut" + (", torn writes" if tears else ""), "SQLite") as count:
        for seed in range(rounds(15)):
            outcome = await cut_once(
                tmp_path / str(seed), seed, instead=SMALL_LOG, lies=False, tears=tears
            )
            cuts.add(outcome.cut)
            count.round(outcome.acknowledged, outcome.broken)
            assert not outcome.broken, f"seed {seed}: {outcome.broken[:3]}"
    assert {"write of its log", "sync of its log", "write of the file"} <= cuts


@pytest.mark.parametrize(
    ("instead", "lies"),
    [(CARELESS, False), (SMALL_LOG, True)],
    ids=["synchronous = NORMAL", "a disk that lies"],
)
async def test_the_same_loses_much_where_commits_are_not_synced(
    tmp_path: Path, instead: dict[str, str], lies: bool, tally: Tally
) -> None:
    what = "1 power cut, disk that lies" if lies else "1 power cut, synchronous=NORMAL"
    with tally.of(what, "SQLite", must_hold=False) as count:
        lost = 0
        for seed in range(100 * rounds(1)):
            # By far not every cut meets what is not synced.
            if lost >= rounds(1) and seed >= rounds(4):
                break
            try:
                outcome = await cut_once(
                    tmp_path / str(seed), seed, instead=instead, lies=lies, tears=False
                )
            except (ConfigurationError, sqlite3.DatabaseError):
                lost += 1  # not even the tables are left
                continue
            count.round(outcome.acknowledged, outcome.broken)
            lost += any(each.invariant in ("I1", "I2") for each in outcome.broken)
        assert lost
