"""Clocks are an hour off, and jump: leases are not ended by that, nor kept."""

from __future__ import annotations

import pytest

from tests.faults.engines import Engine, rounds
from tests.faults.tally import Tally
from xpander_client.chaos.faults import InjectedFault
from xpander_client.chaos.run import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

SERVER = "tests.faults.skewed_server"


async def test_no_worker_loses_a_task_because_a_clock_was_set(
    engine: Engine, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for a busy machine, and nothing to an hour.
    monkeypatch.setenv("SKEWED_LEASE", "60")
    with tally.of("8 clocks an hour off, and jumping", engine.name) as count:
        report = await run(engine.address, seconds=rounds(4), seed=8, faults=(), server=SERVER)
        count.of(report)
        assert report.holds, report
    assert report.lost_workers == 0
    assert report.tasks.keys() <= {"completed", "stopped"}


async def test_workers_that_are_lost_lose_their_tasks_whatever_the_clocks_say(
    engine: Engine, tally: Tally
) -> None:
    faults = {InjectedFault.WORKER_KILLED, InjectedFault.SERVER_KILLED}
    with tally.of("8 the same, servers and workers killed -9", engine.name) as count:
        report = await run(engine.address, times=rounds(2), seed=88, faults=faults, server=SERVER)
        count.of(report)
        assert report.holds, report
