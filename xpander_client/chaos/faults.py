"""What goes wrong, and how it is mended."""

from __future__ import annotations

import asyncio
import enum
import random

from xpander_client.chaos.proxy import Mode, Network
from xpander_client.chaos.stage import Stage


class InjectedFault(enum.Enum):
    """Something that goes wrong."""

    SERVER_KILLED = "server killed"
    WORKER_KILLED = "worker killed"
    WORKER_FROZEN = "worker stopped and continued"
    NETWORK_OF_CALLERS = "network to callers"
    NETWORK_OF_WORKERS = "network to workers"
    NETWORK_OF_DATABASE = "network to the database"


FAULTS = frozenset(InjectedFault)

_MODES = (Mode.BLACK_HOLE, Mode.RESET, Mode.DELAY, Mode.HALF_OPEN)


async def cause(fault: InjectedFault, stage: Stage, chance: random.Random) -> None:
    """Let it go wrong for a while; returns when it is mended."""
    if fault is InjectedFault.SERVER_KILLED:
        server = chance.randrange(len(stage.servers))
        stage.tell(f"server {server + 1} is killed")
        await stage.kill_server(server, outage=chance.uniform(0.0, 1.0))
    elif fault is InjectedFault.WORKER_KILLED:
        worker = chance.randrange(len(stage.workers))
        stage.tell(f"worker {worker + 1} is killed")
        await stage.kill_worker(worker)
    elif fault is InjectedFault.WORKER_FROZEN:
        worker, seconds = chance.randrange(len(stage.workers)), chance.uniform(1.0, 2.0)
        # Beyond the time that it has its tasks for, mostly.
        seconds *= stage.settings.lease
        stage.tell(f"worker {worker + 1} is stopped for {seconds:.1f} s")
        await stage.freeze_worker(worker, seconds)
    else:
        networks = _networks(fault, stage)
        place, mode = chance.randrange(len(networks)), chance.choice(_MODES)
        seconds = chance.uniform(0.3, 3.0)
        stage.tell(f"{fault.value}, server {place + 1}: {mode.value} for {seconds:.1f} s")
        await _break(networks[place], mode, seconds)


def is_possible(fault: InjectedFault, stage: Stage) -> bool:
    """Whether there is what it happens to: a file has no network."""
    return fault not in _NETWORKS or bool(_networks(fault, stage))


_NETWORKS = {
    InjectedFault.NETWORK_OF_CALLERS,
    InjectedFault.NETWORK_OF_WORKERS,
    InjectedFault.NETWORK_OF_DATABASE,
}


def _networks(fault: InjectedFault, stage: Stage) -> list[Network]:
    return {
        InjectedFault.NETWORK_OF_CALLERS: stage.to_callers,
        InjectedFault.NETWORK_OF_WORKERS: stage.to_workers,
        InjectedFault.NETWORK_OF_DATABASE: stage.to_database,
    }[fault]


async def _break(network: Network, mode: Mode, seconds: float) -> None:
    network.set(mode)
    try:
        await asyncio.sleep(seconds)
    finally:
        network.set(Mode.PASS)
