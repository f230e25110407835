"""What a log shows of an exception begins where it concerns the reader."""

from __future__ import annotations

import traceback

import pytest

from xpander_client import Task
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.serialization import loads
from xpander_client.worker.attempts.execution import execute
from xpander_client.worker.attempts.handler import HandlerFunction, inspect_handler
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.attempts.trace import make_exc_info

TASK = b"""{"id": "t", "agent_id": "a", "organization_id": "o", "input": {},
"created_at": "2026-11-30T10:00:00Z"}"""


def sums(task: Task) -> Task:
    return add_up(task)


async def async_sums(task: Task) -> Task:
    return add_up(task)


def add_up(task: Task) -> Task:
    raise NameError("name 'taks' is not defined")


async def emit(event: object) -> None:
    raise AssertionError("no event is expected")


@pytest.mark.parametrize(("function", "name"), [(sums, "sums"), (async_sums, "async_sums")])
async def test_the_lines_of_a_handler_come_first(function: HandlerFunction, name: str) -> None:
    threads = HandlerThreads(1)
    with pytest.raises(NameError) as raised:
        await execute(inspect_handler(function), loads(TASK, Task), threads, emit)
    threads.close()
    trace = raised.value.__traceback__
    assert trace is not None
    _, error, shown = make_exc_info(raised.value.with_traceback(trace.tb_next))
    assert error is raised.value
    names = [frame.name for frame in traceback.extract_tb(shown)]
    assert names == [name, "add_up"]


def test_of_an_exception_of_the_package_all_is_shown() -> None:
    with pytest.raises(ConversionError) as raised:
        loads(b"{", Task)
    trace = raised.value.__traceback__
    assert trace is not None
    error = raised.value.with_traceback(trace.tb_next)
    assert make_exc_info(error) == (type(error), error, trace.tb_next)
