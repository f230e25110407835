"""Writes an attempt's beginning, events and end into the platform's record of the task."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

from xpander_client.api.models import AgentExecutionStatus
from xpander_client.api.requests import tasks
from xpander_client.api.resources import Task
from xpander_client.core.answer import BRIEF, Response
from xpander_client.core.result import error_text
from xpander_client.errors import CallError
from xpander_client.transport import Transport
from xpander_client.transport.tracked_object import fence
from xpander_client.worker.channel.delivery import Delivery, deliver

_ATTEMPT = "execution_attempts"

Claim = Callable[[], Awaitable[Response[Task]]]
"""Takes a task for a worker, as often as it is called; the answer is the task."""


def claiming(transport: Transport, task_id: str, worker_id: str) -> Claim:
    """Make what claims a task that the platform did not send for a worker that begins it."""
    fields = {"status": "executing", "worker_id": worker_id, "run_locally": True}
    spec = tasks.update_fields(task_id=task_id, fields=fields)
    return lambda: transport.acall(spec, Task)


class Record:
    """The platform's record of one task, as one attempt may write it.

    Every write says which attempt it is from (`number`), so that a late one is refused. With
    `keep_away` nothing is written any more: the platform does not know the task.
    """

    def __init__(
        self,
        task_id: str,
        number: int | None,
        body: bytes,
        transport: Transport,
        is_given_up: Callable[[], bool],
        log: logging.LoggerAdapter[logging.Logger],
    ) -> None:
        self.is_kept = True
        self.task_id = task_id
        self._body = body
        self._number = number
        self._is_given_up = is_given_up
        # What a handler itself sends with its task is fenced the same way.
        fenced = {} if number is None else {"x-execution-attempt": str(number)}
        self.transport = transport.options(headers=fenced)
        self._log = log

    def bind_fenced(self, task: Task) -> Task:
        """Bind the task so that what is saved with it counts as this attempt's.

        Its `is_stop_requested` says whether the attempt is given up.
        """
        always = {} if self._number is None else {_ATTEMPT: self._number}
        return fence(task, self.transport, self._body, always, self._is_given_up)

    def keep_away(self) -> None:
        """Write nothing from now on."""
        self.is_kept = False

    async def begin(self, task: Task) -> tuple[Delivery, str]:
        """Say that the handler begins, however long it takes to get through."""
        return await deliver(
            lambda: task.aset_status(AgentExecutionStatus.Executing), "the beginning", self._log
        )

    async def is_stopped(self) -> bool:
        """Tell whether the task is stopped there; False where the platform can't be asked."""
        try:
            answer = await self.transport.acall(tasks.get(task_id=self.task_id), Task)
        except CallError as error:
            self._log.debug("could not ask whether the task was stopped: %s", error)
            return False
        return answer.parsed.status == AgentExecutionStatus.Stopped

    async def end(self, finished: Task) -> tuple[Delivery, str]:
        """Write down how the task ended, its plan included, and what it took.

        Raises:
            Exception: what is set on the task can't be sent.
        """
        delivery, why = await self._deliver(
            lambda: finished.asave(with_deep_plan_update=True), "the result", probe=self.probe
        )
        if delivery is Delivery.DELIVERED:
            await self._report_metrics(finished)
        return delivery, why

    async def end_as_error(self, task: Task, error: BaseException) -> str:
        """Write down that the handler failed, with what it had set on the task; returns the text.

        What can't be sent, or is refused, is left out.
        """
        task.status = AgentExecutionStatus.Error
        task.result = text = error_text(error)
        try:
            delivery, why = await self._deliver(task.asave, "the error", probe=self.probe)
        except Exception:
            await self.end_as_bare_error(text)
            return text
        match delivery:
            case Delivery.DELIVERED:
                await self._report_metrics(task)
            case Delivery.LOST:
                self._log.warning("the error is dropped: %s", why)
            case Delivery.REFUSED:
                await self.end_as_bare_error(text)
            case _:
                assert_never(delivery)
        return text

    async def end_as_bare_error(self, text: str) -> None:
        """End the task as an error, saying nothing else about it."""
        await self._end_as("error", {"result": text})

    async def end_as_stopped(self) -> None:
        """End the task as stopped: nobody waits for it any more."""
        await self._end_as("stopped", {})

    async def hand_back(self) -> None:
        """Put the task back into the queue, for another worker."""
        if self.is_kept:
            await self._update({"status": "pending"})
            self._log.info("handed back for another worker")

    async def _end_as(self, status: str, more: dict[str, Any]) -> None:
        delivery, why = await self._deliver(
            lambda: self._update({"status": status, **more}), f"status {status}"
        )
        match delivery:
            case Delivery.DELIVERED:
                pass
            case Delivery.LOST:
                self._log.warning("status %s is dropped: %s", status, why)
            case Delivery.REFUSED:
                self._log.error("the platform refuses status %s: %s", status, why)
            case _:
                assert_never(delivery)

    async def probe(self) -> None:
        """Write what is so already: the task is being executed."""
        await self._update({"status": "executing"})

    async def _deliver(
        self,
        write: Callable[[], Awaitable[object]],
        what: str,
        *,
        probe: Callable[[], Awaitable[object]] | None = None,
    ) -> tuple[Delivery, str]:
        if not self.is_kept:
            return Delivery.DELIVERED, ""
        return await deliver(write, what, self._log, probe=probe)

    async def _update(self, fields: dict[str, Any]) -> None:
        if self._number is not None:
            fields[_ATTEMPT] = self._number
        brief = self.transport.options(headers=BRIEF)
        await brief.acall(tasks.update_fields(task_id=self.task_id, fields=fields), None)

    async def _report_metrics(self, task: Task) -> None:
        if task.tokens is None or not self.is_kept:
            return
        try:
            await task.areport_metrics()
        except Exception as error:  # the task has ended, whatever stands there as its tokens
            self._log.warning("metrics were not reported: %s", error)
