"""The loop against the embedded platform, in both worlds."""

from __future__ import annotations

import asyncio
import datetime
import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.legacy.conftest import Desk
from tests.legacy.model import FINISH, chat, finish, messages
from tests.worlds import World
from xpander_client import (
    AgentExecutionStatus,
    ArgumentError,
    TaskHeldError,
    Tasks,
    Threads,
    TurnLimitError,
    WaitTimeoutError,
    agents,
)
from xpander_client.legacy import (
    Agent,
    LLMProvider,
    LLMTokens,
    Tokens,
    ToolCall,
    ToolCallResult,
    ToolCallType,
    UserDetails,
    XpanderClient,
)
from xpander_client.platform import LocalPlatform


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def turn(world: World, agent: Agent, answer: dict[str, Any]) -> list[ToolCallResult]:
    """What the page's loop does with a model's answer."""
    world.run(agent, "add_messages", answer)
    calls = XpanderClient.extract_tool_calls(answer)
    return world.run(agent, "run_tools", calls) if calls else []


def test_it_is_told_apart_from_the_other_classes_of_its_name(agent: Agent) -> None:
    described, supplying = agent.definition, agents.Agent(name="sales")
    assert repr(agent) == f"<legacy.Agent {agent.id!r}, {agent.name!r}>"
    assert repr(described).startswith(f"Agent(id={agent.id!r}")
    assert repr(supplying) == "<agents.Agent 'sales'>"
    names = {"xpander_client.Agent", "xpander_client.legacy.Agent", "xpander_client.agents.Agent"}
    for one, own in ((described, ""), (agent, "legacy."), (supplying, "agents.")):
        text = type(one).__doc__ or ""
        others = names - {f"xpander_client.{own}Agent"}
        assert all(f"`{other}`" in text.split("Args:")[0] for other in others)


def test_a_task_goes_from_its_input_to_its_result(world: World, desk: Desk, agent: Agent) -> None:
    execution = world.run(agent, "add_task", "What is the weather in Berlin?")
    assert (execution.status, execution.raw_status) == ("PENDING", "pending")
    assert world.run(agent, "is_finished") is False
    asked = messages(world, agent)
    assert [message["role"] for message in asked] == ["system", "user"]
    assert "You are A." in asked[0]["content"]
    assert "be brief" in asked[0]["content"]
    assert asked[1]["content"] == "What is the weather in Berlin?"
    [weather] = turn(world, agent, chat(None, ("get_weather", {"bodyParams": {"city": "Berlin"}})))
    assert (weather.is_success, weather.status_code) == (True, 200)
    assert weather.result == {"city": "Berlin", "degrees": 20}
    assert world.run(agent, "is_finished") is False
    said = messages(world, agent)
    assert said[-1] == {
        "role": "tool",
        "tool_call_id": "call-1",
        "content": '{"city":"Berlin","degrees":20}',
    }
    turn(world, agent, finish("20 degrees"))
    assert world.run(agent, "is_finished") is True
    result = world.run(agent, "retrieve_execution_result", timeout=5)
    assert (result.status, result.result, result.error) == ("COMPLETED", "20 degrees", None)
    assert result.execution_id == execution.id
    assert result.thread_id == result.memory_thread_id
    assert result.thread_id is not None
    assert desk.called == [("get_weather", {"city": "Berlin"})]


