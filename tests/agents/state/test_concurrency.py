"""Many calls at once: nobody loses what it did, nobody sees what is another's."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from xpander_client.agents import Agent, ConcurrencyError, SystemNoteEvent, connect_state, scripted
from xpander_client.agents.state.codec import encode
from xpander_client.agents.state.config import StateConfig
from xpander_client.agents.state.store import Conflict

COUNT = "counter = counter + 1\ntask_success(counter)"

STATES = ["versioned memory", "versioned disk", "live memory", "live disk"]


def state_of(kind: str, path: Path, **init: Any) -> StateConfig:
    name, storage = kind.split()
    where = {"path": path} if storage == "disk" else {}
    return connect_state(name, storage=storage, init=init or None, **where)  # type: ignore[arg-type]


@pytest.fixture(params=STATES)
def state(request: pytest.FixtureRequest, tmp_path: Path) -> StateConfig:
    return state_of(request.param, tmp_path, counter=0)


def in_threads(*functions: Callable[[], Any]) -> None:
    with ThreadPoolExecutor(len(functions)) as threads:
        # What one of them raises is what the test fails with.
        for each in [threads.submit(function) for function in functions]:
            each.result(60)


@pytest.mark.parametrize("kind", STATES)
def test_two_calls_of_one_session_at_once_have_each_its_own_arguments(
    kind: str, tmp_path: Path
) -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(_: Any) -> str:
        both.wait()
        return "task_success(inputs.x)"

    agent = Agent(
        llm=scripted(["task_continue()"] * 2 + [meet] * 2), state=state_of(kind, tmp_path)
    )

    @agent.task
    def echo(x: int) -> int:  # type: ignore[empty-body]
        """Give it back."""

    results: dict[int, int] = {}
    in_threads(*(lambda x=x: results.update({x: echo(x)}) for x in (1, 2)))
    assert results == {1: 1, 2: 2}
    assert "inputs" not in agent.state().variables()
    assert "x" not in agent.state().variables()


def test_eighty_counts_of_eight_workers_are_all_right(state: StateConfig) -> None:
    agent = Agent(llm=scripted([COUNT] * 1000), state=state)

    @agent.task
    def count() -> int:  # type: ignore[empty-body]
        """Count."""

    results: list[int] = []

    def work() -> None:
        for _ in range(10):
            results.append(count())  # noqa: PERF401  # what was counted before an error counts

    in_threads(*[work] * 8)
    assert sorted(results) == list(range(1, 81))
    assert agent.state().get("counter") == 80


async def test_eighty_counts_of_async_tasks_are_all_right(state: StateConfig) -> None:
    agent = Agent(llm=scripted([COUNT] * 1000), state=state)

    @agent.task
    async def count() -> int:  # type: ignore[empty-body]
        """Count."""

    async def work() -> list[int]:
        return [await count() for _ in range(10)]

    results = await asyncio.gather(*(work() for _ in range(8)))
    assert sorted(itertools.chain(*results)) == list(range(1, 81))
    assert agent.state().get("counter") == 80


def _count_in_a_process(kind: str, path: str, results: Any) -> None:
    agent = Agent(name="counter", llm=scripted([COUNT] * 200), state=state_of(kind, Path(path)))

    @agent.task
    def count() -> int:  # type: ignore[empty-body]
        """Count."""

    for _ in range(10):
        try:
            results.put(count())
        except Exception as error:
            results.put(repr(error))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["versioned disk", "live disk"])
def test_counts_of_several_processes_are_all_right(kind: str, tmp_path: Path) -> None:
    state = state_of(kind, tmp_path, counter=0)
    first = Agent(name="counter", llm=scripted([COUNT]), state=state)

    @first.task
    def count() -> int:  # type: ignore[empty-body]
        """Count."""

    assert count() == 1
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [
        context.Process(target=_count_in_a_process, args=(kind, str(tmp_path), results))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in range(40)]
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert sorted(found, key=str) == sorted(range(2, 42), key=str)
    assert first.state().get("counter") == 41


def _run_in_a_process(path: str, code: str, results: Any) -> None:
    state = state_of("versioned disk", Path(path))
    agent = Agent(name="counter", llm=scripted([code]), state=state, max_iterations=1)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    try:
        results.put(work())
    except Exception as error:
        results.put(repr(error))


def in_another_process(path: Path, code: str) -> Any:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=_run_in_a_process, args=(str(path), code, results))
    process.start()
    found = results.get(timeout=60)
    process.join(30)
    assert process.exitcode == 0
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("on_conflict", "result"), [("retry", 101), ("abandon", None)])
def test_a_conflict_with_another_process_is_handled_as_the_task_wants(
    on_conflict: Any, result: int | None, tmp_path: Path
) -> None:
    def answer(_: Any) -> str:
        if agent.state().get("counter") == 0:
            code = "counter = 100\ntask_success(counter)"
            assert in_another_process(tmp_path, code) == 100
        return COUNT

    state = state_of("versioned disk", tmp_path, counter=0)
    agent = Agent(name="counter", llm=scripted([answer] * 2), state=state)

    @agent.task(on_conflict=on_conflict)
    def count() -> int:  # type: ignore[empty-body]
        """Count."""

    assert count() == result
    assert agent.state().get("counter") == (result or 100)


@pytest.mark.slow
def test_what_a_call_did_before_its_turns_ran_out_is_there_in_other_processes(
    tmp_path: Path,
) -> None:
    error = in_another_process(tmp_path, "counter = 5")
    assert error == "TaskTimeout(None, \"Task 'work' exceeded maximum iterations (1)\")"
    state = state_of("versioned disk", tmp_path)
    agent = Agent(name="counter", llm=scripted([COUNT]), state=state)

    @agent.task
    def count() -> int:  # type: ignore[empty-body]
        """Count."""

    assert count() == 6


def conflicting(agent: Agent, name: str = "counter") -> Callable[[Any], str]:
    """An answer that lets another call of the session be faster."""

    def answer(_: Any) -> str:
        branch = agent.state().branch("other")
        branch.snapshot({name: encode("of another call")})
        branch.merge()
        branch.finish()
        return f"{name} = 1\ntask_success(7)"

    return answer


def test_a_call_keeps_its_place_in_line_when_more_variables_come_to_it() -> None:
    outcomes: list[str] = []

    def answer(changed: str, code: str) -> Callable[[Any], str]:
        def change(_: Any) -> str:
            with agent.state().branch("other") as other:
                other.snapshot({changed: encode(f"of try {len(outcomes)}")})
                try:
                    other.merge()
                    outcomes.append("merged")
                except Conflict:
                    outcomes.append("conflict")
            return f"{code}\ntask_success(1)"

        return change

    agent = Agent(state=connect_state("versioned", storage="memory"))
    agent._llm = scripted(
        [answer("a", "a = 1"), answer("b", "a = b = 1"), answer("b", "a = b = 1")]
    )

    @agent.task(max_conflict_retries=2)
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    assert work() == 1
    assert outcomes == ["merged", "merged", "conflict"]


def test_a_call_does_not_wait_in_line_behind_one_that_waits_for_it() -> None:
    state = connect_state("versioned", storage="memory")
    agent, other = Agent(name="agent", state=state), Agent(name="other")

    @agent.task(max_conflict_retries=1)
    def inner() -> int:  # type: ignore[empty-body]
        """Change the same variable."""

    @other.task
    def between() -> int:  # type: ignore[empty-body]
        """Have it changed."""

    @agent.task
    def work() -> Any:
        """Work."""

    other.fn(inner)
    agent.fn(between)
    other._llm = scripted(["task_success(inner())", "task_fail('it failed')"])
    agent._llm = scripted(
        [
            conflicting(agent),
            "try:\n    between()\nexcept Exception as error:\n    text = str(error)\n"
            "counter = 1\ntask_success(text)",
            *["counter = 2\ntask_success(2)"] * 2,
        ]
    )
    started = time.monotonic()
    assert work() == "Sub-agent failed: it failed"
    assert time.monotonic() - started < 20
    assert agent.state().get("counter") == 1


def test_a_conflict_each_time_is_an_error_and_the_state_is_the_others(tmp_path: Path) -> None:
    agent = Agent(llm=None, state=connect_state("versioned", storage="memory"))
    agent._llm = scripted([conflicting(agent)])

    @agent.task(max_conflict_retries=0)
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    with pytest.raises(ConcurrencyError, match="'counter'"):
        work()
    assert agent.state().get("counter") == "of another call"


def test_an_abandoned_call_gives_none_and_leaves_no_trace_in_the_variables() -> None:
    agent = Agent(llm=None, state=connect_state("versioned", storage="memory"))
    agent._llm = scripted([conflicting(agent)])

    @agent.task(on_conflict="abandon")
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    notes: list[str] = []

    def note(event: Any) -> None:
        if isinstance(event, SystemNoteEvent):
            notes.append(event.message)

    assert work(on_event=note) is None
    assert agent.state().get("counter") == "of another call"
    assert "dropped" in notes[0]


def test_calls_that_change_different_variables_do_not_conflict() -> None:
    agent = Agent(llm=None, state=connect_state("versioned", storage="memory"))
    agent._llm = scripted([conflicting(agent, "another")])

    @agent.task(max_conflict_retries=0)
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    agent._llm = scripted(
        [lambda messages: conflicting(agent, "other")(messages).replace("other", "mine")]
    )
    assert work() == 7
    assert sorted(agent.state().variables()) == ["mine", "other"]


async def test_fifty_async_calls_run_at_the_same_time() -> None:
    waiting = 0
    most = 0

    async def answer(_: Any) -> str:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0.05)
        waiting -= 1
        return "task_success(inputs.x * 2)"

    agent = Agent(llm=scripted([answer] * 50))

    @agent.task
    async def double(x: int) -> int:  # type: ignore[empty-body]
        """Double it."""

    assert await asyncio.gather(*(double(x) for x in range(50))) == [2 * x for x in range(50)]
    assert most == 50


async def test_a_sync_task_inside_a_running_loop_works() -> None:
    agent = Agent(llm=scripted(["task_success(1)"]))

    @agent.task
    def one() -> int:  # type: ignore[empty-body]
        """One."""

    assert one() == 1
