"""Bare httpx, doing the same requests as the clients: `python bare.py ADDRESS`."""

from __future__ import annotations

import sys

import httpx

from measured import in_flight, serve

PATH = "/agent-execution/9f0c7d4e-6f1a-4d0e-8a55-2f3b6c1d7e90/status"
address = sys.argv[1]
headers = {"x-api-key": "key"}
client = httpx.Client(base_url=address, headers=headers)
async_client = httpx.AsyncClient(base_url=address, headers=headers)


def get(count: int) -> None:
    for _ in range(count):
        response = client.get(PATH)
        response.raise_for_status()
        response.json()


async def aget() -> None:
    response = await async_client.get(PATH)
    response.raise_for_status()
    response.json()


serve(
    {"get": get},
    {
        "aget": lambda count: in_flight(1, count, aget),
        "aget100": lambda count: in_flight(100, count, aget),
    },
)
