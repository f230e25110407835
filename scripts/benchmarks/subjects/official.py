"""The official client: `python official.py ADDRESS`, with a Python that has xpander-sdk."""

from __future__ import annotations

import importlib
import sys
import time

from measured import in_flight, serve

# It is not installed where this file is type checked.
xpander_sdk = importlib.import_module("xpander_sdk")

TASK_ID = "9f0c7d4e-6f1a-4d0e-8a55-2f3b6c1d7e90"
configuration = xpander_sdk.Configuration(
    api_key="key", base_url=sys.argv[1], organization_id="bench"
)
tasks = xpander_sdk.Tasks(configuration=configuration)


def get(count: int) -> None:
    for _ in range(count):
        tasks.get(task_id=TASK_ID)


async def aget() -> None:
    await tasks.aget(task_id=TASK_ID)


async def aevents(task_id: str, count: int) -> None:
    seen = 0
    async for _ in (await tasks.aget(task_id=task_id)).aevents():
        seen += 1
    assert seen == count + 1, f"{seen} events, and {count} and the terminal one were sent"


def replay(count: int) -> None:
    assert sum(1 for _ in tasks.get(task_id="replay").events()) == count + 1


def first_event(_: int) -> float:
    task = tasks.get(task_id="slow")
    started = time.perf_counter()
    next(iter(task.events()))
    return time.perf_counter() - started


serve(
    {"get": get, "replay": replay, "first_event": first_event},
    {
        "aget1": lambda count: in_flight(1, count, aget),
        "areplay": lambda count: aevents("replay", count),
        "atokens": lambda count: aevents("tokens", count),
    },
)
