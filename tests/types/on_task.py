"""A worker's handlers: forms that `on_task` takes, and what the decorator refuses at run time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from typing import Any, assert_type

from xpander_client import Configuration, Task, TaskUpdateEvent, on_task
from xpander_client.agents import Agent
from xpander_client.worker import Worker, run


@on_task
def shout(task: Task) -> Task:
    """A plain function."""
    return task


@on_task
async def ask(task: Task) -> Task:
    """A coroutine function."""
    return task


@on_task
async def spell(task: Task) -> AsyncIterator[TaskUpdateEvent]:
    """An async generator."""
    async for event in task.aevents():
        yield event


@on_task(configuration=Configuration(api_key="key"))
async def generate(task: Task) -> AsyncGenerator[TaskUpdateEvent, None]:
    """An async generator, called so."""
    async for event in task.aevents():
        yield event


@on_task
def more(*, task: Task, retries: int = 3, **rest: Any) -> Task:
    """What else there is has a value."""
    return task


class Shop:
    """Objects and methods."""

    def __call__(self, task: Task) -> Task:
        return task

    async def order(self, task: Task) -> Task:
        return task


def translate(language: str, task: Task) -> Task:
    return task


on_task(Shop())
on_task(Shop().order)
on_task(partial(translate, "fr"))
on_task(Agent().as_handler("name"))
assert_type(shout(Task.load("1")), Task)
named: Callable[[Task], Coroutine[Any, Any, Task]] = ask
Worker(shout)
run(spell)


@on_task  # type: ignore[call-overload]
def other_name(thing: Task) -> Task:
    return thing


@on_task()  # type: ignore[type-var]
async def other_name_again(thing: Task) -> Task:
    return thing


@on_task  # type: ignore[call-overload]
def no_parameter() -> Task:
    return Task.load("1")


@on_task  # type: ignore[call-overload]
def gathered(*task: Task) -> Task:
    return task[0]


@on_task  # type: ignore[call-overload]
def two_parameters(task: Task, region: str) -> Task:
    return task


@on_task  # type: ignore[call-overload]
def another_type(task: str) -> Task:
    return Task.load(task)


@on_task  # type: ignore[call-overload]
async def no_result(task: Task) -> None:
    pass


@on_task  # type: ignore[call-overload]
def sync_generator(task: Task) -> Iterator[TaskUpdateEvent]:
    yield from task.events()


Worker(translate)  # type: ignore[arg-type]
run(translate)  # type: ignore[arg-type]
