"""Processes of the chaos are ended with whoever started them, whatever state they are in."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.faults.clients import until
from xpander_client.chaos.processes import Process
from xpander_client.chaos.server import environment
from xpander_client.chaos.stage import SERVER
from xpander_client.errors import ModuleException

STARTER = """
import asyncio, sys
from pathlib import Path
from xpander_client.chaos.processes import Process
from xpander_client.chaos.server import environment
from xpander_client.chaos.stage import SERVER

async def main():
    told = environment(sys.argv[1], "k", "o")
    process = await Process.start(SERVER, log=Path(sys.argv[2]), environment=told)
    print(process.pid, flush=True)
    await process.freeze(1.0)

asyncio.run(main())
"""


async def test_a_process_that_is_stopped_goes_on_in_time(tmp_path: Path) -> None:
    told = environment(f"sqlite:{tmp_path / 's.db'}", "k", "o")
    process = await Process.start(SERVER, log=tmp_path / "log", environment=told)
    watched = psutil.Process(process.pid)
    freezing = asyncio.create_task(process.freeze(2.0))
    await until(lambda: watched.status() == psutil.STATUS_STOPPED, "it is stopped")
    await freezing
    assert watched.status() != psutil.STATUS_STOPPED
    assert await process.end() == 0


def test_it_ends_with_whoever_started_it_also_while_it_is_stopped(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, f"sqlite:{tmp_path / 's.db'}", str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    started = psutil.Process(int(starter.stdout.readline()))
    deadline = time.monotonic() + 20
    while started.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
        time.sleep(0.01)
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    gone, _ = psutil.wait_procs([started], timeout=30)
    assert gone == [started]


async def test_one_that_can_not_begin_says_why(tmp_path: Path) -> None:
    (tmp_path / "s.db").mkdir()
    told = environment(f"sqlite:{tmp_path / 's.db'}", "k", "o")
    with pytest.raises(ModuleException, match=r"s\.db is a folder"):
        await Process.start(SERVER, log=tmp_path / "log", environment=told)
