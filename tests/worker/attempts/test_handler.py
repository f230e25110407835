"""What a function must look like to be a handler, and how handlers are told apart."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.worker.events import chunk
from xpander_client import Configuration, Task, TaskUpdateEvent, on_task
from xpander_client.worker.attempts.handler import inspect_handler


def sync_handler(task: Task) -> Task:
    return task


async def async_handler(task: Task) -> Task:
    return task


class CallableObject:
    def __call__(self, task: Task) -> Task:
        return task


class AsyncCallableObject:
    async def __call__(self, task: Task) -> Task:
        return task

    async def method(self, task: Task) -> Task:
        return task

    @staticmethod
    def static(task: Task) -> Task:
        return task


async def with_settings(task: Task, *, settings: str) -> Task:
    return task


async def streaming_handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
    yield chunk(task, "hello")


class StreamingCallableObject:
    async def __call__(self, task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "hello")

    async def method(self, task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "hello")


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def collected(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(task: Task) -> Task:
        task.result = "".join([event.data async for event in function(task)])
        return task

    return wrapper


def keyword_only(*, task: Task) -> Task:
    return task


def positional_only(task: Task, /) -> Task:
    return task


@pytest.mark.parametrize(
    ("function", "is_async"),
    [
        (sync_handler, False),
        (async_handler, True),
        (functools.partial(sync_handler), False),
        (functools.partial(functools.partial(with_settings), settings="x"), True),
        (CallableObject(), False),
        (AsyncCallableObject(), True),
        (AsyncCallableObject().method, True),
        (AsyncCallableObject.static, False),
        (functools.partial(AsyncCallableObject()), True),
        # Only its call shows that it hands on a coroutine, so it is called like a sync one.
        (logged(async_handler), False),
        (keyword_only, False),
        (positional_only, False),
    ],
)
def test_sync_and_async_handlers_are_told_apart(
    function: Callable[..., Any], is_async: bool
) -> None:
    assert inspect_handler(function).is_async is is_async


@pytest.mark.parametrize(
    "function",
    [sync_handler, keyword_only, positional_only, CallableObject(), logged(sync_handler)],
)
def test_the_task_reaches_the_parameter_however_it_is_declared(
    function: Callable[..., Any],
) -> None:
    marker: Any = object()
    assert inspect_handler(function).call(marker) is marker


async def test_a_wrapped_coroutine_function_still_gives_its_coroutine() -> None:
    marker: Any = object()
    result = inspect_handler(logged(async_handler)).call(marker)
    assert asyncio.iscoroutine(result)
    assert await result is marker


@pytest.mark.parametrize(
    ("function", "is_streaming"),
    [
        (streaming_handler, True),
        (functools.partial(streaming_handler), True),
        (StreamingCallableObject(), True),
        (StreamingCallableObject().method, True),
        (functools.partial(StreamingCallableObject()), True),
        (logged(streaming_handler), True),
        (logged(logged(StreamingCallableObject().method)), True),
        # What is around the generator uses it up, and returns the task.
        (collected(streaming_handler), False),
        (sync_handler, False),
        (async_handler, False),
        (logged(async_handler), False),
    ],
)
def test_streaming_handlers_are_told_from_regular_ones(
    function: Callable[..., Any], is_streaming: bool
) -> None:
    handler = inspect_handler(function)
    assert handler.is_streaming is is_streaming
    assert handler.is_async or not is_streaming


def test_a_handler_without_a_parameter_named_task_is_refused_by_name() -> None:
    def summarize(thing: Task) -> Task:
        return thing

    with pytest.raises(TypeError, match=r"summarize\(\) must have a parameter named `task`"):
        on_task(summarize)  # type: ignore[call-overload]  # a checker sees it too
    with pytest.raises(TypeError, match=r"summarize\(\) must have"):
        on_task(configuration=Configuration(api_key="k"))(summarize)  # type: ignore[type-var]


def test_gathering_parameters_are_no_task_parameter() -> None:
    def gathers(**task: object) -> Task:
        raise AssertionError

    with pytest.raises(TypeError, match="must have a parameter named `task`"):
        inspect_handler(gathers)


def test_a_second_required_parameter_is_refused_by_name() -> None:
    def summarize(task: Task, region: str) -> Task:
        return task

    with pytest.raises(TypeError, match=r"summarize\(\) .* `region` has no default"):
        on_task(summarize)  # type: ignore[call-overload]  # a checker sees it too


def test_a_sync_generator_is_refused() -> None:
    def items(task: Task) -> Iterator[Task]:
        yield task

    with pytest.raises(TypeError, match=r"items\(\) .* it is a sync generator"):
        inspect_handler(items)  # type: ignore[arg-type]  # a checker sees it too


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="is no function"):
        inspect_handler("handler")  # type: ignore[arg-type]  # a checker sees it too


def test_a_decorated_function_is_the_function_itself() -> None:
    def handler(task: Task) -> Task:
        return task

    assert on_task(handler) is handler
    assert on_task()(handler) is handler
    assert on_task(configuration=Configuration(api_key="k"))(handler) is handler
