"""Executions: tasks, as scripts that drive the loop themselves know them."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Any, Self

import attrs

from xpander_client.api.models import AgentExecutionStatus, User
from xpander_client.api.resources import Task, TasksListItem
from xpander_client.lacking import refuse_attributes
from xpander_client.legacy.usage import Tokens, read_tokens


class ExecutionStatus(StrEnum):
    """Where an execution stands, in the loop's words; `raw_status` has the platform's.

    Example:
        >>> ExecutionStatus.COMPLETED == "COMPLETED"
        True
    """

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"

    EXECUTING = RUNNING
    """The word of version 1.x for `RUNNING`."""
    ERROR = FAILED
    """The word of version 1.x for `FAILED`."""


_STATUSES = {
    "pending": ExecutionStatus.PENDING,
    "executing": ExecutionStatus.RUNNING,
    "paused": ExecutionStatus.RUNNING,
    "completed": ExecutionStatus.COMPLETED,
    "error": ExecutionStatus.FAILED,
    "failed": ExecutionStatus.FAILED,
    "stopped": ExecutionStatus.FAILED,
}


class ExecutionInput(str):
    """What was asked: a text, with the `files` and the `user` that came with it.

    Example:
        >>> asked = ExecutionInput("Sum up", ["https://example.com/sales.csv"])
        >>> asked, asked.text, asked.files
        ('Sum up', 'Sum up', ['https://example.com/sales.csv'])
    """

    __slots__ = ("files", "user")

    files: list[str]
    user: User | None

    def __new__(cls, text: str, files: list[str] | None = None, user: User | None = None) -> Self:
        """Return a text with what came with it."""
        made = super().__new__(cls, text)
        made.files = list(files or ())
        made.user = user
        return made

    @property
    def text(self) -> str:
        """The text alone."""
        return str(self)


def _read_status(raw: str | None) -> ExecutionStatus | str:
    """Return the loop's word for a platform's; one that is not known stays as it is.

    Example:
        >>> _read_status("executing"), _read_status("hibernating")
        (<ExecutionStatus.RUNNING: 'RUNNING'>, 'hibernating')
    """
    return _STATUSES.get(raw or "pending", raw or "pending")


class _Outcome:
    """What executions and their lines in lists say alike."""

    __slots__ = ()

    def _show_fields(self) -> tuple[str, AgentExecutionStatus | None, str | None]:
        """Return the id, the platform's status, and the result or the error's text."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """The execution's id, which is the task's."""
        return self._show_fields()[0]

    @property
    def execution_id(self) -> str:
        """The same as `id`."""
        return self.id

    @property
    def raw_status(self) -> AgentExecutionStatus:
        """Where it stands, in the platform's words."""
        return self._show_fields()[1] or AgentExecutionStatus.Pending

    @property
    def status(self) -> ExecutionStatus | str:
        """Where it stands: PENDING, RUNNING, COMPLETED or FAILED.

        A status that this release does not know comes as the platform wrote it.
        """
        return _read_status(str(self.raw_status))

    @property
    def result(self) -> str | None:
        """What came out, of one that is COMPLETED."""
        return self._show_fields()[2] if self.status == ExecutionStatus.COMPLETED else None

    @property
    def error(self) -> str | None:
        """What went wrong, of one that is FAILED."""
        if self.status != ExecutionStatus.FAILED:
            return None
        return self._show_fields()[2] or f"the execution ended as {self.raw_status}"


@attrs.frozen
class Execution(_Outcome):
    """A task, as it was when the platform was asked; `task` is the task itself.

    Example:
        >>> from xpander_client import AgentExecutionInput, Task
        >>> import datetime
        >>> now = datetime.datetime.now(datetime.UTC)
        >>> asked = AgentExecutionInput(text="Sum up the sales")
        >>> execution = Execution(Task(
        ...     id="task-1", agent_id="agent-sales", organization_id="acme", input=asked,
        ...     created_at=now, status="executing",
        ... ))
        >>> execution.status == "RUNNING", execution.raw_status == "executing", execution.input
        (True, True, 'Sum up the sales')
    """

    task: Task

    def _show_fields(self) -> tuple[str, AgentExecutionStatus | None, str | None]:
        return self.task.id, self.task.status, self.task.result

    @property
    def agent_id(self) -> str:
        """The agent that it is for."""
        return self.task.agent_id

    @property
    def organization_id(self) -> str:
        """The organization that it belongs to."""
        return self.task.organization_id

    @property
    def input(self) -> ExecutionInput:
        """What was asked."""
        given = self.task.input
        return ExecutionInput(given.text or "", given.files, given.user)

    @property
    def input_message(self) -> dict[str, Any]:
        """What was asked, as a user's message."""
        return {"role": "user", "content": str(self.input)}

    @property
    def memory_thread_id(self) -> str | None:
        """The thread that its messages are in; None until it has one."""
        return self.task.memory_thread_id

    @property
    def thread_id(self) -> str | None:
        """The same as `memory_thread_id`: what `add_task(thread_id=…)` takes to go on from here."""
        return self.task.memory_thread_id

    @property
    def created_at(self) -> datetime.datetime:
        """When it was created."""
        return self.task.created_at

    @property
    def updated_at(self) -> datetime.datetime:
        """When its status last changed, as far as the platform says."""
        task = self.task
        return task.finished_at or task.paused_at or task.started_at or task.created_at

    @property
    def parent_execution(self) -> str | None:
        """The execution that started it."""
        return self.task.parent_execution

    @property
    def last_executed_node_id(self) -> str | None:
        """The node of the agent's graph that ran last."""
        return self.task.last_executed_node_id

    @property
    def llm_tokens(self) -> Tokens:
        """What models took for it, as far as a worker or the platform has said."""
        return read_tokens(self.task)

    @property
    def worker_id(self) -> str | None:
        """Who carries it out, as far as the platform says."""
        return self.task.additional_properties.get("worker_id")

    @property
    def agent_version(self) -> str | int | None:
        """The agent's version that it is for."""
        return self.task.agent_version


refuse_attributes(
    Execution, "create", "fetch", "init_execution", "retrieve_pending_execution", "update"
)


@attrs.frozen
class ListedExecution(_Outcome):
    """A task, as lists show it; `get_execution` gets all of it."""

    item: TasksListItem

    def _show_fields(self) -> tuple[str, AgentExecutionStatus | None, str | None]:
        return self.item.id, self.item.status, self.item.result

    @property
    def agent_id(self) -> str:
        """The agent that it is for."""
        return self.item.agent_id

    @property
    def created_at(self) -> datetime.datetime | None:
        """When it was created."""
        return self.item.created_at

    @property
    def updated_at(self) -> datetime.datetime | None:
        """When it last changed."""
        return self.item.updated_at

    @property
    def title(self) -> str | None:
        """A short name."""
        return self.item.title
