"""One try at one task: begin, run the handler, hand in what it made."""

from __future__ import annotations

import asyncio
from typing import assert_never

import attrs

from xpander_client.api.models import AgentExecutionStatus, TaskUpdateEvent
from xpander_client.api.resources import Task
from xpander_client.core.answer import Response
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.result import error_text, result_text
from xpander_client.core.serialization import loads
from xpander_client.errors import AuthenticationError, ModuleException, PermissionDeniedError
from xpander_client.tools.current_task import current_task
from xpander_client.transport import Transport
from xpander_client.worker.attempts.execution import Emit, execute
from xpander_client.worker.attempts.handler import Handler
from xpander_client.worker.attempts.log import AttemptLog
from xpander_client.worker.attempts.plan_retries import OnCompact, run_to_plans_end
from xpander_client.worker.attempts.pushes import Pushes
from xpander_client.worker.attempts.record import Claim, Record
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.attempts.trace import make_exc_info
from xpander_client.worker.channel.delivery import Delivery, deliver

_LOOK_EVERY = 2.0
"""Seconds between two looks whether a task that the platform did not send was stopped there."""


@attrs.frozen
class WorkerContext:
    """What a worker runs its tasks with."""

    handler: Handler
    transport: Transport
    threads: HandlerThreads
    on_compact: OnCompact


@attrs.frozen
class AttemptResult:
    """How an attempt ended: with a task that is handed in, or with the reason why there is none.

    A handler that failed leaves its task too. `not_begun` is what became of a claim that gave the
    worker nothing to begin.
    """

    task: Task | None
    failure: str | None = None
    not_begun: Delivery | None = None


