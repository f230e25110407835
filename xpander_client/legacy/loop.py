"""The loop of a task, told once for both worlds: every method gives the steps that it takes."""

from __future__ import annotations

import uuid

from xpander_client.api.models import AgentExecutionStatus, ThreadMessage, ThreadToolCall
from xpander_client.api.resources import Task
from xpander_client.core.steps import Steps, ask
from xpander_client.errors import TaskHeldError, TurnLimitError
from xpander_client.legacy import operations
from xpander_client.legacy.conversation import Conversation
from xpander_client.legacy.driven_agent import DrivenAgent, DrivenTask
from xpander_client.legacy.providers.tool_call import FINISH_TOOL, ToolCall, extend
from xpander_client.legacy.tool_runs import ToolRuns

_KNOWN = frozenset(AgentExecutionStatus)


class Loop:
    """The task of a script, from its creation to its end."""

    def __init__(self, agent: DrivenAgent) -> None:
        self.agent = agent
        self.conversation = Conversation(agent)
        self.tools = ToolRuns(agent, self.conversation)

    def add_task(
        self, text: str, thread_id: str | None, urls: list[str], *, use_worker: bool
    ) -> Steps[Task]:
        """Create a task and turn to it; nothing of an earlier one stays."""
        worker_id = str(uuid.uuid4())
        tasks = self.agent.platform.tasks.options(headers={"x-source": "sdk"})
        task = yield from ask(
            tasks.create,
            tasks.acreate,
            agent_id=self.agent.definition.id,
            prompt=text,
            file_urls=urls,
            agent_version=self.agent.version,
            worker_id=None if use_worker else worker_id,
            events_streaming=True,
            memory_thread_id=thread_id,
        )
        self.agent.current = DrivenTask(task, worker_id)
        return task

    def check_finished(self) -> Steps[bool]:
        """Tell whether the loop is over.

        The first time the task is taken and its thread begun. After that the platform is asked once
        at most, and only if it must.

        While a worker has the task, this waits until it is over.

        Raises:
            TurnLimitError: the model goes on answering without calling a tool.
        """
        at = self.agent.driven_task
        if at.over:
            return True
        if at.finish is not None:
            yield from self.tools.run([at.finish], None)
            return at.over
        if not at.claimed and not at.held_by_other:
            # Scripts know the thread by its id from here on.
            try:
                yield from self.conversation.open_thread()
            except TaskHeldError:
                at.held_by_other = True
            else:
                at.reported = None  # the status that came with it is this look's
                return False
        if at.held_by_other:
            yield from self.wait_for_end(None)
            return True
        if at.turns_without_tools >= self.agent.max_turns:
            raise TurnLimitError(
                f"the model gave {at.turns_without_tools} answers in a row without calling a tool, "
                f"and the task {at.task.id} is not finished: stop it with stop_execution, or set "
                "the agent's max_turns"
            )
        reported = at.pop_status()
        if reported in _KNOWN:
            status = AgentExecutionStatus(reported)
        else:
            task = yield from self.status()
            status = task.status or AgentExecutionStatus.Pending
            lost = status is AgentExecutionStatus.Pending or task.execution_attempts != at.attempt
            if lost and not status.is_terminal:
                # The lease ran out meanwhile. If nobody else has begun, the task is ours again.
                if (yield from self.conversation.claim()):
                    return False
                yield from self.wait_for_end(None)
                return True
        at.over = status.is_terminal
        # A paused task waits for a person: the model can do nothing for it.
        return at.over or status is AgentExecutionStatus.Paused

    def status(self) -> Steps[Task]:
        """Fetch the task as the platform has it now."""
        at = self.agent.driven_task
        tasks = self.agent.platform.tasks
        at.task = yield from ask(tasks.get, tasks.aget, at.task.id)
        at.over = at.over or bool(at.task.status and at.task.status.is_terminal)
        return at.task

    def wait_for_end(self, timeout: float | None) -> Steps[Task]:
        """Wait for the task's end, and return it.

        Raises:
            WaitTimeoutError: it is not over in time.
        """
        at = self.agent.driven_task
        if at.finish is not None:
            yield from self.tools.run([at.finish], None)
        if at.over:
            yield from self.status()
            if at.task.status is not None and at.task.status.is_terminal:
                return at.task
        at.task = yield from ask(at.task.wait_finished, at.task.await_finished, timeout=timeout)
        at.over = True
        return at.task

    def stop(self) -> Steps[Task]:
        """Stop the task, here and on the platform."""
        at = self.agent.driven_task
        tasks = self.agent.platform.tasks
        at.task = yield from ask(tasks.stop, tasks.astop, at.task.id)
        at.over, at.finish = True, None
        return at.task

    def end(self, result: str, *, is_success: bool) -> Steps[None]:
        """End the task as the model would: by a call of the finish tool, which is carried out."""
        payload = {"bodyParams": {"is_success": is_success, "result": result}}
        call = ToolCall(
            FINISH_TOOL,
            payload=extend(ToolCall(FINISH_TOOL).payload, payload),
            tool_call_id=f"call_{uuid.uuid4().hex[:24]}",
        )
        stored = ThreadToolCall(
            name=FINISH_TOOL,
            payload=operations.write_answer(call.payload),
            tool_call_id=call.tool_call_id,
        )
        yield from self.conversation.write(
            [ThreadMessage(role="assistant", content="", tool_calls=[stored])]
        )
        yield from self.tools.run([call], None)
