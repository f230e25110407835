"""A worker that adds up sales by region: `python scripts/sales_worker.py`.

It reads who it is and where the platform is from the environment (`XPANDER_API_KEY`,
`XPANDER_BASE_URL`, `XPANDER_ORGANIZATION_ID`, `XPANDER_AGENT_ID`), and works until it is stopped.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from xpander_client import Task, Tasks, TaskUpdateEvent, TaskUpdateEventType, on_task


@on_task
def add_up_sales(task: Task) -> Task:
    """Set the result to a JSON list: region, sales and revenue, best region first."""
    regions: dict[str, dict[str, Decimal]] = {}
    for url in task.input.files or []:
        for month, sales in by_month(Path(url2pathname(urlsplit(url).path))):
            for sale in sales:
                region = regions.setdefault(
                    sale["region"], {"sales": Decimal(), "revenue": Decimal()}
                )
                region["sales"] += 1
                region["revenue"] += int(sale["units"]) * Decimal(sale["unit_price"])
            tell(task, f"{month}: {len(sales)} sales added")
    best_first = sorted(regions.items(), key=lambda item: item[1]["revenue"], reverse=True)
    task.result = json.dumps(
        [
            {"region": name, "sales": int(sums["sales"]), "revenue": str(sums["revenue"])}
            for name, sums in best_first
        ]
    )
    return task


def by_month(file: Path) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yield the file's rows, month by month."""
    months: dict[str, list[dict[str, str]]] = {}
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            months.setdefault(row["date"][:7], []).append(row)
    yield from months.items()


def tell(task: Task, text: str) -> None:
    """Show progress to everybody who follows the task's events."""
    event = TaskUpdateEvent(
        type=TaskUpdateEventType.Chunk,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.now(UTC),
        data=text,
    )
    # With the attempt, the platform refuses what comes too late: from a worker that lost the task.
    Tasks(task.configuration).push_events(
        task_id=task.id, events=[event], execution_attempt=task.execution_attempts
    )
