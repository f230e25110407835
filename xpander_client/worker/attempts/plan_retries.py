"""Running a handler again while steps of the task's plan are open."""

from __future__ import annotations

import datetime
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import assert_never

import attrs

from xpander_client.api.models import (
    AgentExecutionStatus,
    OutputFormat,
    TaskUpdateEvent,
    TaskUpdateEventType,
    Tokens,
)
from xpander_client.api.requests import tasks
from xpander_client.api.resources import Task
from xpander_client.core.prompts.deep_plan import is_unfinished, open_items
from xpander_client.core.result import result_text
from xpander_client.errors import CallError
from xpander_client.worker.attempts.execution import Emit

MAX_PLAN_RETRIES = 5
"""How often a handler runs again because steps of the task's plan are open."""

OnCompact = Callable[[Task], Awaitable[None] | None]
"""Shortens what a handler knows of its earlier runs, before it runs again; changes the task."""


async def run_to_plans_end(
    run: Callable[[Task], Awaitable[Task]],
    task: Task,
    *,
    on_compact: OnCompact,
    emit: Emit,
    log: logging.LoggerAdapter[logging.Logger],
) -> Task:
    """Return what `run` makes of the task; it runs again while the task's plan asks for it.

    It does so while the plan is enabled, started and enforced and steps are open, at most
    `MAX_PLAN_RETRIES` times; not when the handler ended the task otherwise than as completed, and
    not when the agent waits for an answer (`question_raised`). Results and tokens of the runs are
    added up: texts one after the other; of JSON results the last one counts.
    """
    earlier = _Earlier()
    for retries in range(MAX_PLAN_RETRIES + 1):
        try:
            task = await run(task)
        except BaseException:
            # A run that failed took what it took, and so did those before it.
            earlier.add_tokens_to(task)
            raise
        if not await _wants_more(task, log):
            break
        if retries == MAX_PLAN_RETRIES:
            log.warning(
                "%d steps of the plan are open after %d runs; the task ends as it is",
                len(open_items(task.deep_planning)),
                retries + 1,
            )
            break
        log.info(
            "%d steps of the plan are open: the handler runs again (%d of %d)",
            len(open_items(task.deep_planning)),
            retries + 1,
            MAX_PLAN_RETRIES,
        )
        await _compact(task, on_compact, emit, log)
        earlier.take_from(task)
    earlier.add_to(task)
    return task


async def _wants_more(task: Task, log: logging.LoggerAdapter[logging.Logger]) -> bool:
    if task.deep_planning is None or not task.deep_planning.enabled:
        return False
    await _refresh_plan(task, log)
    plan = task.deep_planning
    return is_unfinished(plan) and not plan.question_raised and _is_successful(task.status)


def _is_successful(status: AgentExecutionStatus | None) -> bool:
    """Tell whether a handler that left this status means that the task is done."""
    if status is not None and not status.is_known:
        return False
    match status:
        case None | AgentExecutionStatus.Executing | AgentExecutionStatus.Completed:
            return True
        case (
            AgentExecutionStatus.Pending
            | AgentExecutionStatus.Paused
            | AgentExecutionStatus.Error
            | AgentExecutionStatus.Failed
            | AgentExecutionStatus.Stopped
        ):
            return False
        case _:
            assert_never(status)


async def _refresh_plan(task: Task, log: logging.LoggerAdapter[logging.Logger]) -> None:
    """Take over the plan from the platform, where tools mark steps; a handler's own marks stay."""
    if "deep_planning" in task._changes():
        return
    try:
        current = (await task._transport.acall(tasks.get(task_id=task.id), Task)).parsed
    except CallError as error:
        log.warning("the task's plan was not read again: %s", error)
        return
    task._adopt(current)


async def _compact(
    task: Task,
    on_compact: OnCompact,
    emit: Emit,
    log: logging.LoggerAdapter[logging.Logger],
) -> None:
    try:
        compacting = on_compact(task)
        if inspect.isawaitable(compacting):
            await compacting
    except Exception as error:
        # The handler runs again all the same, with all that it knew.
        log.warning("the session was not compacted: %s", error, exc_info=error)
        return
    data = {
        "type": "pre_retry_compaction",
        "data": {
            "new_task_prompt": task.to_message(),
            "task_context": task.additional_context or "",
        },
    }
    await emit(
        TaskUpdateEvent(
            type=TaskUpdateEventType.TaskCompactization,
            task_id=task.id,
            organization_id=task.organization_id,
            time=datetime.datetime.now(datetime.UTC),
            data=data,
        )
    )


@attrs.define
class _Earlier:
    """What the runs before the last one brought."""

    results: list[str] = attrs.field(factory=list)
    tokens: list[Tokens] = attrs.field(factory=list)

    def take_from(self, task: Task) -> None:
        if (result := result_text(task.result)) is not None:
            self.results.append(result)
        if task.tokens is not None:
            self.tokens.append(task.tokens)
        task.result = task.tokens = None
        task.status = AgentExecutionStatus.Executing

    def add_to(self, task: Task) -> None:
        if self.results:
            last = result_text(task.result)
            results = [*self.results, *([] if last is None else [last])]
            of_json = task.output_format == OutputFormat.Json
            task.result = results[-1] if of_json else "\n\n".join(results)
        self.add_tokens_to(task)

    def add_tokens_to(self, task: Task) -> None:
        if self.tokens:
            runs = [*self.tokens, *([] if task.tokens is None else [task.tokens])]
            task.tokens = Tokens(
                completion_tokens=sum(run.completion_tokens or 0 for run in runs),
                prompt_tokens=sum(run.prompt_tokens or 0 for run in runs),
                cache_read_tokens=sum(run.cache_read_tokens or 0 for run in runs),
                cache_write_tokens=sum(run.cache_write_tokens or 0 for run in runs),
            )
