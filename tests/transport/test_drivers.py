"""One description, carried out in both worlds."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from xpander_client.core.steps import Steps, ask, run, together
from xpander_client.errors import ArgumentError
from xpander_client.transport.drivers import adrive, drive


def both(steps: Any) -> tuple[Any, Any]:
    """What a description gives in sync and in async code."""
    return drive(steps()), asyncio.run(adrive(steps()))


async def _double(x: int) -> int:
    return 2 * x


def test_a_call_is_made_in_the_form_of_the_world() -> None:
    made: list[str] = []

    def call(x: int) -> int:
        made.append("sync")
        return 2 * x

    async def acall(x: int) -> int:
        made.append("async")
        return 2 * x

    def steps() -> Steps[int]:
        first = yield from ask(call, acall, 1)
        return (yield from ask(call, acall, x=first))

    assert both(steps) == (4, 4)
    assert made == ["sync", "sync", "async", "async"]


def test_an_exception_arrives_where_the_step_was_asked_for() -> None:
    def call() -> int:
        raise ValueError("no")

    async def acall() -> int:
        raise ValueError("no")

    def steps() -> Steps[str]:
        try:
            yield from ask(call, acall)
        except ValueError as error:
            return f"caught {error}"
        return "nothing"

    assert both(steps) == ("caught no", "caught no")


def test_branches_run_at_the_same_time_and_keep_their_order() -> None:
    def steps_of(meeting: threading.Barrier) -> Any:
        def meet(x: int) -> int:
            meeting.wait(10)
            return x

        def branch(x: int) -> Steps[int]:
            met: int = yield from run(meet, x)
            return met

        return lambda: together([branch(x) for x in range(4)])

    assert drive(steps_of(threading.Barrier(4))()) == [0, 1, 2, 3]
    assert asyncio.run(adrive(steps_of(threading.Barrier(4))())) == [0, 1, 2, 3]


def test_all_branches_end_before_one_that_failed_is_heard_of() -> None:
    ended: list[int] = []

    def fail() -> None:
        raise ValueError("no")

    def steps() -> Steps[Any]:
        return together([run(fail), run(ended.append, 1), run(ended.append, 2)])

    for carry_out in (drive, lambda steps: asyncio.run(adrive(steps))):
        ended.clear()
        with pytest.raises(ValueError, match="no"):
            carry_out(steps())
        assert sorted(ended) == [1, 2]


def test_an_async_function_is_awaited_or_refused() -> None:
    assert asyncio.run(adrive(run(_double, 2))) == 4
    with pytest.raises(ArgumentError, match="_double is async"):
        drive(run(_double, 2))


def test_a_sync_function_does_not_hold_up_the_loop() -> None:
    async def main() -> bool:
        release = threading.Event()

        async def let_go() -> None:
            release.set()

        waiting = asyncio.ensure_future(adrive(run(release.wait, 10)))
        await asyncio.sleep(0)
        await let_go()
        return bool(await waiting)

    assert asyncio.run(main())
