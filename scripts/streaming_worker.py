"""A worker whose answers are seen while they are written: `python -m scripts.streaming_worker`.

It thinks up no answer of its own: where a language model would stand, it says the prompt back, one
word at a time. `streaming_follower.py` shows the words as they come. Who it is and where the
platform is comes from the environment, as `xpander-client dev` prints it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from xpander_client import Task, TaskUpdateEvent, TaskUpdateEventType, on_task

PAUSE = 0.15
"""Seconds between two words."""


@on_task
async def answer(task: Task) -> AsyncIterator[TaskUpdateEvent]:
    """Yield each word as a chunk, and set the result to all of them."""
    words: list[str] = []
    async for word in words_of_model(task.to_message()):
        words.append(word)
        yield event(task, TaskUpdateEventType.Chunk, word)
    task.result = "".join(words)
    yield event(task, TaskUpdateEventType.TaskFinished, task)


async def words_of_model(prompt: str) -> AsyncIterator[str]:
    """Yield what a model would stream."""
    for word in f"You said: {prompt}".split():
        await asyncio.sleep(PAUSE)
        yield f"{word} "


def event(task: Task, kind: TaskUpdateEventType, data: object) -> TaskUpdateEvent:
    """Make an event of the task."""
    return TaskUpdateEvent(
        type=kind,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.now(UTC),
        data=data,
    )
