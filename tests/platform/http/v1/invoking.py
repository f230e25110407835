"""What the tests of the official REST do of a caller's and of a worker's doings."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import httpx

from tests.platform.wire import Worker

T = TypeVar("T")

TEXT = {"input": {"text": "What is 2+2?"}}
AGENT = "/v1/agents/sales"


def invoke(http: httpx.Client, mode: str = "/async", **body: Any) -> dict[str, Any]:
    answer = http.post(f"{AGENT}/invoke{mode}", json={**TEXT, **body})
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()
    return task


@contextlib.contextmanager
def beside(call: Callable[[], T]) -> Iterator["Future[T]"]:
    """Make a blocking call beside what the test does."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(call)


def work_off(w: Worker, result: str) -> dict[str, Any]:
    """Do the next task."""
    task = w.task()
    w.begin(task)
    w.finish(task, result)
    return task
