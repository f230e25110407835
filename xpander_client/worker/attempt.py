"""One try at one task: begin, run the handler, hand in what it made."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import MutableMapping
from typing import Any

import attrs

from xpander_client.api.models import AgentExecutionStatus
from xpander_client.api.plans import tasks
from xpander_client.api.resources import Task
from xpander_client.core.convert import ConversionError, loads
from xpander_client.errors import CallError, ModuleException
from xpander_client.transport import Transport
from xpander_client.transport.bound import fence

from .delivery import Delivery, deliver
from .handler import Handler
from .listener import Offered
from .result import error_text, result_text
from .threads import HandlerThreads

__all__ = ["Attempt"]

_logger = logging.getLogger("xpander_client.worker")

ATTEMPT = "execution_attempts"


@attrs.frozen
class _Returned:
    value: object


@attrs.frozen
class _Raised:
    error: BaseException


class _Log(logging.LoggerAdapter[logging.Logger]):
    """Puts the task and the attempt on every line."""

    def __init__(self, offered: Offered) -> None:
        super().__init__(_logger, {"task_id": offered.task_id, "attempt": offered.attempt})

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        extra = self.extra or {}
        kwargs["extra"] = extra
        return f"task {extra['task_id']} (attempt {extra['attempt']}): {msg}", kwargs


class Attempt:
    """Runs one offered task. Every write says which attempt it is from: a late one is refused."""

    def __init__(
        self, offered: Offered, handler: Handler, transport: Transport, threads: HandlerThreads
    ) -> None:
        self.task_id = offered.task_id
        self.number = offered.attempt
        self._offered = offered
        self._handler = handler
        self._threads = threads
        # What a handler itself sends with its task is fenced the same way.
        self._transport = transport.options(headers={"x-execution-attempt": str(offered.attempt)})
        self._log = _Log(offered)
        self._execution: asyncio.Task[_Returned | _Raised] | None = None
        self._delivering = False
        self._given_up: str | None = None
        self.has_begun = False

    def give_up(self, reason: str) -> None:
        """End the handler, if it is async, and drop its result: nobody waits for it any more."""
        if self._given_up is None and not self._delivering:
            self._given_up = reason
            if self._execution is not None:
                self._execution.cancel()

    async def run(self) -> None:
        """The whole attempt; faults end up in the task or in the log, never here."""
        if not self._is_wanted():
            return
        try:
            task = self._fenced(loads(self._offered.body, Task))
        except ConversionError as error:
            self._log.error("this worker cannot read the task: %s", error)
            await self._report(f"the worker could not read the task: {error}")
            return
        self.has_begun = True
        delivery, why = await deliver(
            lambda: task.aset_status(AgentExecutionStatus.Executing), "the beginning", self._log
        )
        if delivery is not Delivery.DELIVERED:
            self._log.info("not begun: %s", why)
            return
        outcome = None
        if self._is_wanted():
            self._log.info("begun")
            self._execution = asyncio.create_task(self._execute(task))
            try:
                outcome = await self._wait_for(self._execution)
            except asyncio.CancelledError:
                # The worker ends: the handler must not outlive it.
                self._execution.cancel()
                raise
        if outcome is None or not self._is_wanted():
            self._log.info("given up: %s", self._given_up)
            return
        self._delivering = True
        await self._hand_in(task, outcome)

    def _is_wanted(self) -> bool:
        return self._given_up is None

    async def hand_back(self) -> None:
        """Put the task back into the queue, for another worker."""
        await self._update({"status": "pending", ATTEMPT: self.number})
        self._log.info("handed back for another worker")

    def _fenced(self, task: Task) -> Task:
        return fence(task, self._transport, self._offered.body, {ATTEMPT: self.number})

    async def _wait_for(self, execution: asyncio.Task[_Returned | _Raised]) -> _Returned | _Raised:
        await asyncio.wait({execution})
        if execution.cancelled():
            return _Raised(RuntimeError("the handler was cancelled"))
        return execution.result()

    async def _execute(self, task: Task) -> _Returned | _Raised:
        try:
            if self._handler.is_async:
                value = self._handler.call(task)
            else:
                value = await self._threads.call(self._handler.call, task)
            if inspect.isawaitable(value):
                value = await value
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            # Also `sys.exit()`: it ends the task, not the worker with all its other tasks.
            return _Raised(error)
        return _Returned(value)

    async def _hand_in(self, task: Task, outcome: _Returned | _Raised) -> None:
        if isinstance(outcome, _Returned):
            try:
                finished = self._finished(task, outcome.value)
                delivery, why = await deliver(finished.asave, "the result", self._log)
            except ModuleException as error:
                # What the handler set on the task cannot be sent.
                outcome = _Raised(error)
            except (TypeError, ValueError) as error:
                outcome = _Raised(error)
            else:
                if delivery is Delivery.DELIVERED:
                    self._log.info("%s", finished.status)
                    await self._report_metrics(finished)
                elif delivery is Delivery.LOST:
                    self._log.warning("the result is dropped: %s", why)
                else:
                    self._log.error("the platform refuses the result: %s", why)
                    await self._report(f"the platform refused the result: {why}")
                return
        self._log.error("the handler failed", exc_info=outcome.error)
        task.status = AgentExecutionStatus.Error
        task.result = error_text(outcome.error)
        try:
            delivery, why = await deliver(task.asave, "the error", self._log)
        except (ModuleException, TypeError, ValueError):
            await self._report(error_text(outcome.error))
            return
        if delivery is Delivery.LOST:
            self._log.warning("the error is dropped: %s", why)
        elif delivery is Delivery.REFUSED:
            await self._report(error_text(outcome.error))

    def _finished(self, task: Task, value: object) -> Task:
        """The task as the handler returned it, with the status and the result it is to end with."""
        if not isinstance(value, Task):
            raise TypeError(
                f"the handler {self._handler.name}() must return the task, "
                f"not {type(value).__name__}"
            )
        if value is not task:
            if value.id != task.id:
                raise TypeError(
                    f"the handler {self._handler.name}() returned another task, {value.id}"
                )
            self._fenced(value)
            if value.status == AgentExecutionStatus.Pending:
                value.status = AgentExecutionStatus.Executing
        if value.status in (None, AgentExecutionStatus.Executing):
            value.status = AgentExecutionStatus.Completed
        value.result = result_text(value.result)
        return value

    async def _report(self, text: str) -> None:
        """End the task as an error, saying nothing else about it."""
        fields = {"status": "error", "result": text, ATTEMPT: self.number}
        delivery, why = await deliver(lambda: self._update(fields), "the error", self._log)
        if delivery is not Delivery.DELIVERED:
            self._log.error("the error is dropped: %s", why)

    async def _update(self, fields: dict[str, Any]) -> None:
        await self._transport.acall(tasks.update_fields(task_id=self.task_id, fields=fields), None)

    async def _report_metrics(self, task: Task) -> None:
        if task.tokens is None:
            return
        try:
            await task.areport_metrics()
        except CallError as error:
            self._log.warning("metrics were not reported: %s", error)
