"""Background tasks whose process, or whose platform, is another one, and may die."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.worker.processes import Program, environment_of, program
from xpander_client import AgentExecutionStatus, Configuration, Task, Tasks
from xpander_client.errors import NotFoundError
from xpander_client.platform import LocalPlatform, Settings

pytestmark = pytest.mark.slow

HASTY = Settings(lease=5.0, offer_window=5.0, sweep_interval=0.05)

PLUGIN = """
import asyncio, os, sys
from xpander_client import Configuration
from xpander_client.background import Plugin, TaskCtl, task

plugin = Plugin("Reports", "reports", "", "1.0.0", "Shop", "", configuration=Configuration())

@plugin.mount_async_task("report", restart="restart" in sys.argv)
async def report(handle, prompt):
    print("begun", flush=True)
    yield TaskCtl.report_progress("waiting", 50)
    approval = await handle.wait("approval", 60)
    print("approved", flush=True)
    yield TaskCtl.success(f"{prompt}: {approval}, by {os.getpid()}")
"""

RUN = """
async def main():
    await task.start("report", "R-1", "chat-1", plugin, prompt="sales")
    print("ended", (await task.ajoin("report", "R-1", 60)).message, flush=True)

asyncio.run(main())
"""

SERVE = """
async def main():
    plugin.enable()
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""

APPROVE = """
import sys
from xpander_client import Tasks
with Tasks() as tasks:
    task = tasks.get(task_id=sys.argv[1])
    for event in task.events():
        progress = getattr(event.data, "progress", None)
        print(event.type, progress and progress.percent, flush=True)
        if event.type == "task_updated" and progress and event.notification is None:
            print("delivered", task.notify("approval", {"by": "ann"}).delivered, flush=True)
    print(tasks.get(task_id=task.id).result, flush=True)
"""


@pytest.fixture
def configuration() -> Iterator[Configuration]:
    with LocalPlatform(settings=HASTY) as platform:
        yield attrs.evolve(platform.configuration, agent_id="sales")


@contextmanager
def process(
    folder: Path, code: str, configuration: Configuration, *arguments: str
) -> Iterator[Program]:
    path = folder / f"program{len(list(folder.iterdir()))}.py"
    with program(path, code, environment_of(configuration), str(path), *arguments) as running:
        yield running


def wait_for(configuration: Configuration, holds: Callable[[Task], Any]) -> Task:
    """The one task of the agent, as soon as this holds."""
    deadline = time.monotonic() + 40
    with Tasks(configuration) as tasks:
        while True:
            found: list[Task] = []
            with contextlib.suppress(NotFoundError):  # the agent appears with its first worker
                found = [tasks.get(task_id=item.id) for item in tasks.list(agent_id="sales")]
            if found and holds(found[0]):
                assert len(found) == 1
                return found[0]
            assert time.monotonic() < deadline, found
            time.sleep(0.05)


def is_waiting(task: Task) -> bool:
    return task.progress is not None


def test_one_process_runs_and_another_approves_and_follows(
    tmp_path: Path, configuration: Configuration
) -> None:
    with process(tmp_path, PLUGIN + RUN, configuration) as runner:
        task = wait_for(configuration, is_waiting)
        with process(tmp_path, APPROVE, configuration, task.id) as approver:
            assert approver.process.wait(timeout=30) == 0
        assert runner.process.wait(timeout=30) == 0
    printed = [line for line in approver.output.splitlines() if line != "task_updated None"]
    by = runner.process.pid
    assert printed == [
        "connected None",
        "task_created None",
        "task_updated 50.0",
        "delivered True",
        "task_updated 50.0",
        "task_finished 50.0",
        f"sales: {{'by': 'ann'}}, by {by}",
    ]
    assert f"ended sales: {{'by': 'ann'}}, by {by}" in runner.output


def test_a_process_that_is_killed_leaves_an_error_with_its_reason(
    tmp_path: Path, configuration: Configuration
) -> None:
    with (
        process(tmp_path, PLUGIN + RUN, configuration) as runner,
        process(tmp_path, PLUGIN + SERVE, configuration) as other,
    ):
        other.wait_for("ready")
        wait_for(configuration, is_waiting)
        runner.stop(signal.SIGKILL)
        task = wait_for(configuration, lambda task: task.status == AgentExecutionStatus.Error)
    assert "was lost in attempt 1; the task is not restarted" in (task.result or "")
    assert "begun" not in other.output


def test_a_task_to_be_restarted_runs_again_in_another_process(
    tmp_path: Path, configuration: Configuration
) -> None:
    with (
        process(tmp_path, PLUGIN + RUN, configuration, "restart") as runner,
        process(tmp_path, PLUGIN + SERVE, configuration, "restart") as other,
    ):
        other.wait_for("ready")
        first = wait_for(configuration, is_waiting)
        runner.stop(signal.SIGKILL)
        other.wait_for("begun")
        with Tasks(configuration) as tasks:
            assert tasks.notify(task_id=first.id, key="approval", data=True).delivered
        task = wait_for(configuration, lambda task: task.status == AgentExecutionStatus.Completed)
        assert (task.id, task.execution_attempts) == (first.id, 2)
        assert task.result == f"sales: True, by {other.process.pid}"
        assert other.stop(signal.SIGINT) != 0


