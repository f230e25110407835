"""One run: load, faults, quiet, and the comparison."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from xpander_client.api import Tasks
from xpander_client.chaos.faults import FAULTS, InjectedFault, cause, is_possible
from xpander_client.chaos.history import (
    Begun,
    Created,
    Ended,
    Pushed,
    SawEnd,
    Seen,
    Stopped,
    read_histories,
)
from xpander_client.chaos.invariants import StoredTask, Violation, read_stored_tasks, violations
from xpander_client.chaos.load import QUIET, AsyncCaller, SyncCaller, quiet
from xpander_client.chaos.marks import Mark, is_abandoned
from xpander_client.chaos.places import Place, place_beside
from xpander_client.chaos.stage import ORGANIZATION, SERVER, Stage, set_stage
from xpander_client.platform.stores.addresses import store_at, without_password
from xpander_client.platform.stores.base.engines import find_engine

_PREFIX = "xpander-chaos-"
_MARK = "running"

_WORDS = {
    Created: "creates",
    Pushed: "pushes of events",
    Stopped: "stops",
    Begun: "attempts begun",
    Ended: "results",
    Seen: "events seen by followers",
    SawEnd: "streams followed to their end",
}


@attrs.frozen(kw_only=True)
class RunReport:
    """What came of a run. `lost_workers` counts how often a task was taken from a worker that was
    silent for too long; `kept` are the places of what is left to look at.
    """

    store: str
    seed: int
    seconds: float
    faults: Mapping[str, int]
    acknowledged: Mapping[str, int]
    tasks: Mapping[str, int]
    lost_workers: int
    events: int
    failed_calls: int
    violations: tuple[Violation, ...]
    kept: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, and nothing was there twice."""
        return not self.violations


async def run(
    address: str,
    *,
    seconds: float = 60.0,
    seed: int = 0,
    faults: Collection[InjectedFault] = FAULTS,
    times: int | None = None,
    workers: int = 3,
    callers: int = 12,
    server: str = SERVER,
    tell: Callable[[str], None] = lambda text: None,
) -> RunReport:
    """Let things go wrong for some seconds, or so many `times`, with servers on a place beside the
    store at an address; then see whether what was acknowledged is there.

    The store itself is not touched: see `place_beside`. The same seed makes the same plan; when its
    parts meet is up to the machine. On PostgreSQL there are two servers. Cancelled, it ends all of
    its processes and leaves nothing behind.

    Raises:
        ModuleException: it could not be begun; the message says why.
    """
    began = time.monotonic()
    chance = random.Random(seed)
    _clear_abandoned(tell)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    done: Counter[str] = Counter()
    async with contextlib.AsyncExitStack() as stack:
        remains = _Remains(folder, Mark(folder / _MARK))
        stack.callback(remains.clear)
        place = await stack.enter_async_context(place_beside(address, tell))
        async with set_stage(
            place,
            folder,
            servers=2 if find_engine(address).shares_servers else 1,
            workers=workers,
            seed=seed,
            server=server,
            tell=tell,
        ) as stage:
            stage.tell(f"servers: {len(stage.servers)}, workers: {workers}, callers: {callers}")
            possible = sorted(
                (each for each in faults if is_possible(each, stage)), key=lambda each: each.value
            )
            failures = await _under_load(
                stage,
                callers,
                seed,
                _trouble(stage, possible, chance, done, seconds=seconds, times=times),
            )
        histories = list(read_histories(folder / "histories"))
        stored = await _read_stored(place, stage, {each.entry.task_id for each in histories})
        found = violations(histories, stored, max_attempts=stage.settings.max_attempts)
        report = RunReport(
            store=without_password(address),
            seed=seed,
            seconds=time.monotonic() - began,
            faults=dict(done),
            acknowledged=dict(Counter(_WORDS[type(each.entry)] for each in histories)),
            tasks=dict(Counter(task.status for task in stored.values())),
            lost_workers=sum(task.losses for task in stored.values()),
            events=sum(len(task.events) for task in stored.values()),
            failed_calls=len(failures),
            violations=tuple(found),
        )
        if found:
            place.kept = remains.kept = True
            report = attrs.evolve(report, kept=(place.shown, str(folder)))
    return report


@attrs.define
class _Remains:
    """The folder with histories and logs, which is gone at the end unless it is to be kept."""

    folder: Path
    mark: Mark
    kept: bool = False

    def clear(self) -> None:
        self.mark.clear()
        if not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)


def _clear_abandoned(tell: Callable[[str], None]) -> None:
    """Remove the folders of this user's runs that were killed."""
    for mark in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_MARK}"):
        if is_abandoned(mark):
            shutil.rmtree(mark.parent, ignore_errors=True)
            tell(f"removed {mark.parent}, which a run that was killed had left")


async def _trouble(
    stage: Stage,
    possible: list[InjectedFault],
    chance: random.Random,
    done: Counter[str],
    *,
    seconds: float,
    times: int | None,
) -> None:
    """One thing goes wrong after the other, now and then two at once."""
    if not possible:
        await asyncio.sleep(seconds)
        return
    end = time.monotonic() + seconds
    while (time.monotonic() < end) if times is None else (done.total() < times):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        chosen = {chance.choice(possible) for _ in range(chance.choice([1, 1, 1, 2]))}
        done.update(each.value for each in chosen)
        await asyncio.gather(
            *(
                cause(each, stage, random.Random(chance.random()))
                for each in sorted(chosen, key=lambda each: each.value)
            )
        )


async def _under_load(
    stage: Stage, callers: int, seed: int, trouble: Coroutine[Any, Any, None]
) -> list[str]:
    """Callers at work while there is trouble, and then until all is quiet; what failed for them."""
    over = threading.Event()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(over.set)
        doors = [
            await stack.enter_async_context(Tasks(stage.configuration(network)))
            for network in stage.to_callers
        ]
        folder = stage.folder / "histories"
        crowd: list[AsyncCaller | SyncCaller] = []
        working: list[asyncio.Future[None]] = []
        for number in range(callers):
            kind = AsyncCaller if number % 3 else SyncCaller
            caller = kind(f"caller-{number + 1}", doors[number % len(doors)], folder, seed)
            crowd.append(caller)
            if isinstance(caller, AsyncCaller):
                working.append(asyncio.create_task(caller.run(over.is_set)))
            else:
                working.append(_on_thread(partial(caller.run, over.is_set)))
        try:
            await trouble
            stage.tell("nothing goes wrong any more; waiting for everything to end")
            over.set()
            await asyncio.wait(working, timeout=QUIET)
            await quiet(doors[0])
        finally:
            for each in working:
                each.cancel()
            await asyncio.wait(working)
        for each in working:
            if not each.cancelled():
                each.result()
        return [failure for caller in crowd for failure in caller.failures]


def _on_thread(function: Callable[[], None]) -> asyncio.Future[None]:
    """Run it on a thread, which is left to itself when nobody waits for it any more."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def tell(error: BaseException | None) -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def work() -> None:
        error: BaseException | None = None
        try:
            function()
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, error)

    threading.Thread(target=work, name="caller", daemon=True).start()
    return ended


async def _read_stored(
    place: Place, stage: Stage, task_ids: Collection[str]
) -> dict[str, StoredTask]:
    store = store_at(place.address, stage.settings)
    await store.open()
    try:
        return await read_stored_tasks(store, ORGANIZATION, task_ids)
    finally:
        await store.close()
