"""A task from beginning to end, twice: from sync code, then from async code.

Starts the embedded platform in this process and `sales_worker.py` as a process of its own, has
`data/sales.csv` added up by region, shows the events as they happen and the result, and shuts all
down. `scripts/quickstart` installs what this needs and runs it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from xpander_client import (
    AgentExecutionStatus,
    Configuration,
    ModuleException,
    Task,
    Tasks,
    TaskUpdateEvent,
    TaskUpdateEventType,
)
from xpander_client.platform import LocalPlatform

HERE = Path(__file__).resolve().parent
SALES = HERE / "data" / "sales.csv"
AGENT = "sales-analyst"
PROMPT = "Add up the sales by region"


class QuickstartError(Exception):
    """Something that this script started did not do its part; the text says what."""


def main() -> int:
    """Run the tour; the exit status is 0 when both tasks were completed."""
    started = time.monotonic()
    try:
        say("Starting the platform, in this process")
        with LocalPlatform() as platform:
            configuration = attrs.evolve(platform.configuration, agent_id=AGENT)
            tell(f"it listens at {configuration.base_url} and keeps its tasks in SQLite")
            say("Starting a worker, as a process of its own")
            with worker(configuration) as pid:
                tell(f"scripts/sales_worker.py runs as process {pid}")
                with_sync_calls(configuration)
                asyncio.run(with_async_calls(configuration))
    except KeyboardInterrupt:
        print("\nInterrupted: the worker and the platform are stopped.", file=sys.stderr)
        return 130
    except (QuickstartError, ModuleException, OSError) as error:
        print(f"\nThe quickstart failed: {error}", file=sys.stderr)
        return 1
    say(f"Worker and platform are stopped. That took {time.monotonic() - started:.1f} seconds.")
    tell("Next: `.venv/bin/xpander-client dev` serves the platform until you stop it,")
    tell("and README.md shows how to write the rest.")
    return 0


def with_sync_calls(configuration: Configuration) -> None:
    """Create a task, follow its events and print the result, with plain calls."""
    say(f"Sync: creating a task for the agent {AGENT!r}, and following its events")
    clock = Clock()
    with Tasks(configuration) as tasks:
        task = tasks.create(
            agent_id=AGENT,
            prompt=PROMPT,
            file_urls=[SALES.as_uri()],
            events_streaming=True,
        )
        for event in task.events():
            clock.show(event)
        task.reload()
    show_result(task)


async def with_async_calls(configuration: Configuration) -> None:
    """Do the same once more, with the same names behind an `a`."""
    say("Async: the same with acreate, aevents and areload")
    clock = Clock()
    async with Tasks(configuration) as tasks:
        task = await tasks.acreate(
            agent_id=AGENT,
            prompt=PROMPT,
            file_urls=[SALES.as_uri()],
            events_streaming=True,
        )
        async for event in task.aevents():
            clock.show(event)
        await task.areload()
    show_result(task)


@contextmanager
def worker(configuration: Configuration) -> Generator[int]:
    """Run sales_worker.py; yield its process id, and end it in the end.

    A worker that ends by itself would leave its tasks waiting for another one. So that nobody waits
    in vain, all tasks of the agent are stopped then, and what the worker printed is raised.
    """
    environment = os.environ | {
        "XPANDER_API_KEY": configuration.required("api_key"),
        "XPANDER_BASE_URL": configuration.base_url,
        "XPANDER_ORGANIZATION_ID": configuration.required("organization_id"),
        "XPANDER_AGENT_ID": AGENT,
    }
    leaving = threading.Event()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "sales_worker.py")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for this process, which then ends the worker.
            start_new_session=True,
        )

        def stop_tasks_without_worker() -> None:
            process.wait()
            with Tasks(configuration) as tasks:
                while not leaving.wait(0.2):
                    for status in (AgentExecutionStatus.Pending, AgentExecutionStatus.Executing):
                        for item in tasks.list(agent_id=AGENT, status=status):
                            tasks.stop(task_id=item.id)

        watch = threading.Thread(target=stop_tasks_without_worker)
        watch.start()
        try:
            yield process.pid
        except (QuickstartError, ModuleException) as error:
            if process.poll() is None:
                raise
            output.seek(0)
            text = output.read().strip() or "it printed nothing"
            raise QuickstartError(f"{error}\nThe worker ended by itself:\n{text}") from error
        finally:
            leaving.set()
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
            watch.join()


@attrs.define
class Clock:
    """Prints events with the seconds since it was made."""

    started: float = attrs.field(factory=time.monotonic)

    def show(self, event: TaskUpdateEvent) -> None:
        """One line for one event."""
        elapsed = time.monotonic() - self.started
        print(f"   {elapsed:5.2f} s  {event.type:<14} {in_short(event)}".rstrip(), flush=True)


def in_short(event: TaskUpdateEvent) -> str:
    """Return what a reader wants to know of an event's data: a chunk's text, a task's status."""
    if event.type == TaskUpdateEventType.Chunk:
        return str(event.data)
    status = getattr(event.data, "status", None)
    return f"the task is {status}" if status else ""


def show_result(task: Task) -> None:
    """Print the task's result as a table."""
    if task.status != AgentExecutionStatus.Completed or not task.result:
        raise QuickstartError(f"the task {task.id} is {task.status}: {task.result}")
    rows: list[dict[str, Any]] = json.loads(task.result)
    tell(f"task {task.id} is {task.status}, with this result:")
    print()
    print(f"   {'region':<10}{'sales':>8}{'revenue':>16}")
    for row in rows:
        print(f"   {row['region']:<10}{row['sales']:>8}{float(row['revenue']):>16,.2f}")


def say(text: str) -> None:
    """Print a step of the tour."""
    print(f"\n=> {text}", flush=True)


def tell(text: str) -> None:
    """Print a detail of a step."""
    print(f"   {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
