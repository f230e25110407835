"""Servers, workers and networks fail under load; our client and worker are at both ends."""

from __future__ import annotations

import pytest

from tests.faults.engines import Engine, rounds
from tests.faults.tally import Tally
from xpander_client.chaos.faults import InjectedFault
from xpander_client.chaos.run import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

FAULTS = {
    "2 servers killed -9": {InjectedFault.SERVER_KILLED},
    "3 workers killed -9, and stopped beyond their lease": {
        InjectedFault.WORKER_KILLED,
        InjectedFault.WORKER_FROZEN,
    },
    "5 networks: black hole, reset, 2 s delay, half-open": {
        InjectedFault.NETWORK_OF_CALLERS,
        InjectedFault.NETWORK_OF_WORKERS,
        InjectedFault.NETWORK_OF_DATABASE,
    },
}


@pytest.mark.parametrize("fault", FAULTS, ids=["servers", "workers", "networks"])
async def test_nothing_is_lost_and_nothing_is_there_twice(
    engine: Engine, fault: str, tally: Tally
) -> None:
    with tally.of(fault, engine.name) as count:
        report = await run(engine.address, seed=len(fault), faults=FAULTS[fault], times=rounds(3))
        count.of(report)
        assert report.holds, report
    assert count.rounds >= rounds(3)
    assert report.acknowledged["creates"] >= 20
    assert (
        report.acknowledged["streams followed to their end"] >= 10
    )  # tasks that are run with one call are not among them
