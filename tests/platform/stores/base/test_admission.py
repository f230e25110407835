"""The bounded queue before a writer."""

import asyncio
import sqlite3
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import attrs
import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.platform.wire import create, event, eventually, push
from xpander_client.platform import LocalPlatform
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.stores.base.admission import PIECE, REQUEST_BYTES, Admission
from xpander_client.platform.stores.base.store import Store


class Observed:
    def __init__(self) -> None:
        self.refusals = 0
        self.batches: list[int] = []

    def on_commit(self, commands: int, seconds: float) -> None:
        assert seconds > 0
        self.batches.append(commands)

    def on_refusal(self) -> None:
        self.refusals += 1


async def test_those_who_find_it_full_wait_and_then_are_refused() -> None:
    admission = Admission(2, patience=0.05, size=0)
    admission.observer = observed = Observed()
    await admission.enter()
    await admission.enter()
    with pytest.raises(HttpError) as refused:
        await admission.enter()
    assert (refused.value.status, observed.refusals, admission.queued) == (503, 1, 2)
    admission.leave(0)
    await admission.enter()
    assert (observed.refusals, admission.queued) == (1, 2)


async def test_places_go_to_those_who_wait_in_the_order_they_came() -> None:
    admission = Admission(1, patience=30.0, size=0)
    await admission.enter()
    got: list[int] = []

    async def caller(number: int) -> None:
        await admission.enter()
        got.append(number)

    callers = [asyncio.create_task(caller(number)) for number in range(5)]
    await asyncio.sleep(0)
    for _ in callers:
        admission.leave(0)
        await asyncio.sleep(0)
    await asyncio.gather(*callers)
    assert got == [0, 1, 2, 3, 4]
    assert admission.queued == 1


async def test_callers_that_are_cancelled_leave_no_place_taken() -> None:
    admission = Admission(1, patience=30.0, size=0)
    await admission.enter()
    for _ in range(50):
        waiting = [asyncio.create_task(admission.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        admission.leave(0)  # wakes the first one, which is cancelled before it runs
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.wait_for(admission.enter(), 20)
    assert admission.queued == 1


async def test_large_commands_share_a_room_and_small_ones_pass_them() -> None:
    admission = Admission(100, patience=30.0, size=10 * PIECE)

    def enter(size: int) -> asyncio.Task[int]:
        REQUEST_BYTES.set(size)
        return asyncio.create_task(admission.enter())

    assert await enter(9 * PIECE) == 9
    second, third = enter(5 * PIECE), enter(3 * PIECE)
    assert await enter(PIECE - 1) == 0
    assert not second.done()
    assert not third.done()
    # What waits is in memory as well.
    with pytest.raises(HttpError) as refused:
        await enter(4 * PIECE)
    assert refused.value.status == 503
    second.cancel()
    admission.leave(9)
    assert await third == 3
    # One that is larger than everything has everything for itself.
    huge = enter(1000 * PIECE)
    admission.leave(3)
    assert await huge == 10
    admission.leave(10, 2)
    assert admission.queued == 0


async def test_a_command_has_its_place_until_it_is_settled_also_without_its_caller(
    store: Store,
) -> None:
    calls = [
        asyncio.create_task(store.put("o", "a", {"input": {}}, task_id=str(n))) for n in range(9)
    ]
    await asyncio.sleep(0)
    assert store.admission.queued == 9
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await store.put("o", "a", {"input": {}}, task_id="last")
    assert store.admission.queued == 0
    assert [(await store.get("o", str(n))).id for n in range(9)] == [str(n) for n in range(9)]


async def test_each_commit_is_told_with_the_commands_in_it(store: Store) -> None:
    store.admission.observer = observed = Observed()
    await asyncio.gather(*(store.put("o", "a", {"input": {}}, task_id=str(n)) for n in range(40)))
    assert sum(observed.batches) == 40
    assert len(observed.batches) < 40


def test_a_writer_that_can_not_keep_up_is_a_503_that_says_when_to_try_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    settings = attrs.evolve(QUICK, queue_limit=1, queue_wait=0.1)
    with LocalPlatform(store=path, settings=settings, organization_id="acme") as platform:
        headers = {"x-api-key": platform.api_key}
        with httpx.Client(base_url=platform.url, headers=headers, timeout=20) as http:
            task = create(http)
            blocker = sqlite3.connect(path, isolation_level=None)
            blocker.execute("BEGIN IMMEDIATE")  # nothing can be written now
            with pytest.raises(httpx.ReadTimeout):
                http.patch(
                    f"/agent-execution/{task['id']}/update", json={"title": "T"}, timeout=0.2
                )
            answer = push(http, task)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert "more to write" in answer.json()["detail"]
            blocker.execute("COMMIT")
            blocker.close()
            eventually(lambda: push(http, task).status_code == 200, "it goes on")


def test_what_waits_for_the_disk_is_bounded_in_bytes_and_small_writes_pass(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    settings = attrs.evolve(QUICK, queue_bytes=300_000, queue_wait=0.1)
    with LocalPlatform(store=path, settings=settings, organization_id="acme") as platform:
        headers = {"x-api-key": platform.api_key}
        with (
            httpx.Client(base_url=platform.url, headers=headers, timeout=20) as http,
            ThreadPoolExecutor(3) as pool,
        ):
            task = create(http)
            large, small = (event("chunk", task["id"], "x" * size) for size in (190_000, 1))
            blocker = sqlite3.connect(path, isolation_level=None)
            blocker.execute("BEGIN IMMEDIATE")  # nothing can be written now
            pushes = [pool.submit(push, http, task, each) for each in (large, large, small)]
            done, waiting = wait(pushes, timeout=20, return_when=FIRST_COMPLETED)
            assert [each.result().status_code for each in done] == [503]
            assert not done & {pushes[2]}
            blocker.execute("COMMIT")
            blocker.close()
            assert [each.result().status_code for each in waiting] == [200, 200]
