"""Workers that can't be lost, and work that isn't: real processes, killed."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.worker.conftest import AGENT
from tests.worker.processes import HEADER, environment_of, program
from xpander_client import Configuration, RetryPolicy, Task, Tasks, TaskUpdateEventType

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KEY = "the-key-of-the-fault-tests"

PLATFORM = """
import sys
from xpander_client.platform.process.serve import run
from xpander_client.platform.foundation.settings import Settings

run(
    port=int(sys.argv[1]),
    store=sys.argv[2],
    keys={sys.argv[3]: "local"},
    settings=Settings(lease=10.0, offer_window=3.0, sweep_interval=0.2, poll_interval=0.2),
    announce=lambda address: print("serving", flush=True),
)
"""

WORKER = f"""{HEADER}
import asyncio

@on_task
async def handler(task: Task) -> Task:
    print(f"begun {{task.id}} {{task.execution_attempts}}\\n", end="", flush=True)
    await asyncio.sleep(float(task.input.text))
    task.result = f"attempt {{task.execution_attempts}}"
    return task
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def all_finished(tasks: Tasks, created: Sequence[Task]) -> None:
    """Each is completed, once, by the attempt that had it last."""
    for task in created:
        await task.await_finished(timeout=120)
        assert (task.status, task.result) == (
            "completed",
            f"attempt {task.execution_attempts}",
        )
        kinds = Counter([event.type async for event in task.aevents()])
        assert kinds[TaskUpdateEventType.TaskFinished] == 1


async def test_a_platform_killed_six_times_loses_none_of_200_tasks(tmp_path: Path) -> None:
    port = free_port()
    # Patient enough for whoever creates and follows tasks meanwhile.
    configuration = Configuration(
        api_key=KEY,
        base_url=f"http://127.0.0.1:{port}",
        organization_id="local",
        agent_id=AGENT,
        retry=RetryPolicy(attempts=30, maximum=1.0),
    )
    path = tmp_path / "serve.py"
    arguments = (str(path), str(port), str(tmp_path / "platform.db"), KEY)
    environment = environment_of(configuration)
    created: list[Task] = []
    async with Tasks(configuration) as tasks:
        with program(tmp_path / "worker.py", WORKER, environment) as worker:
            for kill in range(6):
                with program(path, PLATFORM, environment, *arguments) as platform:
                    platform.wait_for("serving")
                    if kill == 0:
                        created = await asyncio.gather(
                            *(
                                tasks.acreate(agent_id=AGENT, prompt="0.4", events_streaming=True)
                                for _ in range(200)
                            )
                        )
                    # It works again after each kill, and is in the middle of it at the next.
                    begun = worker.output.count("begun")
                    worker.wait_for("begun", times=begun + 6, timeout=60)
                    assert platform.stop(signal.SIGKILL) == -signal.SIGKILL
                await asyncio.sleep(4)  # the outage
            assert worker.process.poll() is None
            with program(path, PLATFORM, environment, *arguments) as platform:
                platform.wait_for("serving")
                await all_finished(tasks, created)
                assert worker.stop() == 0
                assert platform.stop() == 0
    assert "Traceback" not in worker.output


async def test_sigterm_under_load_loses_nothing(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration)
    async with Tasks(configuration) as tasks:
        created = await asyncio.gather(
            *(tasks.acreate(agent_id=AGENT, prompt="0.2", events_streaming=True) for _ in range(60))
        )
        with program(tmp_path / "first.py", WORKER, environment) as first:
            first.wait_for("begun", times=15)
            assert first.stop() == 0
        with program(tmp_path / "second.py", WORKER, environment) as second:
            await all_finished(tasks, created)
            assert second.stop() == 0
        # What the first one had begun it ended: nothing ran twice.
        began = Counter(
            line.split()[1] for line in (*first.lines, *second.lines) if line.startswith("begun")
        )
        assert set(began.values()) == {1}
        assert len(began) == 60


async def test_what_still_runs_after_the_grace_period_is_handed_back(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration)
    code = WORKER.replace("@on_task\n", "") + (
        "\nfrom xpander_client.worker import run\nrun(handler, grace=0.2)\n"
    )
    async with Tasks(configuration) as tasks:
        created = [
            await tasks.acreate(agent_id=AGENT, prompt="2", events_streaming=True) for _ in range(6)
        ]
        with program(tmp_path / "first.py", code, environment) as first:
            first.wait_for("begun", times=6)
            began = time.monotonic()
            assert first.stop() == 0
            assert time.monotonic() - began < 10
        with program(tmp_path / "second.py", WORKER, environment) as second:
            await all_finished(tasks, created)
            assert {task.execution_attempts for task in created} == {2}
            assert second.stop() == 0
