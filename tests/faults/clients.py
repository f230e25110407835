"""Clients of a store that write down what it acknowledges."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from xpander_client.chaos.history import (
    Begun,
    Created,
    Ended,
    Entry,
    History,
    Pushed,
    Stopped,
)
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules.records import IdempotencyKey, TaskFilter, TaskRecord
from xpander_client.platform.stores.base.store import Store

T = TypeVar("T")

ORGANIZATION = "o"
AGENT = "a"


def chunk(task_id: str, data: str) -> dict[str, Any]:
    return {
        "type": "chunk",
        "task_id": task_id,
        "organization_id": ORGANIZATION,
        "time": timestamp(0.0),
        "data": data,
    }


class StoreClient:
    """Creates tasks, works on them, pushes events and stops some, one thing after the other.

    What is refused with 503 is not acknowledged, whatever became of it. A client that is `stubborn`
    asks again then, until it is answered; others end.
    """

    def __init__(
        self, store: Store, folder: Path, name: str, seed: object, *, stubborn: bool = False
    ) -> None:
        self.acknowledged = 0
        self._store = store
        self._name = name
        self._history = History(folder / name)
        self._random = random.Random(f"{seed} {name}")
        self._stubborn = stubborn
        self._made = 0

    async def work(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Until the store refuses with 503, or it need not go on."""
        with contextlib.closing(self._history):
            while goes_on():
                try:
                    await self._one()
                except HttpError as refusal:
                    if refusal.status == 503:
                        return
                    # What a client had begun may be another's by now, or stopped.
                    if refusal.status != 409:
                        raise

    async def finish(self) -> None:
        """Work on what waits, until nothing is unfinished."""
        with contextlib.closing(self._history):
            while await self._unfinished():
                claimed = await self._store.claim(ORGANIZATION, AGENT, [self._name])
                for record in claimed:
                    with contextlib.suppress(HttpError):
                        await self._run(record)
                if not claimed:
                    await asyncio.sleep(0.05)

    async def _unfinished(self) -> bool:
        for status in ("pending", "executing"):
            wanted = TaskFilter(agent_id=AGENT, status=status)
            page = await self._store.list_tasks(ORGANIZATION, wanted, cursor=None, limit=1)
            if page.records:
                return True
        return False

    async def _one(self) -> None:
        self._made += 1
        task_id = mark = f"{self._name}-{self._made}"
        body = {"input": {"text": mark}}
        key = IdempotencyKey(mark, b"put")
        put = await self._ask(
            lambda: self._store.put(ORGANIZATION, AGENT, body, task_id=task_id, key=key)
        )
        self._note(Created(put.record.id, mark))
        await self._push(task_id, None)
        if self._random.random() < 0.1:
            stopped = await self._ask(lambda: self._store.stop(ORGANIZATION, task_id))
            self._note(Stopped(task_id, stopped.status))
        for record in await self._ask(lambda: self._store.claim(ORGANIZATION, AGENT, [self._name])):
            await self._run(record)

    async def _run(self, record: TaskRecord) -> None:
        task_id, attempt = record.id, record.attempt
        await self._patch(task_id, attempt, {"status": "executing"})
        self._note(Begun(task_id, attempt))
        for _ in range(self._random.randrange(4)):
            await self._push(task_id, attempt)
        result = f"{task_id} attempt {attempt}"
        await self._patch(task_id, attempt, {"status": "completed", "result": result})
        self._note(Ended(task_id, attempt, "completed", result))

    async def _patch(self, task_id: str, attempt: int, changes: Mapping[str, Any]) -> None:
        await self._ask(lambda: self._store.patch(ORGANIZATION, task_id, changes, attempt=attempt))

    async def _push(self, task_id: str, attempt: int | None) -> None:
        marks = [f"{task_id} {self._random.random()}" for _ in range(self._random.randrange(1, 4))]
        events = [chunk(task_id, mark) for mark in marks]
        key = IdempotencyKey(marks[0], b"push")
        appended = await self._ask(
            lambda: self._store.append(ORGANIZATION, task_id, events, attempt=attempt, key=key)
        )
        # The number that a repeat is told is that of the last event by now.
        last_seq = None if appended.repeated else appended.last_seq
        self._note(Pushed(task_id, marks, last_seq))

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await call()
            except HttpError as refusal:
                if refusal.status != 503 or not self._stubborn:
                    raise
                await asyncio.sleep(0.05)

    def _note(self, entry: Entry) -> None:
        self._history.note(entry)
        self.acknowledged += 1


@contextlib.asynccontextmanager
async def sweeping(store: Store) -> AsyncIterator[None]:
    """Tasks are taken from those who lost them, as a server does it."""

    async def sweep() -> None:
        while True:
            with contextlib.suppress(HttpError):
                await store.sweep()
            await asyncio.sleep(0.1)

    sweeper = asyncio.create_task(sweep())
    try:
        yield
    finally:
        sweeper.cancel()
        await asyncio.wait({sweeper})


async def finish_all(store: Store, folder: Path) -> None:
    """Work on everything that still waits, until nothing does."""
    client = StoreClient(store, folder, "finisher", 0)
    async with sweeping(store):
        await client.finish()


async def until(holds: Callable[[], bool], what: str, patience: float = 60.0) -> None:
    """Wait for something that has to come true; how soon is not what is tested."""
    deadline = time.monotonic() + patience
    for _ in iter(holds, True):
        assert time.monotonic() < deadline, f"still not so: {what}"
        await asyncio.sleep(0.02)
