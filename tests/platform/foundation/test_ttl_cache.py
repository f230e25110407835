"""What was just read is not read again."""

import asyncio

import pytest

from tests.platform.wire import Clock
from xpander_client.platform.foundation.ttl_cache import Lookups


class Source:
    """Has what a test puts there, and counts who asks."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.reads: list[str] = []
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, key: str) -> int | None:
        self.reads.append(key)
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return self.values.get(key)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def lookups(source: Source, clock: Clock) -> Lookups[str, int]:
    return Lookups(source.read, ttl=5.0, limit=3, clock=clock)


async def test_an_answer_is_believed_for_its_time_and_no_longer(
    source: Source, lookups: Lookups[str, int], clock: Clock
) -> None:
    source.values["a"] = 1
    assert (await lookups.get("a"), await lookups.get("b")) == (1, None)
    source.values |= {"a": 2, "b": 3}
    clock.now += 4.99
    assert (await lookups.get("a"), await lookups.get("b")) == (1, None)
    assert source.reads == ["a", "b"]
    clock.now += 0.01
    assert (await lookups.get("a"), await lookups.get("b")) == (2, 3)


async def test_the_time_counts_from_before_the_read(
    source: Source, lookups: Lookups[str, int], clock: Clock
) -> None:
    source.values["a"] = 1
    source.open.clear()
    asking = asyncio.create_task(lookups.get("a"))
    while not source.reads:  # noqa: ASYNC110 - it asks at its next turn
        await asyncio.sleep(0)
    clock.now += 4
    source.open.set()
    assert await asking == 1
    source.values["a"] = 2
    clock.now += 1
    assert await lookups.get("a") == 2


async def test_those_who_ask_at_once_share_a_read_also_when_the_first_goes_away(
    source: Source, lookups: Lookups[str, int]
) -> None:
    source.values["a"] = 1
    source.open.clear()
    first, *others = [asyncio.create_task(lookups.get("a")) for _ in range(20)]
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.open.set()
    assert await asyncio.gather(*others) == [1] * 19
    assert source.reads == ["a"]
    assert first.cancelled()


async def test_a_failure_is_everybodys_and_is_not_kept(
    source: Source, lookups: Lookups[str, int]
) -> None:
    source.values["a"] = 1
    source.failure = ValueError("away")
    answers = await asyncio.gather(*(lookups.get("a") for _ in range(3)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["away"] * 3
    assert source.reads == ["a"]
    source.failure = None
    assert await lookups.get("a") == 1


async def test_what_is_forgotten_is_read_again(source: Source, lookups: Lookups[str, int]) -> None:
    assert await lookups.get("a") is None
    source.values["a"] = 1
    lookups.forget("a")
    assert await lookups.get("a") == 1


async def test_what_nobody_knows_is_read_a_little_at_a_time(
    source: Source, lookups: Lookups[str, int], clock: Clock
) -> None:
    source.values["a"] = 1
    await lookups.get("a")
    clock.now += 5
    source.reads.clear()
    source.open.clear()
    strangers = [asyncio.create_task(lookups.get(f"x{number}")) for number in range(50)]
    known = asyncio.create_task(lookups.get("a"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert source.reads == ["x0", "x1", "a"]
    source.open.set()
    assert await known == 1
    assert await asyncio.gather(*strangers) == [None] * 50


async def test_as_much_is_kept_as_was_said_and_what_is_missing_pushes_nothing_out(
    source: Source, lookups: Lookups[str, int]
) -> None:
    source.values = {"a": 1, "b": 2, "c": 3}
    for key in "abc":
        await lookups.get(key)
    for number in range(100):
        await lookups.get(f"missing-{number}")
    source.reads.clear()
    assert [await lookups.get(key) for key in "abc"] == [1, 2, 3]
    assert await lookups.get("missing-99") is None
    assert source.reads == []
    assert len(lookups._missing) == len(lookups._found) == 3
    source.values["d"] = 4
    await lookups.get("d")
    await lookups.get("a")
    assert source.reads == ["d", "a"]
