"""The processes that take part in a measurement, and rounds in which they take turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import psutil

HERE = Path(__file__).resolve().parent


class MeasurementError(Exception):
    """A measurement can't be made; the text says why."""


@attrs.frozen
class Process:
    """A started process that answers a line for each line it is sent, until its input ends."""

    popen: subprocess.Popen[str]

    def read_line(self) -> str:
        """Read the next line of its output."""
        assert self.popen.stdout
        line = self.popen.stdout.readline()
        if not line:
            raise MeasurementError(
                f"{self.popen.args!r} ended with exit status {self.popen.wait()}"
            )
        return line.strip()

    def run(self, name: str, count: int) -> float:
        """Return the seconds that `count` times `name` took."""
        return float(self._seconds(name, count))

    def run_each(self, name: str, count: int) -> list[float]:
        """Return the seconds of each of `count` times `name`, if `name` measures that."""
        return [float(each) for each in self._seconds(name, count)]

    def cost(self, name: str, count: int) -> float:
        """Return the microseconds of CPU that this process takes for each of `count` of `name`."""
        before = cpu_seconds(self.popen.pid)
        self.run(name, count)
        return 1e6 * (cpu_seconds(self.popen.pid) - before) / count

    def _seconds(self, name: str, count: int) -> Any:
        assert self.popen.stdin
        self.popen.stdin.write(json.dumps({"run": name, "count": count}) + "\n")
        self.popen.stdin.flush()
        return json.loads(self.read_line())["seconds"]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all threads of a process so far, those that have ended included."""
    if sys.platform != "linux":
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    # What clock_getcpuclockid() would return: psutil's figures come in steps of 10 ms.
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def process(
    *arguments: str | Path,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> Generator[Process]:
    """Run `python arguments…`, and end it by closing its input."""
    popen = subprocess.Popen(
        [python, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield Process(popen)
    finally:
        assert popen.stdin
        assert popen.stdout
        popen.stdin.close()
        try:
            popen.wait(timeout=10)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        popen.stdout.close()


@contextmanager
def server() -> Generator[str]:
    """Run the local server; yield its address."""
    with process(HERE / "server.py") as running:
        yield f"http://127.0.0.1:{running.read_line()}"


@contextmanager
def subject(
    name: str, address: str, python: str = sys.executable, **environment: str
) -> Generator[Process]:
    """Run one of `subjects/`, against `address`."""
    with process(
        HERE / "subjects" / f"{name}.py",
        address,
        python=python,
        environment=os.environ | environment,
    ) as running:
        yield running


@attrs.frozen
class Pair:
    """What two contestants measured, round by round."""

    ours: list[float]
    theirs: list[float]

    @property
    def medians(self) -> tuple[float, float]:
        """Each one's median."""
        return statistics.median(self.ours), statistics.median(self.theirs)

    @property
    def ratio(self) -> float:
        """Ours / theirs: the median of the rounds' ratios: a slow moment hits both of a round."""
        return statistics.median(o / t for o, t in zip(self.ours, self.theirs, strict=True))


def interleaved(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> Pair:
    """Measures both in turns, after one round that does not count; who is first changes."""
    ours()
    theirs()
    pair = Pair([], [])
    for number in range(rounds):
        if number % 2:
            pair.theirs.append(theirs())
            pair.ours.append(ours())
        else:
            pair.ours.append(ours())
            pair.theirs.append(theirs())
    return pair
