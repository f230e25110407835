"""Handlers of events and tokens: sync and async, in both worlds, well-behaved and not."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any

import pytest

from xpander_client.agents import Agent, StreamToken, connect_state, scripted
from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.run.call import PRINTS_AT_ONCE

CODE = "print('a', 1, sep='-')\nprint('b')\ntask_success(2)"
KINDS = ["TaskStartEvent", "ActionEvent", "OutputEvent", "SuccessEvent"]


def agent_of(*answers: Any, **kwargs: Any) -> Agent:
    return Agent(name="worker", llm=scripted(answers or [CODE]), **kwargs)


def sync_task(agent: Agent) -> Any:
    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    return work


def async_task(agent: Agent) -> Any:
    @agent.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    return work


class Handler:
    """Keeps what it gets; the async form waits a little for each, so that order can go wrong."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.threads: set[int] = set()

    def take(self, event: Any) -> None:
        self.threads.add(threading.get_ident())
        self.events.append(event)

    async def atake(self, event: Any) -> None:
        await asyncio.sleep(0.002)
        self.take(event)

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.events]


@pytest.mark.parametrize("name", ["take", "atake"])
def test_a_sync_task_tells_its_events_in_order(name: str) -> None:
    handler = Handler()
    assert sync_task(agent_of())(on_event=getattr(handler, name)) == 2
    assert handler.kinds == KINDS
    assert handler.events[2].parts == ("a-1\nb\n",)


@pytest.mark.parametrize("name", ["take", "atake"])
async def test_an_async_task_tells_its_events_in_order_on_its_loop(name: str) -> None:
    handler = Handler()
    assert await async_task(agent_of())(on_event=getattr(handler, name)) == 2
    assert handler.kinds == KINDS
    assert handler.threads == {threading.get_ident()}


async def test_a_sync_task_inside_a_running_loop_calls_async_handlers() -> None:
    handler = Handler()
    assert sync_task(agent_of())(on_event=handler.atake) == 2
    assert handler.kinds == KINDS


def raising(event: Any) -> None:
    raise LookupError(event.type)


async def araising(event: Any) -> None:
    raise LookupError(event.type)


@pytest.mark.parametrize("handler", [raising, araising])
@pytest.mark.parametrize("parameter", ["on_event", "on_token"])
async def test_what_handlers_raise_is_logged_and_the_task_goes_on(
    handler: Any, parameter: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="xpander_client.agents"):
        assert sync_task(agent_of())(**{parameter: handler}) == 2
        in_sync = len(caplog.records)
        assert in_sync
        assert await async_task(agent_of())(**{parameter: handler}) == 2
    assert len(caplog.records) == 2 * in_sync
    assert caplog.records[0].exc_info is not None


def test_prints_are_told_while_the_code_runs() -> None:
    at: list[float] = []
    code = (
        "import time\nprint('begun')\nstarted = time.monotonic()\n"
        "while time.monotonic() - started < 0.3:\n    pass\ntask_success(1)"
    )
    work = sync_task(agent_of(code))

    def on_event(event: Any) -> None:
        if event.type in ("OutputEvent", "SuccessEvent"):
            at.append(time.monotonic())

    assert work(on_event=on_event) == 1
    assert at[1] - at[0] > 0.2


def test_many_prints_are_told_in_few_events_and_none_is_lost() -> None:
    handler = Handler()
    agent = agent_of("for i in range(500):\n    print(i)\n    step()\ntask_success(0)")
    agent.fn(lambda: None, name="step")
    sync_task(agent)(on_event=handler.take)
    outputs = [event for event in handler.events if event.type == "OutputEvent"]
    assert len(outputs) == PRINTS_AT_ONCE + 1
    assert "".join(part for event in outputs for part in event.parts) == "".join(
        f"{i}\n" for i in range(500)
    )


def test_prints_of_functions_that_the_agent_defined_are_seen() -> None:
    handler = Handler()
    work = sync_task(agent_of("def f():\n    print('inside')\nf()\ntask_success(0)"))
    work(on_event=handler.take)
    assert ("inside\n",) in [event.parts for event in handler.events if event.type == "OutputEvent"]


ANSWER = LLMResponse("Title", "Thoughts", "task_success(1)")
CHUNKS = [
    ("title", "Title", False, True),
    ("title", "", True, False),
    ("thinking", "Thoughts", False, True),
    ("thinking", "", True, False),
    ("python", "task_success(1)", False, True),
    ("python", "", True, False),
]


@pytest.mark.parametrize("name", ["take", "atake"])
async def test_tokens_come_in_order_and_before_the_action(name: str) -> None:
    sync, async_ = Handler(), Handler()
    for handler in (sync, async_):
        arguments = {"on_event": handler.take, "on_token": getattr(handler, name)}
        if handler is sync:
            await asyncio.to_thread(sync_task(agent_of(ANSWER)), **arguments)
        else:
            await async_task(agent_of(ANSWER))(**arguments)
        tokens = [each for each in handler.events if isinstance(each, StreamToken)]
        assert [(t.type, t.content, t.done, t.start) for t in tokens] == CHUNKS
        assert {(t.agent_name, t.full_namespace) for t in tokens} == {("worker", "worker")}
        assert [e.type for e in handler.events[1:7]] == [chunk[0] for chunk in CHUNKS]
        assert handler.events[7].type == "ActionEvent"


def test_the_model_is_not_asked_to_stream_when_nobody_reads() -> None:
    asked: list[Any] = []

    class Quiet:
        provider = model = "quiet"

        def complete(self, messages: Any, on_token: Any = None) -> LLMResponse:
            asked.append(on_token)
            return ANSWER

    assert sync_task(Agent(llm=Quiet()))() == 1  # type: ignore[arg-type]
    assert asked == [None]


def test_events_are_kept_with_the_session_and_told_to_later_calls() -> None:
    asked: list[str] = []

    def look(messages: Any) -> str:
        asked.append("\n".join(message.text for message in messages))
        return "task_success(3)"

    agent = agent_of(CODE, look, look, state=connect_state("versioned", storage="memory"))
    work = sync_task(agent)
    work(session="alice")
    work(session="alice")
    work(session="bob")
    assert "a-1\nb" in asked[0]
    assert "The task was done: 2" in asked[0]
    assert "a-1" not in asked[1]
    assert len(agent.state("alice").events()) == 4 + 3


def test_the_end_names_the_commit_that_has_what_the_call_did() -> None:
    agent = agent_of(
        "x = 1\ntask_success(1)",
        "x = 2\ntask_success(2)",
        state=connect_state("versioned", storage="memory"),
    )
    work, handler = sync_task(agent), Handler()
    work(on_event=handler.take)
    first = handler.events[-1].commit_hash
    work(on_event=handler.take)
    assert agent.state().history()[0].id == handler.events[-1].commit_hash
    agent.state().revert(first)
    assert agent.state().get("x") == 1