def test_the_local_copy_is_what_the_platform_has(world: World, desk: Desk, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    turn(
        world,
        agent,
        chat(
            "two at once",
            ("get_weather", {"bodyParams": {"city": "Rome"}}),
            ("read_news", {"topic": "sport"}),
            ("break_down", {}),
        ),
    )
    turn(world, agent, chat("just a thought"))
    memory = agent.memory if world.name == "sync" else world.runner.run(agent.amemory())
    known = memory.messages if world.name == "sync" else world.runner.run(memory.amessages())
    assert known == Threads(desk.configuration).get(memory.id).messages
    assert len(known) == 7


def test_a_failed_tool_is_a_failure_and_the_model_is_told(
    world: World, desk: Desk, agent: Agent
) -> None:
    world.run(agent, "add_task", "hello")
    broken, unknown = turn(world, agent, chat(None, ("break_down", {}), ("no_such_tool", {})))
    assert (broken.is_success, broken.is_error, broken.status_code) == (False, True, 424)
    assert "the machine is out of order" in str(broken.result)
    assert (unknown.is_success, unknown.is_error, unknown.status_code) == (False, True, 404)
    told = {each.get("tool_call_id"): each["content"] for each in messages(world, agent)}
    assert "the machine is out of order" in told["call-1"]
    assert "no_such_tool" in told["call-2"]


def test_calls_that_make_no_sense_are_answered_and_the_loop_goes_on(
    world: World, desk: Desk, agent: Agent
) -> None:
    world.run(agent, "add_task", "hello")
    answer = chat(None, ("", {}), ("no such tool", []), ("get_weather", "{"), ("xpLocal_x", {}))
    calls = answer["choices"][0]["message"]["tool_calls"]
    calls[0]["id"], calls[1]["id"] = 7, None
    results = turn(world, agent, answer)
    assert [result.is_success for result in results] == [False] * 3
    assert world.run(agent, "run_tools", []) == []
    shown = messages(world, agent)
    asked = [call["id"] for call in shown[2]["tool_calls"]]
    told = {each["tool_call_id"] for each in shown if each["role"] == "tool"}
    assert told == set(asked)
    assert asked[0] == "7"
    assert desk.called == []


def test_reasoning_that_is_wanted_back_is_kept_by_the_platform(
    world: World, desk: Desk, agent: Agent
) -> None:
    world.run(agent, "add_task", "hello")
    answer = chat(None, ("read_news", {}))
    answer["choices"][0]["message"] |= {"reasoning_content": "Hm.", "reasoning_details": [{"a": 1}]}
    turn(world, agent, answer)
    said = messages(world, agent)[2]
    assert (said["reasoning_content"], said["reasoning_details"]) == ("Hm.", [{"a": 1}])
    thread_id = (agent.memory if world.name == "sync" else world.runner.run(agent.amemory())).id
    turn(world, agent, finish("done"))
    other = world.run(desk.client().agents, "get", "agent-b")
    world.run(other, "add_task", "go on", thread_id=thread_id)
    assert messages(world, other)[2] == said


def test_arguments_that_cannot_be_read_are_told_and_the_tool_is_not_called(
    world: World, desk: Desk, agent: Agent
) -> None:
    world.run(agent, "add_task", "hello")
    [result] = turn(world, agent, chat(None, ("get_weather", '{"bodyParams": {"city": "Ber')))
    assert (result.is_success, result.is_error) == (False, True)
    assert desk.called == []
    assert "was not called" in messages(world, agent)[-1]["content"]


def test_a_finish_that_cannot_be_read_does_not_finish(world: World, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    turn(world, agent, chat(None, (FINISH, '{"bodyParams": {"is_succ')))
    assert world.run(agent, "is_finished") is False


def test_flat_arguments_reach_the_tool(world: World, desk: Desk, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    turn(world, agent, chat(None, ("get_weather", {"city": "Oslo"})))
    assert desk.called == [("get_weather", {"city": "Oslo"})]


def test_a_failure_ends_as_failed_with_its_text(world: World, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    turn(world, agent, finish("no way", is_success=False))
    assert world.run(agent, "is_finished") is True
    result = world.run(agent, "retrieve_execution_result", timeout=5)
    assert (result.status, result.result, result.error) == ("FAILED", None, "no way")


def test_a_finish_that_was_not_run_is_carried_out_by_is_finished(
    world: World, agent: Agent
) -> None:
    world.run(agent, "add_task", "hello")
    answer = finish("done")
    world.run(agent, "add_messages", answer)
    assert world.run(agent, "is_finished") is True
    [again] = world.run(agent, "run_tools", XpanderClient.extract_tool_calls(answer))
    assert again.is_success
    answers = [each for each in messages(world, agent) if each["role"] == "tool"]
    assert len(answers) == 1
    assert world.run(agent, "retrieve_execution_result", timeout=5).result == "done"


def test_each_task_begins_with_a_memory_of_its_own(world: World, agent: Agent) -> None:
    world.run(agent, "add_task", "first")
    turn(world, agent, finish("one"))
    assert world.run(agent, "is_finished") is True
    first = world.run(agent, "retrieve_execution_result", timeout=5)
    world.run(agent, "add_task", "second")
    assert world.run(agent, "is_finished") is False
    shown = messages(world, agent)
    assert [message["role"] for message in shown] == ["system", "user"]
    assert shown[1]["content"] == "second"
    turn(world, agent, finish("two"))
    second = world.run(agent, "retrieve_execution_result", timeout=5)
    assert (first.result, second.result) == ("one", "two")
    assert first.thread_id != second.thread_id


def test_a_thread_goes_on_with_the_next_agent(world: World, desk: Desk, agent: Agent) -> None:
    world.run(agent, "add_task", "collect the news")
    turn(world, agent, finish("it is quiet"))
    result = world.run(agent, "retrieve_execution_result", timeout=5)
    before = messages(world, agent)
    other = world.run(desk.client().agents, "get", "agent-b")
    world.run(other, "add_task", "judge the news", thread_id=result.thread_id)
    assert world.run(other, "is_finished") is False, "the first agent's finish is not the second's"
    shown = messages(world, other)
    assert shown[: len(before)] == before
    assert [message["role"] for message in shown[len(before) :]] == ["system", "user"]
    assert "You are B." in shown[-2]["content"]
    assert shown[-1]["content"] == "judge the news"
    turn(world, other, finish("all is well"))
    assert world.run(other, "is_finished") is True
    ended = world.run(other, "retrieve_execution_result", timeout=5)
    assert (ended.result, ended.thread_id) == ("all is well", result.thread_id)


@pytest.mark.parametrize("how", ["completed", "failed", "error", "stopped"])
def test_what_the_platform_says_ends_the_loop(
    world: World, desk: Desk, agent: Agent, how: str
) -> None:
    execution = world.run(agent, "add_task", "hello")
    assert world.run(agent, "is_finished") is False
    tasks = Tasks(desk.configuration)
    if how == "stopped":
        tasks.stop(execution.id)
    else:
        tasks.update(execution.id, status=AgentExecutionStatus(how), result="from outside")
    assert world.run(agent, "is_finished") is True
    result = world.run(agent, "retrieve_execution_result", timeout=5)
    assert result.status == ("COMPLETED" if how == "completed" else "FAILED")
    assert result.raw_status == how


def test_text_alone_does_not_go_on_for_ever(world: World, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    assert agent.max_turns == 50
    agent.max_turns = 3
    for _ in range(3):
        assert world.run(agent, "is_finished") is False
        turn(world, agent, chat("I think."))
    with pytest.raises(TurnLimitError, match="3 answers in a row"):
        world.run(agent, "is_finished")
    world.run(agent, "stop_execution", False, "it only talked")
    assert world.run(agent, "is_finished") is True
    assert world.run(agent, "retrieve_execution_result", timeout=5).error == "it only talked"


def test_waiting_ends_with_an_error_when_the_time_is_over(world: World, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    with pytest.raises(WaitTimeoutError):
        world.run(agent, "retrieve_execution_result", timeout=0.2)


def test_nothing_that_was_passed_in_is_changed(world: World, agent: Agent) -> None:
    answer = chat(
        None,
        ("get_weather", {"bodyParams": {"city": "Rome"}, "queryParams": {"days": ["mon", "tue"]}}),
    )
    before = repr(answer)
    extension = {"bodyParams": {"city": "Paris"}}
    world.run(agent, "add_task", "hello")
    world.run(agent, "add_messages", answer)
    calls = XpanderClient.extract_tool_calls(answer)
    payload = repr(calls)
    for _ in range(2):
        world.run(agent, "run_tools", calls, extension)
    assert (repr(answer), repr(calls)) == (before, payload)
    assert extension == {"bodyParams": {"city": "Paris"}}


def test_tools_for_one_provider_leave_no_trace_in_those_for_another(agent: Agent) -> None:
    before = agent.get_tools(LLMProvider.GEMINI_OPEN_AI)
    agent.get_tools(LLMProvider.OPEN_AI)[0]["function"]["parameters"]["properties"].clear()
    assert agent.get_tools(LLMProvider.GEMINI_OPEN_AI) == before
    assert agent.tools[0].parameters is not None
    assert "body_params" in agent.tools[0].parameters["properties"]


def test_the_end_tool_can_be_taken_away(agent: Agent) -> None:
    def offered() -> tuple[bool, str]:
        names = [tool["function"]["name"] for tool in agent.get_tools()]
        return FINISH in names, agent.tool_choice

    assert offered() == (True, "required")
    agent.disable_agent_end_tool()
    assert offered() == (False, "auto")
    agent.enable_agent_end_tool()
    assert offered() == (True, "required")


def test_local_functions_run_here_in_the_order_of_the_calls(
    world: World, desk: Desk, agent: Agent
) -> None:
    meeting = threading.Barrier(2, timeout=10)

    def first(x: int) -> int:
        meeting.wait()  # both at the same time, or neither ever
        return x + 1

    def second(x: int) -> str:
        meeting.wait()
        raise ValueError("second is broken")

    agent.add_local_tools([first, second])
    names = [tool["function"]["name"] for tool in agent.get_tools()]
    assert names[:2] == ["first", "second"]
    world.run(agent, "add_task", "hello")
    results = turn(
        world,
        agent,
        chat(
            None,
            ("first", {"x": 1}),
            ("get_weather", {"bodyParams": {"city": "Rome"}}),
            ("second", {"x": 2}),
            ("first", {"y": 1}),
        ),
    )
    assert [each.function_name for each in results] == ["first", "get_weather", "second", "first"]
    assert [each.is_success for each in results] == [True, True, False, False]
    assert [each.is_local for each in results] == [True, False, True, True]
    assert results[0].result == 2
    assert results[2].result == "ValueError: second is broken"
    answered = {each["tool_call_id"] for each in messages(world, agent) if each["role"] == "tool"}
    assert answered == {"call-1", "call-2", "call-3", "call-4"}
    described = desk.client().agents.get("agent-a")
    assert [tool.id for tool in described.tools] == ["get_weather", "read_news", "break_down"]


def test_a_function_that_ran_is_never_told_as_failed_because_of_its_answer(
    world: World, agent: Agent
) -> None:
    answers = [
        (Decimal("1.10"), "1.10"),
        ({7: {Path("a")}}, '{"7":["a"]}'),
        (os.fsdecode(b"caf\xe9.txt"), r"caf\udce9.txt"),
        (datetime.datetime(2026, 1, 31, 9), "2026-01-31T09:00:00"),
        (b"text", "text"),
        ([Unprintable()], '["<Unprintable, which has no text: RuntimeError>"]'),
    ]

    def order(number: int) -> object:
        return answers[number][0]

    agent.add_local_tools([order])
    world.run(agent, "add_task", "hello")
    calls = [("order", {"number": number}) for number in range(len(answers))]
    results = turn(world, agent, chat(None, *calls))
    assert [result.is_success for result in results] == [True] * len(answers)
    assert [result.result for result in results] == [answer for answer, _ in answers]
    told = [said["content"] for said in messages(world, agent) if said["role"] == "tool"]
    assert told == [text for _, text in answers]


def test_a_function_that_failed_without_a_text_is_answered(world: World, agent: Agent) -> None:
    def order() -> None:
        raise Unprintable

    agent.add_local_tools([order])
    world.run(agent, "add_task", "hello")
    [result] = turn(world, agent, chat(None, ("order", {})))
    assert not result.is_success
    assert "which has no text" in messages(world, agent)[-1]["content"]


def test_a_plain_function_around_an_async_one_is_awaited_or_has_not_run(
    world: World, agent: Agent
) -> None:
    ran = []

    async def order() -> str:
        ran.append("order")
        return "ordered"

    def decorated() -> object:
        made.append(order())
        return made[0]

    made: list[Any] = []
    agent.add_local_tools([decorated])
    world.run(agent, "add_task", "hello")
    [result] = turn(world, agent, chat(None, ("decorated", {})))
    said = messages(world, agent)[-1]["content"]
    if world.name == "sync":
        assert (result.is_success, ran) == (False, [])
        assert said == "The tool has not run: the result is a coroutine that nobody awaited"
        made[0].close()
    else:
        assert (result.is_success, ran, said) == (True, ["order"], "ordered")


def test_a_local_function_gets_what_its_annotations_say_or_the_model_is_told_why_not(
    world: World, agent: Agent
) -> None:
    got: list[Any] = []

    def book(on: datetime.date, seats: list[int], headers: dict[str, str]) -> str:
        got.append((on, seats, headers))
        return "booked"

    agent.add_local_tools([book])
    world.run(agent, "add_task", "hello")
    fits = {"on": "2026-01-31", "seats": "[1, 2]", "headers": {"a": "b"}}
    done, refused = turn(world, agent, chat(None, ("book", fits), ("book", fits | {"on": "soon"})))
    assert got == [(datetime.date(2026, 1, 31), [1, 2], {"a": "b"})]
    assert done.result == "booked"
    assert (refused.is_error, refused.is_local) == (True, True)
    assert messages(world, agent)[-1]["content"] == (
        "The tool was not called, its arguments don't fit: "
        'on: expected a date as 2026-01-31, got "soon"'
    )


def test_what_ran_is_told_also_where_a_call_beside_it_could_not_be_made(
    world: World, agent: Agent
) -> None:
    ran = []

    def order() -> str:
        ran.append("order")
        return "ordered"

    async def slowly() -> str:
        return "done"

    agent.add_local_tools([order, slowly])
    world.run(agent, "add_task", "hello")
    answer = chat(None, ("slowly", {}), ("order", {}))
    if world.name == "sync":
        with pytest.raises(ArgumentError, match="slowly is async"):
            turn(world, agent, answer)
    else:
        turn(world, agent, answer)
    assert ran == ["order"]
    told = [said["content"] for said in messages(world, agent) if said["role"] == "tool"]
    first = "no result was recorded" if world.name == "sync" else "done"
    assert told == [first, "ordered"]


def test_an_async_function_runs_in_async_code_and_is_refused_in_sync_code(
    world: World, agent: Agent
) -> None:
    async def slowly(x: int) -> int:
        await asyncio.sleep(0)
        return x * 2

    agent.add_local_tools([slowly])
    world.run(agent, "add_task", "hello")
    if world.name == "sync":
        with pytest.raises(ArgumentError, match="slowly is async"):
            turn(world, agent, chat(None, ("slowly", {"x": 2})))
    else:
        [result] = turn(world, agent, chat(None, ("slowly", {"x": 2})))
        assert result.result == 4


def test_described_local_tools_wait_for_the_script(world: World, agent: Agent) -> None:
    tool = {
        "type": "function",
        "function": {"name": "ask_me", "description": "Asks.", "parameters": {"type": "object"}},
    }
    before = repr(tool)
    agent.add_local_tools([tool])
    assert repr(tool) == before
    assert agent.get_tools()[0]["function"]["name"] == "xpLocal_ask_me"
    world.run(agent, "add_task", "hello")
    answer = chat(None, ("xpLocal_ask_me", {"question": "why"}), ("read_news", {"topic": "art"}))
    world.run(agent, "add_messages", answer)
    calls = XpanderClient.extract_tool_calls(answer)
    results = world.run(agent, "run_tools", calls)
    assert [each.function_name for each in results] == ["read_news"]
    [pending] = XpanderClient.retrieve_pending_local_tool_calls(calls)
    assert (pending.name, pending.type) == ("ask_me", ToolCallType.LOCAL)
    assert pending.payload == {"question": "why"}
    assert pending.graph_approved
    done = ToolCallResult(pending.name, pending.tool_call_id, pending.payload)
    done.is_success, done.result = True, "because"
    world.run(agent, "add_tool_call_results", [done])
    told = {each["tool_call_id"]: each["content"] for each in messages(world, agent)[3:]}
    assert told == {"call-1": "because", "call-2": "no news about art"}
    with pytest.raises(ArgumentError, match="ask_me has no function here"):
        world.run(agent, "run_tool", calls[0])


def test_files_go_as_addresses_and_the_model_sees_their_text(world: World, agent: Agent) -> None:
    world.run(
        agent,
        "add_task",
        "sum up",
        files=[
            {"name": "data.csv", "content": "YSxiCjEsMgo="},
            "https://example.com/more.csv",
        ],
    )
    assert agent.execution is not None
    assert agent.execution.input.files == [
        "data:text/csv;name=data.csv;base64,YSxiCjEsMgo=",
        "https://example.com/more.csv",
    ]
    told = messages(world, agent)[-1]["content"]
    assert "data.csv (text/csv, 8 bytes)" in told
    assert "a,b\n1,2" in told
    assert "https://example.com/more.csv" in told


def test_broken_base64_is_refused_with_the_name_of_the_file(world: World, agent: Agent) -> None:
    with pytest.raises(ArgumentError, match=r"data\.csv is no base64"):
        world.run(agent, "add_task", "x", files=[{"name": "data.csv", "content": "not base64!"}])
    assert agent.execution is None
    assert world.run(agent, "list_executions") == []


def test_the_user_is_told_to_the_model_and_threads_are_found_by_it(
    world: World, agent: Agent
) -> None:
    with pytest.raises(ArgumentError, match="User details required"):
        world.run(agent, "retrieve_threads_list")
    agent.update_user_details(UserDetails("user-1", "Ada", email="ada@example.com"))
    world.run(agent, "add_task", "hello")
    assert any("ada@example.com" in each["content"] for each in messages(world, agent))
    memory = agent.memory if world.name == "sync" else world.runner.run(agent.amemory())
    world.run(memory, "rename", "a talk")
    [thread] = world.run(agent, "retrieve_threads_list")
    assert (thread.id, thread.name) == (memory.id, "a talk")
    assert thread.metadata == {"agent_id": "agent-a"}


def test_past_executions_are_found(world: World, agent: Agent) -> None:
    execution = world.run(agent, "add_task", "hello")
    turn(world, agent, finish("done"))
    world.run(agent, "add_task", "again")
    newest, oldest = world.run(agent, "list_executions")
    assert (newest.status, oldest.status) == ("PENDING", "COMPLETED")
    assert (oldest.execution_id, oldest.result) == (execution.id, "done")
    found = world.run(agent, "get_execution", execution_id=execution.id)
    assert (found.status, found.input, found.input.text) == ("COMPLETED", "hello", "hello")
    status = world.run(agent, "get_execution_status")
    assert (status.id, status.status) == (newest.id, "PENDING")
    assert status.updated_at >= status.created_at


def test_a_loop_that_is_stopped_is_over_on_the_platform_too(world: World, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    assert world.run(agent, "is_finished") is False
    world.run(agent, "stop")
    assert world.run(agent, "is_finished") is True
    result = world.run(agent, "retrieve_execution_result", timeout=5)
    assert (result.status, result.raw_status) == ("FAILED", "stopped")


def test_a_provider_stays_chosen_while_tools_are_added(agent: Agent) -> None:
    agent.select_llm_provider(LLMProvider.AMAZON_BEDROCK)
    agent.add_local_tools([])
    assert agent.llm_provider is LLMProvider.AMAZON_BEDROCK
    with pytest.raises(ArgumentError, match="nobody"):
        agent.select_llm_provider("nobody")


def test_a_thread_keeps_the_tools_own_names(world: World) -> None:
    odd = "weather: now/here"
    tools = {odd: lambda: "sunny"}
    with LocalPlatform(agents=[{"id": "agent-a", "tools": [odd]}], tools=tools) as platform:
        agent = XpanderClient(configuration=platform.configuration).agents.get("agent-a")
        [tool, _] = [each["function"] for each in agent.get_tools()]
        assert tool["name"] != odd
        world.run(agent, "add_task", "hello")
        [result] = turn(world, agent, chat(None, (tool["name"], {})))
        assert (result.function_name, result.result) == (odd, "sunny")
        memory = agent.memory if world.name == "sync" else world.runner.run(agent.amemory())
        stored = Threads(platform.configuration).get(memory.id).messages
        assert stored[2].tool_calls is not None
        assert stored[2].tool_calls[0].name == odd
        shown = messages(world, agent)
        assert shown[2]["tool_calls"][0]["function"]["name"] == tool["name"]


def test_a_list_in_the_query_reaches_the_tool_by_its_own_name(
    world: World, desk: Desk, agent: Agent
) -> None:
    world.run(agent, "add_task", "hello")
    answer = chat(None, ("read_news", {"queryParams": {"topic": ["a", "b"]}}))
    [result] = turn(world, agent, answer)
    assert result.is_success
    assert desk.called == [("read_news", {"topic": ["a", "b"]})]


def test_usage_and_metrics_are_reported(world: World, desk: Desk, agent: Agent) -> None:
    world.run(agent, "add_task", "hello")
    answer = finish("done")
    turn(world, agent, answer)
    world.run(agent, "report_llm_usage", answer, duration=1.5)
    world.run(agent, "report_llm_usage", answer, llm_inference_duration=1.5)
    tokens = Tokens(worker=LLMTokens(completion_tokens=20, prompt_tokens=100))
    world.run(agent, "report_execution_metrics", tokens, ai_model="gpt-5")
    with pytest.raises(ArgumentError, match="must include usage"):
        world.run(agent, "report_llm_usage", {"model": "gpt-5"})


def test_without_a_task_the_error_says_what_to_do(world: World, agent: Agent) -> None:
    with pytest.raises(ArgumentError, match="call add_task first"):
        world.run(agent, "is_finished")
    with pytest.raises(ArgumentError, match="call add_task first"):
        messages(world, agent)


def test_agents_are_listed_loaded_and_created(world: World, desk: Desk) -> None:
    agents = desk.client().agents
    listed = world.run(agents, "list")
    assert [each.name for each in listed][:2] == ["Ada", "Bob"]
    assert world.run(listed[1], "load").id == "agent-b"
    made = world.run(agents, "create", "Carl", description="does sums")
    assert made.name == "Carl"
    assert world.run(agents, "get", made.id).definition.description == "does sums"


def test_a_script_that_is_alone_is_never_offered_to_a_worker(
    world: World, desk: Desk, agent: Agent
) -> None:
    from xpander_client import Workers

    world.run(agent, "add_task", "hello", use_worker=False)
    workers = Workers(desk.configuration)
    for event in workers.options(timeout=0.5).listen("agent-a"):
        assert event.event == "worker-registration"
        break
    assert world.run(agent, "is_finished") is False
    assert agent.execution is not None
    assert agent.execution.status == "RUNNING"


def test_a_task_that_somebody_else_has_is_not_for_this_script(
    world: World, desk: Desk, agent: Agent
) -> None:
    execution = world.run(agent, "add_task", "hello")
    tasks = Tasks(desk.configuration)
    tasks.update(execution.id, status=AgentExecutionStatus.Executing, worker_id="another-script")
    with pytest.raises(TaskHeldError, match="belongs to a worker"):
        messages(world, agent)
    with pytest.raises(TaskHeldError):
        world.run(agent, "run_tools", [ToolCall("read_news")])
    tasks.update(execution.id, status=AgentExecutionStatus.Completed, result="theirs")
    assert world.run(agent, "is_finished") is True
    assert world.run(agent, "retrieve_execution_result", timeout=5).result == "theirs"
