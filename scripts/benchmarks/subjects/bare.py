"""Bare libraries, doing the same requests as the clients: `python bare.py ADDRESS`."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import cycle, islice

import aiohttp
import httpx
import orjson

from measured import in_flight, serve

PATH = "/agent-execution/9f0c7d4e-6f1a-4d0e-8a55-2f3b6c1d7e90/status"
BODY = {"input": {"text": "Add up the sales by region"}, "events_streaming": True}
address = sys.argv[1]
headers = {"x-api-key": "key"}
client = httpx.Client(base_url=address, headers=headers)
async_client = httpx.AsyncClient(base_url=address, headers=headers)
threads = ThreadPoolExecutor(8)


def get(count: int) -> None:
    for _ in range(count):
        response = client.get(PATH)
        response.raise_for_status()
        response.json()


def get8(count: int) -> None:
    for made in [threads.submit(get, count // 8) for _ in range(8)]:
        made.result()


async def aget() -> None:
    response = await async_client.get(PATH)
    response.raise_for_status()
    response.json()


async def acreate() -> None:
    response = await async_client.post(
        "/agent-execution/agent", json=BODY, headers={"idempotency-key": "key"}
    )
    response.raise_for_status()
    response.json()


async def over_aiohttp(callers: int, count: int) -> None:
    async with aiohttp.ClientSession(address, headers=headers) as session:

        async def call() -> None:
            async with session.get(PATH, raise_for_status=True) as response:
                json.loads(await response.read())

        await in_flight(callers, count, call)


@cache
def lines() -> list[bytes]:
    """Return the JSON of all events that are replayed."""
    stream = client.get("/agent-execution/replay/events").content
    return [line[6:] for line in stream.split(b"\n") if line.startswith(b"data: ")]


def loads(count: int) -> None:
    for line in islice(cycle(lines()), count):
        orjson.loads(line)


serve(
    {"get": get, "get8": get8, "loads": loads},
    {
        "aget1": lambda count: in_flight(1, count, aget),
        "aget32": lambda count: in_flight(32, count, aget),
        "aget100": lambda count: in_flight(100, count, aget),
        "acreate32": lambda count: in_flight(32, count, acreate),
        "aiohttp_aget1": lambda count: over_aiohttp(1, count),
        "aiohttp_aget32": lambda count: over_aiohttp(32, count),
        "aiohttp_aget100": lambda count: over_aiohttp(100, count),
    },
)