class Attempt:
    """Runs one task. `number` is the attempt; None where the task doesn't say which one it is.

    One that `is_begun` is executing for the platform already.

    With `claim` it is a task that the platform did not send: it is claimed when there is a slot for
    it, and then `number` and the task's JSON are what the platform answers. One that is not
    `is_known` to the platform is run and told to nobody. Events that the handler yields go to the
    platform, and to `listener`.
    """

    def __init__(
        self,
        task_id: str,
        number: int | None,
        body: bytes,
        context: WorkerContext,
        *,
        is_begun: bool = False,
        claim: Claim | None = None,
        is_known: bool = True,
        listener: Emit | None = None,
    ) -> None:
        self.task_id = task_id
        self.is_begun = is_begun
        self.has_begun = False
        self._context = context
        self._claim = claim
        self._listener = listener
        self._execution: asyncio.Task[Task] | None = None
        self._is_delivering = False
        self._reason: str | None = None
        self._stops_task = False
        self._is_doubted = False
        self._hold(number, body)
        if claim is not None or not is_known:
            self._keep_away()

    def give_up(self, reason: str) -> None:
        """End the handler, if it is async, and drop its result: nobody waits for it any more."""
        if self._reason is None and not self._is_delivering:
            self._reason = reason
            self._pushes.close()
            if self._execution is not None:
                self._execution.cancel()

    def stop_task(self, reason: str) -> None:
        """Give up, and end the task as stopped: whoever asked for it has gone."""
        if not self._is_delivering:
            self._stops_task = True
            self.give_up(reason)

    def doubt(self) -> None:
        """Have the platform asked whether a task that is begun is still this worker's."""
        self._is_doubted = True

    async def hand_back(self) -> None:
        """Put the task back into the queue, for another worker."""
        self.doubt()
        await self._record.hand_back()

    async def run(self) -> AttemptResult:
        """Carry the whole attempt out; faults end up in the task or in the log, never here."""
        try:
            return await self._run()
        except asyncio.CancelledError:
            # The worker ends: nothing of the attempt may outlive it.
            self._is_delivering = False
            self.give_up("the worker ends")
            raise
        except Exception as error:
            return await self._break_off(error)

    async def _break_off(self, error: Exception) -> AttemptResult:
        """End the task as an error, as nothing else can be said about it."""
        self._log.error("the attempt failed in the worker", exc_info=error)
        text = f"the worker failed: {error_text(error)}"
        if self.has_begun and not self._is_given_up():
            try:
                await self._record.end_as_bare_error(text)
            except Exception as again:
                self._log.error("the error could not be told", exc_info=again)
        return AttemptResult(None, text)

    async def _run(self) -> AttemptResult:
        if self._is_given_up():
            return AttemptResult(None, self._reason)
        if self._claim is not None:
            # From here on it may be this worker's, whether or not the answer arrives.
            self.has_begun = True
            if (ending := await self._take(self._claim)) is not None:
                self._log.info("not begun: %s", ending.failure)
                return ending
        try:
            task = self._record.bind_fenced(loads(self._body, Task))
        except ConversionError as error:
            self._log.error("this worker cannot read the task: %s", error)
            text = f"the worker could not read the task: {error}"
            await self._record.end_as_bare_error(text)
            return AttemptResult(None, text)
        self.has_begun = True
        if (ending := await self._begin(task)) is not None:
            self._log.info("not begun: %s", ending.failure)
            return ending
        outcome = await self._outcome(task)
        if self._is_given_up():
            self._log.info("given up: %s", self._reason)
            if self._stops_task:
                await self._record.end_as_stopped()
            return AttemptResult(None, self._reason)
        self._is_delivering = True
        await self._pushes.flush()
        return await self._hand_in(task, outcome)

    def _is_given_up(self) -> bool:
        return self._reason is not None

    def _hold(self, number: int | None, body: bytes) -> None:
        """Write as this attempt from now on."""
        self.number = number
        self._body = body
        self._log = AttemptLog(self.task_id, number)
        self._record = Record(
            self.task_id, number, body, self._context.transport, self._is_given_up, self._log
        )
        self._pushes = Pushes(
            self._record.transport, self.task_id, self._log, self.give_up, self._record.probe
        )

    def _keep_away(self) -> None:
        self._record.keep_away()
        self._pushes.close()

    async def _take(self, claim: Claim) -> AttemptResult | None:
        """Claim the task; returns the end, if it can't be had.

        Made until it is answered: a claim whose fate is unknown may have taken the task, and this
        worker's heartbeats would keep it.
        """
        answers: list[Response[Task]] = []
        refusal: ModuleException | None = None

        async def try_to() -> None:
            nonlocal refusal
            try:
                answers.append(await claim())
            except (AuthenticationError, PermissionDeniedError) as error:
                refusal = error  # the caller waits, which a key that is put right may take long for

        delivery, why = await deliver(try_to, "the claim", self._log)
        if refusal is not None:
            delivery, why = Delivery.REFUSED, str(refusal)
        if not answers:
            return AttemptResult(
                None, why or "the platform's answer is unreadable", not_begun=delivery
            )
        self._hold(answers[0].parsed.execution_attempts, answers[0].body)
        return None

    async def _begin(self, task: Task) -> AttemptResult | None:
        """Tell the platform that the handler begins; returns the end, if it must not."""
        if self._claim is not None or (self.is_begun and not self._is_doubted):
            return None
        if not self._record.is_kept:
            self._log.info("the platform does not know the task, so it hears nothing of this run")
            task.status = AgentExecutionStatus.Executing
            return None
        delivery, why = await self._record.begin(task)
        return None if delivery is Delivery.DELIVERED else AttemptResult(None, why)

    async def _outcome(self, task: Task) -> Task | BaseException:
        if self._is_given_up():
            return RuntimeError(self._reason)
        self._log.info("begun")
        self._execution = execution = asyncio.create_task(self._run_handler(task))
        if self._claim is not None and self._record.is_kept:
            looking = asyncio.create_task(self._look_for_stop())
            execution.add_done_callback(lambda _: looking.cancel())
        await asyncio.wait({execution})
        if execution.cancelled():
            return RuntimeError("the handler was cancelled")
        if (error := execution.exception()) is not None:
            return error
        return execution.result()

    async def _look_for_stop(self) -> None:
        """Give up when the caller stops the task.

        The platform says so by itself only to the worker that it sent the task to.
        """
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if await self._record.is_stopped():
                self.give_up("it was stopped")
                return

    async def _run_handler(self, task: Task) -> Task:
        try:
            return await run_to_plans_end(
                self._run_once,
                task,
                on_compact=self._context.on_compact,
                emit=self._emit,
                log=self._log,
            )
        except (SystemExit, KeyboardInterrupt) as error:
            # It ends the task, not the worker with all its other tasks.
            raise _WantsToExit(error_text(error)) from error

    async def _run_once(self, task: Task) -> Task:
        whose = task.id, task.agent_id, task.organization_id
        left = task
        current_task.set(task)
        try:
            left = await execute(self._context.handler, task, self._context.threads, self._emit)
        finally:
            # These are the platform's to give: what else is set there would go to another task.
            for each in (task, left):
                each.id, each.agent_id, each.organization_id = whose
        left.result = result_text(left.result)
        if left is not task:
            self._record.bind_fenced(left)
            if left.status == AgentExecutionStatus.Pending:
                left.status = AgentExecutionStatus.Executing
        return left

    async def _emit(self, event: TaskUpdateEvent) -> None:
        await self._pushes.add(event)
        if self._listener is not None:
            await self._listener(event)

    async def _hand_in(self, task: Task, outcome: Task | BaseException) -> AttemptResult:
        if isinstance(outcome, Task):
            try:
                if outcome.status in (None, AgentExecutionStatus.Executing):
                    outcome.status = AgentExecutionStatus.Completed
                delivery, why = await self._record.end(outcome)
            except Exception as error:
                # What the handler set on the task cannot be sent.
                outcome = error
            else:
                return await self._report_delivery(outcome, delivery, why)
        self._log.error("the handler failed", exc_info=make_exc_info(outcome))
        return AttemptResult(task, await self._record.end_as_error(task, outcome))

    async def _report_delivery(self, task: Task, delivery: Delivery, why: str) -> AttemptResult:
        match delivery:
            case Delivery.DELIVERED:
                self._log.info("%s", task.status)
                return AttemptResult(task)
            case Delivery.LOST:
                self._log.warning("the result is dropped: %s", why)
                return AttemptResult(None, f"the result is dropped: {why}")
            case Delivery.REFUSED:
                self._log.error("the platform refuses the result: %s", why)
                text = f"the platform refused the result: {why}"
                await self._record.end_as_bare_error(text)
                return AttemptResult(None, text)
            case _:
                assert_never(delivery)


class _WantsToExit(Exception):
    """A handler called `sys.exit()`, or something like it."""
