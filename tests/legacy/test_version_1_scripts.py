"""Scripts in the ways of the public ones for version 1.x run against the platform.

The models are the real clients of their providers, with servers on loopback behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import openai
import pytest

from tests.legacy.conftest import Desk
from tests.legacy.model import FINISH
from tests.openai_server import Calls, CallsAtOnce, OpenAIServer, Says
from xpander_client import Tasks
from xpander_client.compat.xpander_sdk_1 import (
    Agent,
    ExecutionStatus,
    GraphItem,
    LLMProvider,
    LLMTokens,
    MemoryStrategy,
    OpenAISupportedModels,
    Tokens,
    ToolCall,
    ToolCallResult,
    ToolCallType,
    XpanderClient,
)
from xpander_client.compat.xpander_utils.events import (
    AgentExecution,
    AgentExecutionResult,
    XpanderEventListener,
)


def ends_with(result: str, *, is_success: bool = True) -> Calls:
    return Calls(FINISH, {"bodyParams": {"is_success": is_success, "result": result}}, "call-9")


def describe(name: str, *parameters: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Do {name} with whole numbers",
            "parameters": {
                "type": "object",
                "properties": {each: {"type": "integer"} for each in parameters},
                "required": list(parameters),
            },
        },
    }


FUNCTIONS: dict[str, Callable[..., int]] = {"square": lambda a: a * a, "add": lambda a, b: a + b}
DECLARED = [describe("square", "a"), describe("add", "a", "b")]


def run_locally(call: ToolCall) -> ToolCallResult:
    result = ToolCallResult(
        function_name=call.name, tool_call_id=call.tool_call_id, payload=call.payload
    )
    try:
        result.result = FUNCTIONS[call.name](**call.payload)
        result.is_success = True
    except Exception as error:
        result.is_success, result.is_error, result.result = False, True, str(error)
    return result


def test_a_new_agent_calculates_with_tools_of_the_script(desk: Desk) -> None:
    squares = CallsAtOnce(
        (Calls("xpLocal_square", {"a": 14}, "1"), Calls("xpLocal_square", {"a": 12}, "2"))
    )
    sums = Calls("xpLocal_add", {"a": 196, "b": 144}, "3")
    with OpenAIServer(squares, sums, ends_with("340")) as server:
        model = openai.OpenAI(api_key="key", base_url=server.base_url)
        configuration = desk.configuration
        client = XpanderClient(
            api_key=configuration.api_key,
            base_url=configuration.base_url,
            organization_id=configuration.organization_id,
            should_reset_cache=True,
        )
        agent = client.agents.create(name="Calculator")
        agent.add_local_tools(DECLARED)
        square = agent.graph.add_node(
            GraphItem(agent=agent, item_id="square", name="Square", is_local_tool=True)
        )
        plus = agent.graph.add_node(
            GraphItem(agent=agent, item_id="add", name="Add", is_local_tool=True)
        )
        square.connect([square, plus])
        plus.connect([plus])
        agent.sync()
        agent.add_task("The square of 14 plus the square of 12?")
        assert agent.execution is not None
        agent.memory.init_messages(
            input=agent.execution.input_message, instructions=agent.instructions
        )
        while not agent.is_finished():
            response = model.chat.completions.create(
                model=OpenAISupportedModels.GPT_4_O,
                messages=agent.messages,  # type: ignore[arg-type]  # as scripts pass them
                tools=agent.get_tools(),  # type: ignore[arg-type]
                tool_choice=agent.tool_choice,
                temperature=0.0,
            )
            agent.add_messages(response.model_dump())
            calls = XpanderClient.extract_tool_calls(llm_response=response.model_dump())
            agent.run_tools(tool_calls=calls)
            pending = XpanderClient.retrieve_pending_local_tool_calls(tool_calls=calls)
            results = [run_locally(call) for call in pending]
            if results:
                agent.memory.add_tool_call_results(tool_call_results=results)
        ended = agent.retrieve_execution_result()
    assert (ended.status, ended.result) == (ExecutionStatus.COMPLETED, "340")
    assert server.requests[0]["model"] == "gpt-4o"
    assert "after square: add" in server.requests[0]["messages"][0]["content"]
    answers = [each["content"] for each in server.requests[2]["messages"] if each["role"] == "tool"]
    assert answers == ["196", "144", "340"]


def test_an_agent_uses_operations_of_an_interface(desk: Desk) -> None:
    weather_call = Calls("get_weather", {"bodyParams": {"city": "Oslo"}})
    with OpenAIServer(weather_call, ends_with("20 degrees")) as server:
        model = openai.OpenAI(api_key="key", base_url=server.base_url)
        agent = desk.client().agents.get("agent-a")
        interface = next(
            each for each in agent.retrieve_agentic_interfaces() if "ada" in each.name.lower()
        )
        operations = agent.retrieve_agentic_operations(agentic_interface=interface)
        weather = next(each for each in operations if each.path == "/get_weather")
        news = next(each for each in operations if each.path == "/read_news")
        agent.attach_operations(operations=[weather, news])
        first, second = (
            agent.graph.add_node(
                GraphItem(agent=agent, item_id=each.id_to_use_on_graph, name=each.name)
            )
            for each in (weather, news)
        )
        first.connect([second])
        agent.sync()
        agent.add_task("How warm is it in Oslo?")
        while not agent.is_finished():
            response = model.chat.completions.create(
                model="gpt-4o",
                messages=agent.messages,  # type: ignore[arg-type]
                tools=agent.get_tools(),  # type: ignore[arg-type]
            )
            agent.add_messages(response.model_dump())
            agent.run_tools(tool_calls=agent.extract_tool_calls(response.model_dump()))
        assert agent.retrieve_execution_result().result == "20 degrees"
    assert desk.called == [("get_weather", {"city": "Oslo"})]


async def test_a_chat_combines_tools_and_keeps_its_own_history(desk: Desk) -> None:
    reads = CallsAtOnce(
        (
            Calls("read_news", {"bodyParams": {"topic": "AI"}}),
            Calls("xpLocal_add", {"a": 1, "b": 2}, "2"),
        )
    )
    with OpenAIServer(reads, Says("No news, and 3.")) as server:
        model = openai.AsyncOpenAI(api_key="key", base_url=server.base_url)
        agent = await desk.client().agents.aget("agent-a")
        await agent.ainvoke_agent("Chat with the user")
        memory = await agent.amemory()
        memory.select_llm_provider(llm_provider=LLMProvider.OPEN_AI)
        assert agent.execution is not None
        await memory.ainitialize_thread(
            input=agent.execution.input_message, instructions=agent.instructions
        )
        agent.add_local_tools(DECLARED)
        combined = agent.get_tools(return_all_tools=True) + agent.retrieve_all_graph_tools()
        tools = [tool for at, tool in enumerate(combined) if tool not in combined[:at]]
        assert len(tools) == len(agent.get_tools())
        history: list[Any] = [{"role": "user", "content": "News? And 1 + 2?"}]
        answer: str | None = None
        for _ in range(5):
            response = await model.chat.completions.create(
                model="gpt-4o",
                messages=history,
                tools=tools,  # type: ignore[arg-type]
            )
            history.append(response.choices[0].message.model_dump(exclude_none=True))
            calls = XpanderClient.extract_tool_calls(llm_response=response.model_dump())
            for call in calls:
                result = (
                    run_locally(call)
                    if call.type == ToolCallType.LOCAL
                    else await agent.arun_tool(call)
                )
                told = {"role": "tool", "tool_call_id": result.tool_call_id}
                history.append({**told, "content": str(result.result)})
            if not calls:
                answer = response.choices[0].message.content
                break
    assert answer == "No news, and 3."
    assert [each["content"] for each in history if each["role"] == "tool"] == [
        "no news about AI",
        "3",
    ]


class Coder:
    """An agent's loop in the way of the public coding agent."""

    def __init__(self, agent: Agent, model: openai.AsyncOpenAI) -> None:
        self.agent = agent
        self.model = model
        self.agent.memory_strategy = MemoryStrategy.MOVING_WINDOW
        self.agent.add_local_tools(DECLARED)
        self.agent.select_llm_provider(LLMProvider.OPEN_AI)

    async def work(self) -> Any:
        tokens = Tokens(worker=LLMTokens(0, 0, 0))
        while not self.agent.is_finished():
            response = await self.model.chat.completions.create(
                model="gpt-4.1",
                messages=self.agent.messages,  # type: ignore[arg-type]
                tools=self.agent.get_tools(),  # type: ignore[arg-type]
                tool_choice=self.agent.tool_choice,
            )
            assert response.usage is not None
            tokens.worker.completion_tokens += response.usage.completion_tokens
            tokens.worker.prompt_tokens += response.usage.prompt_tokens
            tokens.worker.total_tokens += response.usage.total_tokens
            said = response.model_dump()
            self.agent.report_llm_usage(
                llm_response=said, llm_inference_duration=0.5, llm_provider=LLMProvider.OPEN_AI
            )
            self.agent.add_messages(said)
            self.agent.report_execution_metrics(llm_tokens=tokens, ai_model="gpt-4.1")
            calls = self.agent.extract_tool_calls(llm_response=said)
            await asyncio.to_thread(self.agent.run_tools, tool_calls=calls)
            pending = await asyncio.to_thread(
                self.agent.retrieve_pending_local_tool_calls, tool_calls=calls
            )
            results = list(map(run_locally, pending))
            if results:
                self.agent.memory.add_tool_call_results(tool_call_results=results)
        return self.agent.retrieve_execution_result()


