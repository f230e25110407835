"""Who reads by number while others write misses nothing, at whichever server."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import pytest

from tests.faults.clients import AGENT, ORGANIZATION, chunk
from tests.faults.engines import Engine, rounds
from tests.faults.tally import Tally
from tests.platform.wire import OpenStore
from xpander_client.chaos.history import Created, History, Pushed, SawEnd, Seen, read_histories
from xpander_client.chaos.invariants import fingerprint, read_stored_tasks, violations
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.hints import task_topic
from xpander_client.platform.stores.base.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TASKS = 6
WRITERS = 24
READERS = 4
SETTINGS = Settings()


async def write(store: Store, history: History, name: str, pushes: int) -> None:
    chance = random.Random(name)
    for n in range(pushes):
        task_id = f"t{chance.randrange(TASKS)}"
        marks = [f"{name} {n} {k}" for k in range(chance.randrange(1, 5))]
        events = [chunk(task_id, mark) for mark in marks]
        appended = await store.append(ORGANIZATION, task_id, events, attempt=None)
        history.note(Pushed(task_id, marks, appended.last_seq))


async def tail(store: Store, history: History, task_id: str) -> int:
    """Read a task's events as they come, to the end; how many there were."""
    last = 0
    with store.watch(task_topic(task_id)) as watch:
        while True:
            events = await store.read(task_id, last, 7)
            for event in events:
                assert event.seq == last + 1, f"{event.seq} after {last}"
                last = event.seq
                history.note(Seen(task_id, fingerprint(event.body)))
                if event.type == "task_finished":
                    history.note(SawEnd(task_id))
                    return last
            if not events:
                await watch.wait(1.0)


async def test_no_number_is_skipped_by_those_who_read_while_others_write(
    engine: Engine, tmp_path: Path, tally: Tally
) -> None:
    histories = tmp_path / "histories"
    histories.mkdir()
    with tally.of("9 tailers racing with writers", engine.name) as count:
        async with contextlib.AsyncExitStack() as stack:
            # Two servers where the engine lets them be.
            places = [store_at(engine.address, SETTINGS)]
            if engine.name == "PostgreSQL":
                places.append(store_at(engine.address, SETTINGS))
            stores = [await stack.enter_async_context(OpenStore(place)) for place in places]

            def history(name: str) -> History:
                return stack.enter_context(History(histories / name))

            maker = history("maker")
            for n in range(TASKS):
                body = {"input": {"text": f"t{n}"}}
                await stores[0].put(ORGANIZATION, AGENT, body, task_id=f"t{n}")
                maker.note(Created(f"t{n}", f"t{n}"))
            tails = [
                asyncio.create_task(
                    tail(stores[reader % len(stores)], history(f"reader-{n}-{reader}"), f"t{n}")
                )
                for n in range(TASKS)
                for reader in range(READERS)
            ]
            writes = (
                write(stores[n % len(stores)], history(f"writer-{n}"), f"w{n}", rounds(40))
                for n in range(WRITERS)
            )
            await asyncio.gather(*writes)
            for n in range(TASKS):
                await stores[-1].stop(ORGANIZATION, f"t{n}")
            seen = await asyncio.gather(*tails)
            stored = await read_stored_tasks(stores[0], ORGANIZATION, ())
        broken = violations(read_histories(histories), stored, max_attempts=SETTINGS.max_attempts)
        count.round(sum(seen), broken)
        assert not broken
        assert sum(seen) == READERS * sum(len(task.events) for task in stored.values())
        assert sum(seen) > READERS * WRITERS * rounds(40)
