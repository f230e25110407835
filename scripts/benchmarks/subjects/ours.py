"""xpander_client: `python ours.py ADDRESS`, over the wire that the environment names."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import httpx2

from measured import in_flight, serve
from xpander_client import Configuration, Tasks
from xpander_client.errors import UnknownOutcomeError

TASK_ID = "9f0c7d4e-6f1a-4d0e-8a55-2f3b6c1d7e90"
PROMPT = "Add up the sales by region"
address = sys.argv[1]
configuration = Configuration(api_key="key", base_url=address, organization_id="bench")
tasks = Tasks(configuration)
threads = ThreadPoolExecutor(8)


def get(count: int) -> None:
    for _ in range(count):
        tasks.get(task_id=TASK_ID)


def get8(count: int) -> None:
    for made in [threads.submit(get, count // 8) for _ in range(8)]:
        made.result()


async def aget() -> None:
    await tasks.aget(task_id=TASK_ID)


async def acreate() -> None:
    await tasks.acreate(agent_id="agent", prompt=PROMPT, events_streaming=True)


def events(task_id: str) -> int:
    return sum(1 for _ in tasks.get(task_id=task_id).events())


async def aevents(task_id: str, count: int) -> None:
    seen = 0
    async for _ in (await tasks.aget(task_id=task_id)).aevents():
        seen += 1
    assert seen == count + 1, f"{seen} events, and {count} and the terminal one were sent"


def replay(count: int) -> None:
    assert events("replay") == count + 1


def first_event(_: int) -> float:
    task = tasks.get(task_id="slow")
    started = time.perf_counter()
    stream = task.events()
    next(stream)
    seconds = time.perf_counter() - started
    stream.close()
    return seconds


def broken() -> int:
    """Return how many creates the server has read and not answered."""
    return int(httpx.get(f"{address}/broken").text)


def create_broken(_: int) -> float:
    return create_by(tasks)


def given_broken(_: int) -> float:
    with httpx2.Client() as given:
        return create_by(Tasks(configuration, http_client=given))


def create_by(tasks: Tasks) -> float:
    """Return how many creates the server reads of one that it does not answer."""
    before = broken()
    try:
        tasks.create(agent_id="breaking", prompt=PROMPT)
    except UnknownOutcomeError:
        return float(broken() - before)
    raise RuntimeError("a create that was never answered has succeeded")


async def acreate_broken(_: int) -> float:
    """Do the same in async code."""
    before = broken()
    try:
        await tasks.acreate(agent_id="breaking", prompt=PROMPT)
    except UnknownOutcomeError:
        return float(broken() - before)
    raise RuntimeError("a create that was never answered has succeeded")


serve(
    {
        "get": get,
        "get8": get8,
        "replay": replay,
        "first_event": first_event,
        "create_broken": create_broken,
        "given_broken": given_broken,
    },
    {
        "aget1": lambda count: in_flight(1, count, aget),
        "aget32": lambda count: in_flight(32, count, aget),
        "aget100": lambda count: in_flight(100, count, aget),
        "acreate32": lambda count: in_flight(32, count, acreate),
        "areplay": lambda count: aevents("replay", count),
        "atokens": lambda count: aevents("tokens", count),
        "acreate_broken": acreate_broken,
    },
)
