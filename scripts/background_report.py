"""A report is made in the background and asks half-way: `python -m scripts.background_report`.

It starts a platform of its own. The bar shows what the platform tells of the task, and so could be
in any process. Half-way the report waits for an approval, which a second process gives: this script
starts it, or with `--wait` you do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from decimal import Decimal
from pathlib import Path

import attrs
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from scripts.ending import run
from xpander_client import Configuration, Task, Tasks
from xpander_client.background import AsyncTaskHandle, Plugin, TaskCtl, task
from xpander_client.platform import LocalPlatform

SALES = Path(__file__).parent / "data" / "sales.csv"
AGENT = "reports"
STEP = 0.5
"""Seconds for each step, so that there is something to see."""


def reports(configuration: Configuration) -> Plugin:
    """Make the plugin, with its one kind of task."""
    plugin = Plugin(
        "Reports", "reports", "Sums up sales", "1.0.0", "Shop", "", configuration=configuration
    )

    @plugin.mount_async_task("sales_report")
    async def sales_report(handle: AsyncTaskHandle, path: str) -> AsyncGenerator[TaskCtl]:
        revenue: dict[str, Decimal] = {}
        sales = list(csv.DictReader(await asyncio.to_thread(read, path)))
        regions = sorted({sale["region"] for sale in sales})
        for done, region in enumerate(regions):
            yield TaskCtl.report_progress(f"adding up {region}", 50 * done / len(regions))
            await asyncio.sleep(STEP)
            revenue[region] = sum(
                (
                    int(sale["units"]) * Decimal(sale["unit_price"])
                    for sale in sales
                    if sale["region"] == region
                ),
                Decimal(),
            )
        yield TaskCtl.report_progress("waiting for an approval", 50)
        if not await handle.wait("approval", timeout=600):
            yield TaskCtl.fail("nobody approved the report")
            return
        for done, step in enumerate(("drawing", "printing", "sending")):
            yield TaskCtl.report_progress(step, 60 + 15 * done)
            await asyncio.sleep(STEP)
        best = max(revenue, key=lambda region: revenue[region])
        yield TaskCtl.success(f"{best} sold most: {revenue[best]}")

    return plugin


def read(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def environment(configuration: Configuration) -> dict[str, str]:
    """Return what the command needs to use the platform."""
    return {
        "XPANDER_API_KEY": configuration.required("api_key"),
        "XPANDER_BASE_URL": configuration.base_url,
        "XPANDER_ORGANIZATION_ID": configuration.required("organization_id"),
    }


def approve(configuration: Configuration, task_id: str) -> None:
    """Approve the report, as another process."""
    command = ("xpander_client.cli", "tasks", "notify", task_id, "approval", "true")
    subprocess.run(
        [sys.executable, "-m", *command],
        env=os.environ | environment(configuration),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )


def follow(followed: Task, approve: Callable[[], None], console: Console) -> None:
    """Show how far the task is, by its events, until it is over."""
    last = None
    with Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        TaskProgressColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        line = bar.add_task("waiting for a start", total=100)
        for event in followed.events():
            progress = event.data.progress if isinstance(event.data, Task) else None
            if progress is None or progress == last:
                continue
            last = progress
            bar.update(line, description=progress.message or "", completed=progress.percent or 0)
            if not console.is_terminal:
                print(f"{progress.percent:5.1f} %  {progress.message}", flush=True)
            if progress.percent == 50:
                approve()
        bar.update(line, description="done", completed=100)


def main() -> int:
    """Make the report; the exit status is 0 when it was sent."""
    parser = argparse.ArgumentParser(description="Makes a report in the background.")
    parser.add_argument("--wait", action="store_true", help="wait for you to approve the report")
    wait: bool = parser.parse_args().wait
    console = Console()
    with LocalPlatform(agents=[AGENT]) as platform, contextlib.ExitStack() as stack:
        configuration = attrs.evolve(platform.configuration, agent_id=AGENT)
        tasks = stack.enter_context(Tasks(configuration))
        plugin = reports(configuration)
        # Before the platform: the record of a task that is still under way is written there.
        stack.callback(lambda: asyncio.run(plugin.disable()))
        task.start_soon("sales_report", "R-1", "chat-1", plugin, path=str(SALES))
        while not (found := tasks.list(agent_id=AGENT)):
            time.sleep(0.05)
        followed = tasks.get(task_id=found[0].id)

        def ask() -> None:
            if not wait:
                approve(configuration, followed.id)
                return
            console.print("In another terminal, to approve it:")
            for name, value in environment(configuration).items():
                console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
            command = f"  xpander-client tasks notify {followed.id} approval true"
            console.print(command, highlight=False, soft_wrap=True)

        follow(followed, ask, console)
        followed.reload()
        print(f"{followed.status}: {followed.result}")
    return 0 if followed.status == "completed" else 1


if __name__ == "__main__":
    run(main)
