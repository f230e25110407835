"""Callers that create, follow and stop tasks, and write down what they were told."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from xpander_client.api import AgentExecutionStatus, Task, Tasks
from xpander_client.chaos.history import Created, History, Pushed, SawEnd, Seen, Stopped
from xpander_client.chaos.invariants import fingerprint
from xpander_client.chaos.worker import chunk
from xpander_client.errors import ModuleException

QUIET = 60.0
"""How long everything may take to come to its end when nothing goes wrong any more, in seconds."""


class _Caller:
    """What both kinds of callers know.

    A caller has one task at a time: it creates it, sometimes adds events to it or stops it, and
    follows it to its end, leaving now and then to come back where it was; or it has it run with one
    call. Calls that fail are not acknowledged, whatever became of them.
    """

    def __init__(self, name: str, tasks: Tasks, folder: Path, seed: int) -> None:
        self._name = name
        self._tasks = tasks
        self._agent_id = tasks.configuration.required("agent_id")
        self._history = History(folder / name)
        self._random = random.Random(f"{seed} {name}")
        self._made = 0
        self.failures: list[str] = []

    def _mark(self) -> str:
        self._made += 1
        return f"{self._name}-{self._made}"

    def _marks(self, task: Task) -> list[str]:
        """Return the marks of events that are to be pushed; mostly there are none."""
        many = self._random.randrange(1, 4) if self._random.random() < 0.3 else 0
        return [f"{task.id} {self._name} {n}" for n in range(many)]

    def _stays(self) -> int:
        """How many events it sees before it leaves, to come back."""
        return self._random.choice([1, 2, 5, 1_000])

    def _stop_after(self) -> float | None:
        return self._random.uniform(0.0, 0.5) if self._random.random() < 0.1 else None

    def _runs(self) -> bool:
        """Whether the next task is run with one call."""
        return self._random.random() < 0.15

    def _count_failure(self, error: ModuleException) -> None:
        self.failures.append(f"{self._name}: {error}")


class AsyncCaller(_Caller):
    """A caller in async code."""

    async def run(self, is_over: Callable[[], bool]) -> None:
        """Until it is over."""
        with contextlib.closing(self._history):
            while not is_over():
                try:
                    await self._one()
                except ModuleException as error:
                    self._count_failure(error)

    async def _one(self) -> None:
        mark = self._mark()
        if self._runs():
            ended = await self._tasks.arun(agent_id=self._agent_id, prompt=mark)
            self._history.note(Created(ended.id, mark))
            return
        task = await self._tasks.acreate(
            agent_id=self._agent_id, prompt=mark, events_streaming=True
        )
        self._history.note(Created(task.id, mark))
        stopping = None
        if (after := self._stop_after()) is not None:
            stopping = asyncio.create_task(self._stop(task, after))
        try:
            # What is pushed to a task that has ended is refused: no fault.
            with contextlib.suppress(ModuleException):
                if marks := self._marks(task):
                    await task.apush_events([chunk(task, mark) for mark in marks])
                    self._history.note(Pushed(task.id, marks))
            await self._follow(task)
        finally:
            if stopping is not None:
                await asyncio.wait({stopping})

    async def _stop(self, task: Task, after: float) -> None:
        await asyncio.sleep(after)
        with contextlib.suppress(ModuleException):
            stopped = await self._tasks.astop(task.id)
            self._history.note(Stopped(task.id, str(stopped.status)))

    async def _follow(self, task: Task) -> None:
        seen = 0
        while True:
            stays = self._stays()
            async with contextlib.aclosing(
                task.aevents(last_event_id=str(seen) if seen else None)
            ) as events:
                async for event in events:
                    if event.type == "connected":
                        continue
                    seen += 1
                    self._history.note(Seen(task.id, fingerprint(event)))
                    stays -= 1
                    if event.type == "task_finished":
                        self._history.note(SawEnd(task.id))
                        return
                    if not stays:
                        break


class SyncCaller(_Caller):
    """A caller in sync code, on a thread of its own."""

    def run(self, is_over: Callable[[], bool]) -> None:
        """Until it is over."""
        with contextlib.closing(self._history):
            while not is_over():
                try:
                    self._one()
                except ModuleException as error:
                    self._count_failure(error)

    def _one(self) -> None:
        mark = self._mark()
        if self._runs():
            ended = self._tasks.run(agent_id=self._agent_id, prompt=mark)
            self._history.note(Created(ended.id, mark))
            return
        task = self._tasks.create(agent_id=self._agent_id, prompt=mark, events_streaming=True)
        self._history.note(Created(task.id, mark))
        stopping = None
        if (after := self._stop_after()) is not None:
            stopping = threading.Thread(target=self._stop, args=(task, after))
            stopping.start()
        try:
            # What is pushed to a task that has ended is refused: no fault.
            with contextlib.suppress(ModuleException):
                if marks := self._marks(task):
                    task.push_events([chunk(task, mark) for mark in marks])
                    self._history.note(Pushed(task.id, marks))
            self._follow(task)
        finally:
            if stopping is not None:
                stopping.join()

    def _stop(self, task: Task, after: float) -> None:
        time.sleep(after)
        with contextlib.suppress(ModuleException):
            stopped = self._tasks.stop(task.id)
            self._history.note(Stopped(task.id, str(stopped.status)))

    def _follow(self, task: Task) -> None:
        seen = 0
        while True:
            stays = self._stays()
            with contextlib.closing(
                task.events(last_event_id=str(seen) if seen else None)
            ) as events:
                for event in events:
                    if event.type == "connected":
                        continue
                    seen += 1
                    self._history.note(Seen(task.id, fingerprint(event)))
                    stays -= 1
                    if event.type == "task_finished":
                        self._history.note(SawEnd(task.id))
                        return
                    if not stays:
                        break


async def quiet(tasks: Tasks) -> None:
    """Wait until nothing of the agent is unfinished, but not for ever."""
    agent_id = tasks.configuration.required("agent_id")
    end = time.monotonic() + QUIET
    pending, executing = AgentExecutionStatus.Pending, AgentExecutionStatus.Executing
    # What executes may go back to waiting, but not the other way round unseen.
    for status in (pending, executing, pending):
        while await tasks.alist(agent_id=agent_id, status=status):
            if time.monotonic() > end:
                return
            await asyncio.sleep(0.2)