def test_what_a_killed_process_was_told_is_told_to_the_next(
    tmp_path: Path, configuration: Configuration
) -> None:
    # One that notes the approval and never comes to its end.
    stuck = PLUGIN.replace(
        '    print("approved"', '    await handle.wait("never")\n    print("approved"'
    )
    with process(tmp_path, stuck + RUN, configuration, "restart") as runner:
        task = wait_for(configuration, is_waiting)
        with Tasks(configuration) as tasks:
            assert tasks.notify(task_id=task.id, key="approval", data="yes").delivered
        runner.stop(signal.SIGKILL)
    with process(tmp_path, PLUGIN + SERVE, configuration, "restart") as other:
        task = wait_for(configuration, lambda task: task.status == AgentExecutionStatus.Completed)
        assert task.result == f"sales: yes, by {other.process.pid}"


PLATFORM = """
import json, sys
from xpander_client.platform import run
run(port=int(sys.argv[2]), store=sys.argv[1], keys={"k": "acme"},
    announce=lambda address: print(json.dumps({"url": address.url}), flush=True))
"""


@contextmanager
def platform_process(store: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    served = subprocess.Popen(
        [sys.executable, "-c", PLATFORM, str(store), str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert served.stdout is not None
        yield served, json.loads(served.stdout.readline())["url"]
    finally:
        served.kill()
        served.communicate()


def test_the_record_catches_up_when_the_platform_was_killed_while_a_task_ran(
    tmp_path: Path,
) -> None:
    (tmp_path / "programs").mkdir()
    code = PLUGIN.replace(
        "    yield TaskCtl.success(",
        "    for percent in range(60, 100):\n"
        '        yield TaskCtl.report_progress(f"at {percent}", percent)\n'
        "    yield TaskCtl.success(",
    )
    store = tmp_path / "s.db"
    with platform_process(store) as (served, url):
        configuration = Configuration("k", url, "acme", "sales")
        with process(
            tmp_path / "programs",
            # What it waits for comes from its own process, while the platform is away.
            code
            + RUN.replace(
                "    print(",
                "    await asyncio.to_thread(sys.stdin.readline)\n"
                "    task.get_handle('report', 'R-1').notify('approval', 'mine')\n    print(",
            ),
            configuration,
        ) as runner:
            # Its standard input is empty, so it goes on by itself; the platform dies meanwhile.
            wait_for(configuration, lambda task: task.id)
            served.kill()
            served.wait()
            runner.wait_for("approved")
            port = int(url.rpartition(":")[2])
            with platform_process(store, port):
                assert runner.process.wait(timeout=30) == 0
                task = wait_for(
                    configuration, lambda task: task.status == AgentExecutionStatus.Completed
                )
                assert (task.execution_attempts, task.result) == (
                    1,
                    f"sales: mine, by {runner.process.pid}",
                )
                assert task.progress is not None
                assert task.progress.percent == 99


@pytest.mark.parametrize(
    ("ending", "status", "result"),
    [
        (
            'task.start_soon("report", "1", "c", plugin, "sales")\n'
            'task.get_handle("report", "1").notify("approval", 1)\n'
            'task.join("report", "1", 30)\n',
            AgentExecutionStatus.Completed,
            "sales: 1, by",
        ),
        (
            'task.start_soon("report", "1", "c", plugin, "sales")\n',
            AgentExecutionStatus.Stopped,
            "the program is ending",
        ),
        (
            "async def main():\n"
            '    await task.start("report", "1", "c", plugin, "sales")\n'
            "    await asyncio.sleep(0.1)\n"
            "asyncio.run(main())\n",
            AgentExecutionStatus.Stopped,
            "cancelled",
        ),
        (
            'task.start_soon("report", "1", "c", plugin, "sales")\nraise SystemExit(0)\n',
            AgentExecutionStatus.Stopped,
            "the program is ending",
        ),
    ],
)
def test_a_program_that_ends_leaves_a_complete_record(
    tmp_path: Path,
    configuration: Configuration,
    ending: str,
    status: AgentExecutionStatus,
    result: str,
) -> None:
    with process(tmp_path, PLUGIN + ending, configuration) as ended:
        assert ended.process.wait(timeout=30) == 0
    task = wait_for(configuration, lambda task: True)
    assert task.status == status
    assert result in (task.result or "")
    assert "Traceback" not in ended.output


def test_a_program_does_not_wait_long_for_a_platform_that_is_away(tmp_path: Path) -> None:
    configuration = Configuration("k", "http://127.0.0.1:9", "acme", "sales")
    ending = 'task.start_soon("report", "1", "c", plugin, "sales")\n'
    with process(tmp_path, PLUGIN + ending, configuration) as ended:
        began = time.monotonic()
        assert ended.process.wait(timeout=30) == 0
        assert time.monotonic() - began < 20
    assert "the record of 1 background tasks is not complete" in ended.output
    assert "Traceback" not in ended.output


def test_a_platform_with_a_name_is_still_found_while_the_program_ends(
    tmp_path: Path, configuration: Configuration
) -> None:
    named = attrs.evolve(
        configuration, base_url=configuration.base_url.replace("127.0.0.1", "localhost")
    )
    ending = 'task.start_soon("report", "1", "c", plugin, "sales")\n'
    with process(tmp_path, PLUGIN + ending, named) as ended:
        assert ended.process.wait(timeout=30) == 0
    task = wait_for(configuration, lambda task: True)
    assert task.status == AgentExecutionStatus.Stopped
