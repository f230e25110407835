"""Servers and official workers are killed, with the official client attached: nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import xpander_sdk

from tests.interop.processes import AGENT, Program, program, variables
from xpander_client import Tasks
from xpander_client.chaos.history import Created, History, read_histories
from xpander_client.chaos.invariants import read_stored_tasks, violations
from xpander_client.chaos.load import AsyncCaller, quiet
from xpander_client.chaos.places import place_beside
from xpander_client.chaos.stage import ORGANIZATION, Stage, set_stage
from xpander_client.platform.stores.addresses import store_at

pytestmark = pytest.mark.timeout(300)

WORKER = """
import asyncio
import sys
from pathlib import Path

from xpander_sdk import on_task
from xpander_sdk.modules.tasks.sub_modules.task import Task

from xpander_client.chaos.history import Begun, History

history = History(Path({path!r}))

@on_task
async def handler(task: Task) -> Task:
    history.note(Begun(task.id, task.execution_attempts))
    await asyncio.sleep(0.3)
    task.result = f"attempt {{task.execution_attempts}}"
    return task
"""


@contextlib.contextmanager
def official_worker(stage: Stage, folder: Path, name: str) -> Iterator[Program]:
    configuration = attrs.evolve(stage.configuration(stage.to_workers[0]), agent_id=AGENT)
    code = WORKER.format(path=str(stage.folder / "histories" / name))
    with program(folder / f"{name}.py", code, configuration) as worker:
        worker.wait_for("Worker registered")
        yield worker


def create_with_the_official_client(
    configuration: xpander_sdk.Configuration, folder: Path, over: threading.Event
) -> None:
    """Creates that are answered are noted; a create that fails may have made a task, or none."""
    tasks = xpander_sdk.Tasks(configuration=configuration)
    number = 0
    with contextlib.closing(History(folder / "official-caller")) as history:
        while not over.is_set():
            number += 1
            mark = f"official-{number}"
            with contextlib.suppress(Exception):
                task = tasks.create(agent_id=AGENT, prompt=mark, events_streaming=True)
                history.note(Created(task.id, mark))
            over.wait(0.2)


async def test_nothing_is_lost_with_the_official_client_and_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    over = threading.Event()
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(place_beside(f"sqlite:{tmp_path / 'store.db'}"))
        async with (
            set_stage(place, folder, servers=1, workers=0, seed=1, tell=print) as stage,
            contextlib.AsyncExitStack() as workers,
        ):
            ours = attrs.evolve(stage.configuration(stage.to_callers[0]), agent_id=AGENT)
            for name, value in variables(ours).items():
                monkeypatch.setenv(name, value)
            theirs = xpander_sdk.Configuration(
                api_key=ours.api_key,
                base_url=ours.base_url,
                organization_id=ours.organization_id,
                agent_id=AGENT,
            )

            async def hire(name: str) -> Program:
                # On a thread: its way to the platform leads through this event loop.
                worker = official_worker(stage, tmp_path, name)
                return await asyncio.to_thread(workers.enter_context, worker)

            await hire("official-worker-1")
            second = await hire("official-worker-2")
            async with Tasks(ours) as tasks:
                callers = [
                    AsyncCaller(f"caller-{n}", tasks, folder / "histories", 1) for n in range(4)
                ]
                working = [asyncio.create_task(caller.run(over.is_set)) for caller in callers]
                official = asyncio.create_task(
                    asyncio.to_thread(
                        create_with_the_official_client, theirs, folder / "histories", over
                    )
                )
                await asyncio.sleep(2)
                # It ends for good at the fifth time that it is cut off in its life.
                for _ in range(2):
                    await stage.kill_server(0, outage=0.5)
                    await asyncio.sleep(3)
                second.process.kill()
                await asyncio.sleep(2)
                over.set()
                await asyncio.wait_for(asyncio.gather(*working, official), 120)
                await quiet(tasks)
        histories = list(read_histories(folder / "histories"))
        store = store_at(place.address)
        await store.open()
        try:
            wanted = {each.entry.task_id for each in histories}
            stored = await read_stored_tasks(store, ORGANIZATION, wanted)
        finally:
            await store.close()
        # The official client sends no idempotency key, and a create anew whose answer was lost.
        broken = [
            each
            for each in violations(histories, stored, max_attempts=3)
            if not (each.effect == "twice" and stored[each.task_id].mark.startswith("official-"))
        ]
        assert not broken, broken
    made = [each for each in histories if isinstance(each.entry, Created)]
    assert len([each for each in made if each.client == "official-caller"]) >= 5
    assert len(made) >= 20
