"""Calls of async host functions: they begin when they are awaited, together, and only then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.agents.sandbox.sandboxes import opened, ran
from xpander_client.agents import Agent, scripted
from xpander_client.agents.sandbox.stubs import describe_capabilities


class Shop:
    """Has an async method."""

    def __init__(self) -> None:
        self.began: list[int] = []

    async def fetch(self, n: int) -> int:
        self.began.append(n)
        await asyncio.sleep(0)
        return n * 10


def agent_with(code: list[str], shop: Shop) -> Callable[[], Any]:
    agent = Agent(llm=scripted(code))
    agent.cls(Shop)
    together = asyncio.Semaphore(0)

    @agent.fn
    async def fetch(n: int) -> int:
        return await shop.fetch(n)

    @agent.fn
    async def meet(n: int) -> int:
        # Ends only when two are under way at the same time.
        together.release()
        if n == 2:
            await together.acquire()
            await together.acquire()
        return n

    @agent.fn
    def note(n: int) -> int:
        shop.began.append(n)
        return n

    @agent.fn
    def the_shop() -> Shop:
        return shop

    @agent.task
    async def sub(n: int) -> int:  # type: ignore[empty-body]
        """Do a part."""

    @agent.task
    async def work() -> Any:
        """Work."""

    return work


@pytest.mark.parametrize(
    ("code", "result", "began"),
    [
        ("x = fetch(1)\ntask_success(await x)", 10, [1]),
        (
            "calls = [fetch(n) for n in (1, 2)]\ntask_success(await asyncio.gather(*calls))",
            [10, 20],
            [1, 2],
        ),
        ("task_success(await asyncio.gather(*[fetch(1), fetch(2)]))", [10, 20], [1, 2]),
        ("task_success(await asyncio.gather(meet(2), meet(1)))", [2, 1], []),
        ("a, b = meet(2), meet(1)\ntask_success([await a, await b])", [2, 1], []),
        ("s = the_shop()\nx = s.fetch(3)\ntask_success(await x)", 30, [3]),
        ("async def both():\n    a = fetch(1)\n    return await a + await fetch(2)\n"
         "task_success(await both())", 30, [1, 2]),
        ("async def f():\n    return await fetch(1)\ntask_success(asyncio.run(f()))", 10, [1]),
        ("task_success(asyncio.run(fetch(1)))", 10, [1]),
        ("d = {'k': fetch(1)}\ntask_success({k: await v for k, v in d.items()})", {"k": 10}, [1]),
        ("t = asyncio.create_task(fetch(1))\ntask_success(await t)", 10, [1]),
        ("import asyncio as aio\nt = aio.ensure_future(fetch(1))\ntask_success(await t)", 10, [1]),
        ("from asyncio import create_task as c, gather\nt = [c(fetch(n)) for n in (1, 2)]\n"
         "task_success(await gather(*t))", [10, 20], [1, 2]),
        # Where nothing is awaited, a call gives its result.
        ("task_success(fetch(1) + 1)", 11, [1]),
        # A sync function may be awaited, too: it has run, so it must not fail.
        ("task_success(await note(1))", 1, [1]),
        ("task_success(await asyncio.gather(note(1), fetch(2)))", [1, 20], [1, 2]),
        ("task_success(await asyncio.gather(*[note(n) for n in (1, 2)]))", [1, 2], [1, 2]),
        ("task_success(await fetch(note(1)))", 10, [1, 1]),
        ("import heapq\ntask_success(await asyncio.gather(note(1), fetch(2)))", [1, 20], [1, 2]),
        ("await asyncio.sleep(0.001)\ntask_success(1)", 1, []),
        ("async def late(n):\n    await asyncio.sleep(0.001)\n    return await fetch(n)\n"
         "task_success(await asyncio.gather(late(1), late(2)))", [10, 20], None),
    ],
)  # fmt: skip
def test_async_calls_run_when_they_are_awaited(
    code: str, result: object, began: list[int] | None
) -> None:
    shop = Shop()
    work = agent_with([f"import asyncio\n{code}", "task_fail('the first block failed')"], shop)
    assert asyncio.run(work()) == result
    assert began is None or sorted(shop.began) == sorted(began)


@pytest.mark.parametrize(
    "code",
    [
        "x = fetch(1)\nprint(x['a'])\nawait fetch(2)",
        "calls = [fetch(1), fetch(2)]\nnothing\nawait asyncio.gather(*calls)",
        "x = fetch(1)\nif False:\n    await x\ntask_success('done')",
        "fetch(1)\nasync def f():\n    await fetch(2)\ntask_success('done')",
    ],
)
def test_what_is_never_awaited_has_not_run_and_the_model_is_told(code: str) -> None:
    shop = Shop()
    events: list[Any] = []
    work = agent_with([f"import asyncio\n{code}", "task_success('told')"], shop)
    assert asyncio.run(work(on_event=events.append)) == "told"  # type: ignore[call-arg]
    assert shop.began == []
    told = "".join(str(part) for event in events for part in getattr(event, "parts", ()))
    assert "The block failed" in told
    assert "await" in told or "nothing" in told


def test_the_model_is_told_which_functions_are_async() -> None:
    async def fetch(n: int) -> int:
        return n

    def plain(n: int) -> int:
        return n

    capabilities = opened(fetch, plain)
    capabilities.add_class(Shop)
    text = describe_capabilities(capabilities)
    assert "async def fetch(n: 'int') -> 'int': ..." in text
    assert "\ndef plain(n: 'int') -> 'int': ..." in f"\n{text}"
    assert "    async def fetch(self, n: 'int') -> 'int': ..." in text


def test_sleeps_may_run_beside_each_other_and_are_bounded() -> None:
    code = "import asyncio\nawait asyncio.gather(*[asyncio.sleep({}) for _ in range(9)])"
    assert ran(code.format(0.001)).error is None
    assert "TimeoutError: sleep limit exceeded" in str(ran(code.format(6)).error)


def test_what_is_under_way_when_a_block_ends_is_given_up() -> None:
    given_up = threading.Event()
    agent = Agent(llm=scripted(["a, b = wait(), fail()\nawait b", "task_success(1)"]))

    @agent.fn
    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    @agent.fn
    async def fail() -> None:
        raise ValueError("no")

    @agent.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    assert asyncio.run(work()) == 1
    assert given_up.is_set()
