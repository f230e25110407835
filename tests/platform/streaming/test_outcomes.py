"""Waiting for what comes of a task, and leaving nothing behind."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import attrs
import pytest

from tests.platform.conftest import QUICK
from xpander_client.platform.foundation.errors import ClientDisconnect, HttpError
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming.outcomes import Outcomes

BODY = {"input": {"text": "x"}}


class Caller:
    """Who waits for an answer, until it hangs up."""

    def __init__(self) -> None:
        self._gone = asyncio.Event()

    def hang_up(self) -> None:
        self._gone.set()

    async def __call__(self) -> MutableMapping[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}


async def put(store: Store) -> TaskRecord:
    return (await store.put("o", "a", BODY, task_id="t")).record


def has_nothing_left(store: Store, outcomes: Outcomes) -> bool:
    listening = [task for task in asyncio.all_tasks() if "_listen" in repr(task.get_coro())]
    return not outcomes._waiting and not store._topics._watches and not listening


async def begin_to_wait(store: Store, outcomes: Outcomes) -> "asyncio.Task[TaskRecord]":
    begun = await put(store)
    waiting = asyncio.create_task(outcomes.wait(begun, Caller()))
    await asyncio.sleep(0)
    assert outcomes._waiting
    return waiting


@pytest.mark.parametrize("status", ["completed", "failed", "error", "stopped", "paused"])
async def test_a_wait_ends_with_the_task_or_when_it_pauses(store: Store, status: str) -> None:
    outcomes = Outcomes(store, QUICK)
    waiting = await begin_to_wait(store, outcomes)
    await store.patch("o", "t", {"status": "executing"}, attempt=None)
    await store.patch("o", "t", {"status": status, "result": "r" * 10_000}, attempt=None)
    settled = await waiting
    assert (settled.status, settled.read()["result"]) == (status, "r" * 10_000)
    await asyncio.sleep(0)
    assert has_nothing_left(store, outcomes)


async def test_a_wait_is_bounded(store: Store) -> None:
    outcomes = Outcomes(store, attrs.evolve(QUICK, invoke_wait=0.0))
    assert (await outcomes.wait(await put(store), Caller())).status == "pending"


async def test_when_the_platform_stops_waits_end_with_the_task_as_it_is(store: Store) -> None:
    outcomes = Outcomes(store, QUICK)
    waiting = await begin_to_wait(store, outcomes)
    outcomes.close()
    assert (await waiting).status == "pending"


async def test_a_caller_who_goes_away_leaves_nothing_behind(store: Store) -> None:
    outcomes, caller = Outcomes(store, QUICK), Caller()
    caller.hang_up()
    with pytest.raises(ClientDisconnect):
        await outcomes.wait(await put(store), caller)
    assert has_nothing_left(store, outcomes)
    assert (await store.get("o", "t")).status == "pending", "the task goes on"


async def test_a_wait_for_a_task_that_is_deleted_ends_as_one_for_none(store: Store) -> None:
    outcomes = Outcomes(store, QUICK)
    waiting = await begin_to_wait(store, outcomes)
    await store.delete("o", ["t"], stop=True)
    with pytest.raises(HttpError, match="404"):
        await waiting
    await asyncio.sleep(0)
    assert has_nothing_left(store, outcomes)


async def test_what_is_continued_before_somebody_looked_is_another_run(store: Store) -> None:
    begun = await put(store)
    await store.patch("o", "t", {"status": "completed"}, attempt=None)
    await store.put("o", "a", BODY, task_id="", existing_id="t")
    assert (await Outcomes(store, QUICK).wait(begun, Caller())).status == "pending"
