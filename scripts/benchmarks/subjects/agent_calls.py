"""What is measured of agent-defined tasks, whoever's they are; the decorator is the same."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from measured import serve

ADD = "task_success(inputs.x + 1)"

Made = Callable[..., Any]
"""Makes an agent whose model always answers with this code: `(code, storage=None)`."""


_folders: list[str] = []


def new_folder() -> str:
    """Make a folder to keep state in."""
    _folders.append(tempfile.mkdtemp(prefix="agents-"))
    return _folders[-1]


def _remove() -> None:
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)


class Measurements:
    """The runs; `count` and `keep` are code that counts up, and that keeps `inputs.x`."""

    def __init__(self, agent: Made, count: str, keep: str) -> None:
        self._agent = agent
        self._count = count
        self._keep = keep

    def serve(self) -> None:
        """Answer the driver; what was kept goes in the end."""
        atexit.register(_remove)
        runs: dict[str, Callable[[int], object]] = {
            "call": self.call,
            "bytes": self.bytes_on_disk,
        }
        for storage in ("memory", "disk"):
            runs[f"session_{storage}"] = partial(self.session, storage)
            runs[f"counter_{storage}"] = partial(self.counter, storage)
            runs[f"own_{storage}"] = partial(self.own, storage)
        serve(runs, {"acalls": self.acalls})

    def call(self, count: int) -> list[float]:
        """Seconds of each of some one-turn calls without state."""
        one = self._agent(ADD)

        @one.task  # type: ignore[untyped-decorator]
        def add(x: int) -> int:  # type: ignore[empty-body]
            """Add one."""

        return [_seconds(lambda: add(x=1)) for _ in range(count)]

    async def acalls(self, count: int) -> None:
        """Make some one-turn calls at once."""
        one = self._agent(ADD)

        @one.task  # type: ignore[untyped-decorator]
        async def add(x: int) -> int:  # type: ignore[empty-body]
            """Add one."""

        await asyncio.gather(*(add(x=number) for number in range(count)))

    def session(self, storage: str, count: int) -> list[float]:
        """Seconds of each of some calls of one session."""
        step = self._step(storage)
        return [_seconds(lambda: step(session="one")) for _ in range(count)]

    def bytes_on_disk(self, count: int) -> list[float]:
        """Count the bytes on disk after some calls of one session."""
        self.session("disk", count)
        folder = Path(_folders[-1])
        return [float(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))]

    def counter(self, storage: str, calls: int) -> list[float]:
        """How many of 8 workers' calls came back, and what the counter is in the end."""
        step = self._step(storage)
        fine = _in_threads(8, calls // 8, lambda: step(session="one"))
        return [float(fine), float(step(session="one") - 1)]

    def own(self, storage: str, rounds: int) -> list[float]:
        """How often two calls of one session, at the same time, each got their own back."""
        one = self._agent(self._keep, storage)

        @one.task  # type: ignore[untyped-decorator]
        def keep(x: int) -> int:  # type: ignore[empty-body]
            """Keep it."""

        return [float(sum(_apart(keep, f"s-{number}") for number in range(rounds)))]

    def _step(self, storage: str) -> Any:
        one = self._agent(self._count, storage)

        @one.task  # type: ignore[untyped-decorator]
        def step() -> int:  # type: ignore[empty-body]
            """Count."""

        return step


def _seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _in_threads(workers: int, calls: int, function: Callable[[], object]) -> int:
    """How many calls came back."""
    fine: list[object] = []

    def work() -> None:
        for _ in range(calls):
            try:
                function()
            except Exception:
                continue
            fine.append(1)

    _run([threading.Thread(target=work) for _ in range(workers)])
    return len(fine)


def _apart(keep: Any, session: str) -> bool:
    """Whether two calls at once got their own values back."""
    got: dict[int, Any] = {}
    together = threading.Barrier(2)

    def call(x: int) -> None:
        together.wait()
        try:
            got[x] = keep(x=x, session=session)
        except Exception as error:
            got[x] = error

    _run([threading.Thread(target=call, args=(x,)) for x in (1, 2)])
    return got == {1: 1, 2: 2}


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
