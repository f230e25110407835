"""What the HTTP side asks of the worker that it belongs to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

import attrs

from xpander_client.api.models import TaskUpdateEvent
from xpander_client.api.resources import Task


@attrs.frozen
class Caller:
    """Who invokes: a key that may use the agent. One that is restricted may not use all others."""

    key: str = attrs.field(repr=False)
    is_restricted: bool = False


@attrs.frozen
class Invocation:
    """A task that may be run. With a `caller` the platform does not know it, and what it needs of
    the platform is done with the caller's key; else it is the platform's record of the task.
    """

    task: Task
    caller: Caller | None = None


class InvocationFailed(Exception):
    """The handler raised; `text` is what the caller is told. The task ended as `error`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class InvocationRefused(Exception):
    """The task is not begun: `status` is the HTTP status of the answer, `detail` the reason.

    `path` is the place in the request's body, as in ``$.input.files[1]``, where one is meant.
    """

    def __init__(self, status: int, detail: str, path: str | None = None) -> None:
        super().__init__(status, detail, path)
        self.status = status
        self.detail = detail
        self.path = path

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}" + (f" ({self.path})" if self.path else "")


class Invocations(Protocol):
    """Runs the tasks that arrive over HTTP, as those that the platform dispatches are run."""

    @property
    def agent_id(self) -> str:
        """The agent whose tasks these are."""
        ...

    @property
    def is_streaming(self) -> bool:
        """Whether the handler yields events: then `stream` is called, else `run`."""
        ...

    async def admit(self, task: Task, caller: Caller) -> Invocation:
        """Return the task as it is to be run, if this caller may have it run.

        Raises:
            InvocationRefused: it may not, or the platform can't be asked.
        """
        ...

    async def run(self, invocation: Invocation) -> Task:
        """Run the task, and return it as the platform has it by then.

        A caller that goes away changes nothing: the task runs on, and its result is kept. Only a
        server that is stopped cancels this.

        Raises:
            InvocationFailed: the handler raised, or returned something else.
            InvocationRefused: the task was not begun.
        """
        ...

    def stream(self, invocation: Invocation) -> AsyncGenerator[TaskUpdateEvent, None]:
        """Yield the events of a streaming handler, the last one `task_finished`, with the task as
        data.

        A handler that raises ends its task as `error`, which is a `task_finished` too. A caller
        that goes away before that event ends the generator early, wherever it is: closed where it
        yields, cancelled where it awaits. Either way it is to end the handler, and the task as
        stopped; it may await while it does. An event that has no JSON form is raised, as an
        `ArgumentError`, where it was yielded.

        Raises:
            InvocationFailed: the handler failed, and there is no task to tell it with.
            InvocationRefused: the task was not begun. Only before the first event.
        """
        ...
