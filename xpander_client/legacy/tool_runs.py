"""Tool calls, carried out: by the platform, by functions of the script, or by other agents."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from xpander_client.api.models import AgentExecutionStatus
from xpander_client.api.resources import Task
from xpander_client.core.result import error_text
from xpander_client.core.steps import Steps, ask, run as call_function, together
from xpander_client.errors import ArgumentError
from xpander_client.legacy import operations
from xpander_client.legacy.conversation import Conversation
from xpander_client.legacy.driven_agent import DrivenAgent, DrivenTask
from xpander_client.legacy.operations import Ran
from xpander_client.legacy.providers import MalformedError, Tool
from xpander_client.legacy.providers.tool_call import (
    FINISH_TOOL,
    ToolCall,
    ToolCallResult,
    ToolCallType,
    extend,
)
from xpander_client.legacy.thread_copy import ThreadCopy
from xpander_client.legacy.tool_hooks import call_hooks
from xpander_client.legacy.tools import catalog
from xpander_client.legacy.tools.local_tools import LocalTool
from xpander_client.tools.functions.form import MisfitError
from xpander_client.transport.drivers import AsyncFunctionError

_logger = logging.getLogger(__name__)

_NOT_READ = "The tool was not called, its arguments can't be read"


class ToolRuns:
    """Runs the tools that a model calls; each call is answered in the thread after that."""

    def __init__(self, agent: DrivenAgent, conversation: Conversation) -> None:
        self._agent = agent
        self._conversation = conversation

    def run(
        self, calls: Sequence[ToolCall], extension: Mapping[str, Any] | None
    ) -> Steps[list[ToolCallResult]]:
        """Run calls at the same time, the one that ends the task after all others.

        Calls of tools that only the script can run are left out; they wait for their results.
        Without a task tools are run for nobody, and no thread is told what they gave.
        """
        at = self._agent.current
        copy = None if at is None else (yield from self._conversation.open_thread())
        tools = self._agent.tools
        named = [attrs.evolve(call, name=catalog.original_name(call.name, tools)) for call in calls]
        ours = [call for call in named if call.type is not ToolCallType.LOCAL or self._runs(call)]
        last = [call for call in ours if at is not None and _ends(call)]
        first = [call for call in ours if at is None or not _ends(call)]
        runs = [self._run(call, tools, extension, several=len(ours) > 1) for call in first]
        outcomes = yield from together(
            [
                _catch(call_hooks(self._agent, call, extension, run))
                for call, run in zip(first, runs, strict=True)
            ]
        )
        ran = [each for each in outcomes if isinstance(each, Ran)]
        # What ran is told also where another call could not be made.
        if copy is not None:
            yield from self._settle(copy, ran)
        for each in outcomes:
            if isinstance(each, _NotMade):
                raise each.error
        for call in last:
            assert at is not None
            assert copy is not None
            if at.ended_by is None:
                done = yield from self._run(call, tools, extension, several=len(ours) > 1)
                yield from self._settle(copy, [done])
                if done.result.is_success:
                    at.ended_by, at.over, at.finish = done.result, True, None
                ran.append(done)
            else:  # `is_finished` was asked first, and carried the call out
                ran.append(operations.make_known_ran(call, at.ended_by))
        place = {id(call): index for index, call in enumerate(ours)}
        return [done.result for done in sorted(ran, key=lambda done: place[id(done.call)])]

    def _run(
        self,
        call: ToolCall,
        tools: Sequence[Tool],
        extension: Mapping[str, Any] | None,
        *,
        several: bool,
    ) -> Steps[Ran]:
        at = self._agent.current
        if at is not None:
            at.calls_made.append(call.name)
        local = next((each for each in self._agent.local if each.tool.name == call.name), None)
        if local is not None:
            return (yield from self._run_here(call, local, extension))
        if call.malformed is not None:
            return operations.make_refused_ran(call, f"{_NOT_READ}: {call.malformed}")
        if not call.name.strip():
            return operations.make_refused_ran(call, "The tool was not called: the call names none")
        tool = next((each for each in tools if each.name == call.name), None)
        payload = catalog.on_the_wire(extend(call.payload, extension), tool)
        ran = yield from operations.run(
            self._agent.platform,
            self._agent.definition.id,
            None if at is None else at.task.id,
            call,
            payload,
            attempt=None if at is None else at.attempt,
            version=self._agent.version,
            several=several,
        )
        if at is None:
            return ran
        at.take_status(ran.headers)
        if ran.hands_over and not _ends(call):
            return (yield from self._delegate(ran))
        return ran

    def _runs(self, call: ToolCall) -> bool:
        return any(
            each.function is not None and each.tool.name == call.name for each in self._agent.local
        )

    def _run_here(
        self, call: ToolCall, local: LocalTool, extension: Mapping[str, Any] | None
    ) -> Steps[Ran]:
        assert local.function is not None
        try:
            arguments = local.arguments(call, extension)
        except MalformedError as error:
            return operations.make_refused_ran(call, f"{_NOT_READ}: {error}", local=True)
        except MisfitError as error:
            return operations.make_refused_ran(
                call, f"The tool was not called, its arguments don't fit: {error}", local=True
            )
        try:
            value = yield from call_function(local.function, **arguments)
        except AsyncFunctionError:
            raise
        except Exception as error:
            # The model is told the end of the story; whoever wrote the tool wants all of it.
            _logger.warning("the tool %s failed", call.name, exc_info=error)
            text = f"{type(error).__name__}: {error_text(error)}"
            return operations.make_refused_ran(call, text, local=True)
        try:
            return operations.make_local_ran(call, value)
        except ArgumentError as error:
            return operations.make_refused_ran(call, f"The tool has not run: {error}", local=True)

    def _settle(self, copy: ThreadCopy, ran: Sequence[Ran]) -> Steps[None]:
        """Bring the thread up to date after tools ran: each call has its answer in it."""
        copy.place((done.length, done.message) for done in ran if done.reported)
        unsure = [done for done in ran if done.reported is None]
        if unsure:
            yield from self._conversation.read_on(copy)
        yield from self._conversation.write(
            [
                done.message
                for done in ran
                if done.reported is False
                or (done.reported is None and not copy.answers(done.call.tool_call_id))
            ]
        )

    def _delegate(self, handed: Ran) -> Steps[Ran]:
        """Have another agent's task carried out, and give its end as the tool's answer.

        It runs on a loop of its own: this one's agent stays what it is.
        """
        at = self._agent.driven_task
        tasks = self._agent.platform.tasks
        child_id = operations.child_id(handed.result.result)
        if child_id is not None:
            child = yield from ask(tasks.get, tasks.aget, child_id)
        else:
            found = yield from ask(tasks.get_pending, tasks.aget_pending, at.worker_id)
            if found is None:  # nobody to hand over to: the platform just wants the loop to end
                at.over = True
                return handed
            child = found
        if self._agent.delegate is not None:
            child = yield from self._drive(child, at.worker_id)
        elif child.additional_properties.get("worker_id"):
            yield from ask(child.stop, child.astop)
            return operations.make_refused_ran(
                handed.call,
                f"Agent {child.agent_id} could not be asked: this script has no loop for it. Give "
                "it one with on_delegation.",
            )
        else:
            child = yield from ask(child.wait_finished, child.await_finished)
        if child.status == AgentExecutionStatus.Completed:
            done = operations.make_local_ran(handed.call, child.result or "", local=False)
        else:
            why = child.result or f"the task ended as {child.status}"
            done = operations.make_refused_ran(handed.call, why)
        # The platform may have told the thread of the other agent's end: the thread knows.
        return attrs.evolve(done, reported=None)

    def _drive(self, child: Task, worker_id: str) -> Steps[Task]:
        """Drive the task of another agent, and return it as it is afterwards."""
        agent, platform = self._agent, self._agent.platform
        assert agent.delegate is not None
        agents, tasks = platform.agents, platform.tasks
        definition = yield from ask(agents.get, agents.aget, child.agent_id)
        other = DrivenAgent(
            platform,
            definition,
            provider=agent.provider,
            user=agent.user,
            max_turns=agent.max_turns,
            delegate=agent.delegate,
            current=DrivenTask(child, worker_id),
        )
        yield from call_function(agent.delegate, other)
        child = yield from ask(tasks.get, tasks.aget, child.id)
        if child.status is None or not child.status.is_terminal:
            yield from ask(child.stop, child.astop)
            child.result = "the script's loop for it ended before the task did"
        return child


@attrs.frozen
class _NotMade:
    """A call that could not be made, and why."""

    error: Exception


def _catch(steps: Steps[Ran]) -> Steps[Ran | _NotMade]:
    try:
        return (yield from steps)
    except Exception as error:
        return _NotMade(error)


def _ends(call: ToolCall) -> bool:
    return call.name == FINISH_TOOL and call.malformed is None
