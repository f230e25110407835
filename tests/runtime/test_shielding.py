from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from xpander_client.runtime.shielding import shield


async def fail(begin: asyncio.Event) -> int:
    await begin.wait()
    raise ConnectionError("the network is gone")


async def test_what_is_waited_for_goes_on_when_the_wait_is_given_up() -> None:
    begin = asyncio.Event()
    working = asyncio.ensure_future(begin.wait())
    waiting = asyncio.ensure_future(shield(working))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not working.done()
    begin.set()
    assert await shield(working)


async def test_failures_are_raised_where_somebody_waits() -> None:
    begin = asyncio.Event()
    begin.set()
    with pytest.raises(ConnectionError, match="the network is gone"):
        await shield(asyncio.ensure_future(fail(begin)))


async def test_a_failure_after_everybody_gave_up_is_not_printed() -> None:
    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    begin = asyncio.Event()
    working = asyncio.ensure_future(fail(begin))
    waiting = [asyncio.ensure_future(shield(working)) for _ in range(2)]
    await asyncio.sleep(0)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    begin.set()
    await asyncio.wait({working})
    del working
    gc.collect()
    await asyncio.sleep(0)
    assert reports == []