@pytest.mark.parametrize(("is_success", "status"), [(True, "completed"), (False, "error")])
async def test_a_listener_hands_executions_to_a_loop(
    desk: Desk, is_success: bool, status: str
) -> None:
    configuration = attrs.evolve(desk.configuration, agent_id="agent-a")
    script = (
        CallsAtOnce(
            (Calls("xpLocal_square", {"a": 3}, "1"), Calls("get_weather", {"city": "Oslo"}, "2"))
        ),
        ends_with("done", is_success=is_success),
    )
    with OpenAIServer(*script) as server:
        model = openai.AsyncOpenAI(api_key="key", base_url=server.base_url)

        async def on_execution_request(execution_task: AgentExecution) -> AgentExecutionResult:
            assert execution_task.input.user is not None
            client = XpanderClient(configuration=configuration)
            agent = client.agents.get(agent_id=execution_task.agent_id)
            agent.init_task(execution=execution_task.model_dump())
            ended = await Coder(agent, model).work()
            return AgentExecutionResult(
                result=ended.result, is_success=ended.status == ExecutionStatus.COMPLETED
            )

        async with XpanderEventListener(
            api_key=configuration.api_key,
            agent_id="agent-a",
            organization_id=configuration.organization_id,
            base_url=configuration.base_url,
        ) as listener:
            listening = asyncio.create_task(listener.start(on_execution_request))
            task = await Tasks(configuration).acreate("agent-a", prompt="Work")
            await task.await_finished(timeout=30)
        await listening
    await task.areload()
    assert (task.status, task.result) == (status, "done")
    assert desk.called == [("get_weather", {"city": "Oslo"})]
    assert [each["role"] for each in server.requests[1]["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
    ]
