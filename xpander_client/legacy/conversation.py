"""The thread of a task: claimed with it, begun, read as far as it is new, and written to.

A task belongs to whoever moves first. The script claims it with its first look, with its own id as
the worker's; from then on its writes carry the attempt that the claim gave it. If a worker was
first, the script can only wait for the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from xpander_client.api.models import AgentExecutionStatus, Thread, ThreadMessage
from xpander_client.core.steps import Steps, ask
from xpander_client.core.tool_message import tool_message
from xpander_client.errors import ConflictError, TaskHeldError
from xpander_client.legacy import instructions
from xpander_client.legacy.driven_agent import DrivenAgent
from xpander_client.legacy.graph import describe_order
from xpander_client.legacy.providers import (
    LLMProvider,
    make_stored_messages,
    messages_for,
    tool_calls_in,
)
from xpander_client.legacy.providers.tool_call import FINISH_TOOL, ToolCall, ToolCallResult
from xpander_client.legacy.thread_copy import ThreadCopy
from xpander_client.legacy.tools.catalog import original_name


class Conversation:
    """The thread of a script's task."""

    def __init__(self, agent: DrivenAgent) -> None:
        self._agent = agent

    def open_thread(self) -> Steps[ThreadCopy]:
        """Return the task's thread; the first time it is claimed, linked to the task and begun.

        Raises:
            TaskHeldError: a worker has the task.
        """
        at = self._agent.driven_task
        if at.thread is not None and at.begun:
            return at.thread
        threads = self._agent.platform.threads
        thread_id = at.task.memory_thread_id
        if at.thread is None:
            if not at.claimed and not at.held_by_other and thread_id is not None:
                yield from self.claim()
            if at.held_by_other:
                raise self._make_held_error()
            at.linked = thread_id is not None
            if thread_id is None:
                thread = yield from self._new_thread()
            else:
                thread = yield from ask(threads.read, threads.aread, thread_id, "full")
            at.thread = ThreadCopy(thread.id)
            at.thread.take_in(thread)
        copy = at.thread
        if not at.claimed and not (yield from self.claim(copy.id)):
            if not at.linked:
                yield from ask(threads.delete, threads.adelete, copy.id)
            at.thread = None
            raise self._make_held_error()
        if not at.linked:
            tasks = self._agent.platform.tasks
            at.task = yield from ask(
                tasks.update, tasks.aupdate, at.task.id, memory_thread_id=copy.id
            )
            at.linked = True
        beginning = self._beginning(copy)
        if beginning:
            yield from self._put(copy, beginning)
        at.begun = True
        return copy

    def _new_thread(self) -> Steps[Thread]:
        threads = self._agent.platform.threads
        return ask(
            threads.create,
            threads.acreate,
            organization_id=self._agent.platform.configuration.organization_id,
            user_details=self._agent.user.on_the_wire() if self._agent.user is not None else None,
            metadata={"agent_id": self._agent.definition.id},
        )

    def _beginning(self, copy: ThreadCopy) -> list[ThreadMessage]:
        """Return what the thread lacks of this task: this agent's instructions and the question."""
        at = self._agent.driven_task
        asked = at.task.input.text or ""
        last = copy.messages[-1] if copy.messages else None
        if last is not None and (last.role, last.content) == ("user", asked):
            question: list[ThreadMessage] = []  # the platform has put it there
        elif (at.attempt or 0) > 1 and any(
            (message.role, message.content) == ("user", asked) for message in copy.messages
        ):
            return []  # an earlier attempt began, and this one goes on from where that one was
        else:
            question = instructions.question(asked, at.task.input.files or (), self._agent.user)
        system = instructions.system(
            self._agent.definition.instructions,
            order=describe_order(self._agent.definition.graph or ()),
            end_tool=self._agent.end_tool,
            agent_id=self._agent.definition.id,
        )
        return [system, *question]

    def claim(self, thread_id: str | None = None) -> Steps[bool]:
        """Take the task for this script; False when somebody else has it."""
        at = self._agent.driven_task
        tasks = self._agent.platform.tasks
        try:
            at.task = yield from ask(
                tasks.update,
                tasks.aupdate,
                at.task.id,
                status=AgentExecutionStatus.Executing,
                memory_thread_id=thread_id,
                worker_id=at.worker_id,
            )
        except ConflictError:
            at.held_by_other = True
            return False
        at.claimed, at.attempt = True, at.task.execution_attempts
        at.linked = at.linked or thread_id is not None
        return True

    def _make_held_error(self) -> TaskHeldError:
        return TaskHeldError(
            f"task {self._agent.driven_task.task.id} belongs to a worker, or is over: wait for it "
            "with is_finished() or retrieve_execution_result(), or create it with use_worker=False"
        )

    def messages(self) -> Steps[list[ThreadMessage]]:
        """Return the thread as the agent's strategy shows it; only what is new is read."""
        copy = yield from self.open_thread()
        threads = self._agent.platform.threads
        strategy = self._agent.definition.memory_strategy or "full"
        if strategy != "full":
            thread = yield from ask(threads.read, threads.aread, copy.id, strategy)
            return thread.messages
        if not copy.complete:
            yield from self.read_on(copy)
        return copy.messages

    def list_messages(self) -> Steps[list[dict[str, Any]]]:
        """Return the messages in the form of the selected provider."""
        messages, provider = (yield from self.messages()), self._agent.provider
        copy = self._agent.driven_task.thread
        if copy is None or messages is not copy.messages:
            return messages_for(messages, provider)
        return copy.rendering.render_messages(messages, provider)

    def add_messages(self, value: Any) -> Steps[None]:
        """Put a model's answer, or other messages, behind the thread's last one."""
        messages = [
            self._name_message(each) for each in make_stored_messages(value, self._agent.provider)
        ]
        yield from self.write(messages)
        at = self._agent.driven_task
        for message in messages:
            if message.role != "assistant":
                continue
            at.turns_without_tools = 0 if message.tool_calls else at.turns_without_tools + 1
            for call in _calls(message, self._agent.provider):
                if call.name == FINISH_TOOL and call.malformed is None and self._agent.end_tool:
                    at.finish = call

    def _name_message(self, message: ThreadMessage) -> ThreadMessage:
        """Return the message with the tools' own names, whatever a provider made of them."""
        tools = self._agent.tools if message.tool_calls else ()
        calls = [
            attrs.evolve(call, name=original_name(call.name, tools))
            for call in message.tool_calls or ()
        ]
        return attrs.evolve(message, tool_calls=calls or None)

    def add_results(self, results: Sequence[ToolCallResult]) -> Steps[None]:
        """Tell the model what tools gave that the script ran itself."""
        yield from self.write(
            [_message(each.tool_call_id, each.result) for each in results if each.tool_call_id]
        )

    def replace_messages(self, value: Any) -> Steps[None]:
        """Put these messages in the place of all that the thread has."""
        messages = make_stored_messages(value, self._agent.provider)
        copy = yield from self.open_thread()
        threads = self._agent.platform.threads
        copy.take_in((yield from ask(threads.update, threads.aupdate, copy.id, messages=messages)))

    def write(self, messages: Sequence[ThreadMessage]) -> Steps[None]:
        """Put messages behind the last one, and learn what the platform put there meanwhile."""
        if messages:
            yield from self._put((yield from self.open_thread()), messages)

    def _put(self, copy: ThreadCopy, messages: Sequence[ThreadMessage]) -> Steps[None]:
        at = self._agent.driven_task
        threads = self._agent.platform.threads.with_raw_response
        try:
            answer = yield from ask(
                threads.extend,
                threads.aextend,
                copy.id,
                list(messages),
                after=len(copy.messages),
                execution_id=at.task.id,
                execution_attempt=at.attempt,
            )
        except ConflictError:
            at.reported = None  # somebody else has the task by now: the next look asks who
            raise
        copy.take_in(answer.parsed)
        at.take_status(answer.headers)

    def read_on(self, copy: ThreadCopy) -> Steps[None]:
        """Read what the copy lacks."""
        threads = self._agent.platform.threads
        known = len(copy.messages)
        copy.take_in((yield from ask(threads.read, threads.aread, copy.id, "full", after=known)))


def _message(tool_call_id: str, result: Any) -> ThreadMessage:
    return ThreadMessage(**tool_message(tool_call_id, result))


def _calls(message: ThreadMessage, provider: LLMProvider) -> list[ToolCall]:
    """Return the tool calls of a stored message."""
    written = [
        {
            "id": call.tool_call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.payload},
        }
        for call in message.tool_calls or ()
    ]
    if not written:
        return []
    return tool_calls_in({"choices": [{"message": {"tool_calls": written}}]}, provider)
