"""Descriptions are carried out the same in both worlds."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from xpander_client.core.steps import acarry_out, carry_out


def both(description: Any, do: Any) -> tuple[Any, Any]:
    async def ado(step: Any) -> Any:
        return do(step)

    return carry_out(description(), do), asyncio.run(acarry_out(description(), ado))


def test_each_step_is_done_and_its_result_sent_back() -> None:
    def description() -> Generator[int, int, list[int]]:
        first = yield 1
        second = yield first
        return [first, second]

    assert both(description, lambda step: step + 10) == ([11, 21], [11, 21])


def test_what_is_raised_arrives_at_the_step_and_may_be_dealt_with() -> None:
    def description() -> Generator[str, None, str]:
        try:
            yield "impossible"
        except ValueError as error:
            return f"no: {error}"
        return "yes"

    def do(step: str) -> None:
        raise ValueError(step)

    assert both(description, do) == ("no: impossible", "no: impossible")


def test_what_is_not_dealt_with_ends_it_after_its_own_clearing_up() -> None:
    cleared: list[str] = []

    def description() -> Generator[str, None, None]:
        try:
            yield "stop"
        finally:
            cleared.append("up")

    def do(step: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(description(), do)
    assert cleared == ["up"]


def test_a_stop_iteration_of_a_step_does_not_end_the_description() -> None:
    def description() -> Generator[str, None, str]:
        yield "step"
        return "end"

    def do(step: str) -> None:
        raise StopIteration("not the end")

    with pytest.raises(RuntimeError):
        carry_out(description(), do)
