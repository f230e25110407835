"""Lists of an agent with many tasks and of one with few, in one store: `python listing.py ADDRESS`.

"fill" makes an agent with so many tasks, by copies of one inside of the database. Of ten in a row
one has failed, and the next is of the user who is asked for; the oldest three alone are paused, and
are children of a task.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import time
from functools import partial

import asyncpg
import attrs

from measured import serve
from xpander_client.platform.rules.records import TaskFilter
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.engines import find_engine
from xpander_client.platform.stores.base.store import Store

PAGE = 50
TIMES = 20

FILTERS = {
    "none": TaskFilter(),
    "status": TaskFilter(status="failed"),
    "user": TaskFilter(user_id="user-1"),
    "status of few": TaskFilter(status="paused"),
    "status and user": TaskFilter(status="completed", user_id="user-1"),
    "status and user of none": TaskFilter(status="failed", user_id="user-1"),
    "parent": TaskFilter(parent_task_id="parent"),
}

address = sys.argv[1]

COPY = """
INSERT INTO tasks (id, status, user_id, parent_task_id, {others})
SELECT t.id || '-' || n,
    CASE WHEN n < 3 THEN 'paused' WHEN n % 10 = 0 THEN 'failed' ELSE 'completed' END,
    'user-' || (n % 10), CASE WHEN n < 3 THEN 'parent' END, {others}
FROM numbers, tasks t WHERE t.id = 'task-of-{count}' ORDER BY n
"""


async def fill(count: int) -> None:
    """Make so many tasks of the agent."""
    store = store_at(address)
    await store.open()
    await store.put("bench", agent_of(count), {"input": {"text": "x"}}, task_id=f"task-of-{count}")
    await store.close()
    fills = {"PostgreSQL": fill_postgres, "SQLite": fill_sqlite}
    await fills[find_engine(address).name](count)


async def fill_sqlite(count: int) -> None:
    numbers = (
        "WITH RECURSIVE numbers (n) AS "
        f"(SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count - 1})"
    )
    with contextlib.closing(sqlite3.connect(address)) as connection:
        found = connection.execute("SELECT * FROM tasks LIMIT 0").description
        connection.execute(numbers + copies(count, [name for name, *_ in found]))
        connection.commit()


async def fill_postgres(count: int) -> None:
    numbers = f"WITH numbers AS (SELECT n FROM generate_series(0, {count - 1}) n)"
    connection = await asyncpg.connect(address)
    statement = await connection.prepare("SELECT * FROM tasks LIMIT 0")
    await connection.execute(
        numbers + copies(count, [column.name for column in statement.get_attributes()])
    )
    await connection.execute("VACUUM ANALYZE tasks")
    await connection.close()


def copies(count: int, columns: list[str]) -> str:
    """Return the statement that copies all columns of the task that are not made anew."""
    made = {"number", "id", "status", "user_id", "parent_task_id"}
    return COPY.format(count=count, others=", ".join(name for name in columns if name not in made))


def agent_of(count: int) -> str:
    return f"agent-of-{count}"


async def pages(name: str, count: int, *, middle: bool = False) -> float:
    """Return the seconds of a page, the first one or one in the middle."""
    store = store_at(address)
    await store.open()
    wanted = attrs.evolve(FILTERS[name], agent_id=agent_of(count))
    cursor = await cursor_behind(store, wanted, count // 20) if middle else None
    await store.list_tasks("bench", wanted, cursor=cursor, limit=PAGE)
    started = time.perf_counter()
    for _ in range(TIMES):
        await store.list_tasks("bench", wanted, cursor=cursor, limit=PAGE)
    taken = (time.perf_counter() - started) / TIMES
    await store.close()
    return taken


async def cursor_behind(store: Store, wanted: TaskFilter, count: int) -> str | None:
    """Return the cursor of the page behind so many tasks."""
    cursor: str | None = None
    left = count
    while left:  # a page may be shorter than it was asked for
        page = await store.list_tasks("bench", wanted, cursor=cursor, limit=min(left, 5_000))
        assert page.records, f"{count - left} of {count} tasks"
        left -= len(page.records)
        cursor = page.cursor
    return cursor


serve(
    {},
    {
        "fill": fill,
        "user, in the middle": partial(pages, "user", middle=True),
        **{name: partial(pages, name) for name in FILTERS},
    },
)
