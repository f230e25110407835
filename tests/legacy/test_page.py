"""The examples of the page on task methods, run as printed against the embedded platform.

The models are the real clients of their providers, with servers on loopback behind them.
"""

from __future__ import annotations

import ast
import asyncio
from types import FunctionType
from typing import Any

import anthropic
import botocore.session
import openai
import pytest

from tests.legacy.conftest import Desk
from tests.legacy.model import FINISH
from tests.legacy.scripted_server import scripted_server
from tests.openai_server import Calls, CallsAtOnce, OpenAIServer, Says
from xpander_client import LLMProvider, Task, XpanderClient
from xpander_client.legacy import Agent

BASIC = """
# Create a task
agent.add_task(input="Summarize the latest news on AI")

# Run until completion
while not agent.is_finished():
    # Run LLM to process messages and generate tool calls
    response = openai_client.chat.completions.create(
        model="gpt-4o",
        messages=agent.messages,
        tools=agent.get_tools(llm_provider=LLMProvider.OPEN_AI),
        temperature=0
    )
    
    # Add response to messages
    agent.add_messages(response.model_dump())
    
    # Process tool calls
    tool_calls = XpanderClient.extract_tool_calls(
        llm_response=response.model_dump(),
        llm_provider=LLMProvider.OPEN_AI
    )
    
    if tool_calls:
        agent.run_tools(tool_calls=tool_calls)

# Get result
result = agent.retrieve_execution_result()
print(result.result)
"""  # noqa: W293  # as printed

HAND_OVER = """
# Start with first agent
agent_a = client.agents.get(agent_id="agent_a_id")
agent_a.add_task(input="Collect data for analysis")

# Process with first agent
process(agent_a)

# Get the execution result which contains the thread ID
result = agent_a.retrieve_execution_result()
thread_id = result.thread_id

# Transfer to second agent using the thread ID
agent_b = client.agents.get(agent_id="agent_b_id")
agent_b.add_task(
    input="Analyze the collected data",
    thread_id=thread_id  # Continue the same conversation
)

# Process with second agent
process(agent_b)
"""

PAST = """
# Get all tasks for the agent
tasks = agent.list_executions()

# Get a specific task by ID
task = agent.get_execution(execution_id="execution-1234")

# Get the result of a completed task
if task.status == "COMPLETED":
    result = agent.retrieve_execution_result()
    print(result.result)
"""

ADD_TASK = """
task = agent.add_task(
    input="Research quantum computing",
    thread_id="thread_abc123",  # Optional
    files=[{"name": "data.csv", "content": "YSxiCjEsMgo="}]  # Optional
)
"""


def finish(result: str, id: str = "call-9") -> Calls:
    return Calls(FINISH, {"bodyParams": {"is_success": True, "result": result}}, id)


def client_of(server: OpenAIServer) -> openai.OpenAI:
    return openai.OpenAI(api_key="key", base_url=server.base_url, max_retries=0)


def test_basic_task_execution(desk: Desk, agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    script: list[Says | Calls | CallsAtOnce] = [
        Says("Let me look."),
        CallsAtOnce(
            (
                Calls("read_news", {"bodyParams": {"topic": "AI"}}, "call-1"),
                Calls("get_weather", {"bodyParams": {"city": "Berlin"}}, "call-2"),
            )
        ),
        finish("It is quiet."),
    ]
    with OpenAIServer(*script) as server, client_of(server) as openai_client:
        names: dict[str, Any] = {
            "agent": agent,
            "openai_client": openai_client,
            "LLMProvider": LLMProvider,
            "XpanderClient": XpanderClient,
        }
        exec(compile(BASIC, "page", "exec"), names)
        assert capsys.readouterr().out == "It is quiet.\n"
        first, _, last = server.requests
        assert [message["role"] for message in first["messages"]] == ["system", "user"]
        assert first["messages"][1]["content"] == "Summarize the latest news on AI"
        assert {tool["function"]["name"] for tool in first["tools"]} >= {"read_news", FINISH}
        roles = [message["role"] for message in last["messages"]]
        assert roles == ["system", "user", "assistant", "assistant", "tool", "tool"]
        assert len(desk.called) == 2
        Task.report_external_task(
            desk.configuration, agent_id="agent-a", id="execution-1234", result="of old"
        )
        exec(compile(PAST, "page", "exec"), names)
        assert capsys.readouterr().out == "It is quiet.\n"
        assert names["tasks"][0].id == "execution-1234"


def test_multi_agent_workflow(desk: Desk) -> None:
    with OpenAIServer(finish("a,b\n1,2"), finish("1 and 2")) as server:

        def process(agent: Agent) -> None:
            with client_of(server) as openai_client:
                loop = BASIC.partition("# Run until completion")[2].partition("# Get result")[0]
                names = {
                    "agent": agent,
                    "openai_client": openai_client,
                    "LLMProvider": LLMProvider,
                    "XpanderClient": XpanderClient,
                }
                exec(compile(loop, "page", "exec"), names)

        names: dict[str, Any] = {"client": desk.client(), "process": process}
        exec(compile(HAND_OVER, "page", "exec"), names)
        assert names["agent_a"].retrieve_execution_result().result == "a,b\n1,2"
        assert names["agent_b"].retrieve_execution_result().result == "1 and 2"
        seen = server.requests[1]["messages"]
        assert [message["content"] for message in seen if message["role"] == "user"] == [
            "Collect data for analysis",
            "Analyze the collected data",
        ]


def test_add_task_takes_a_thread_and_files_as_printed(desk: Desk, agent: Agent) -> None:
    names: dict[str, Any] = {"agent": agent}
    exec(compile(ADD_TASK, "page", "exec"), names)
    assert names["task"].thread_id == "thread_abc123"
    assert names["task"].status == "PENDING"


def test_the_loop_in_async_code(desk: Desk) -> None:
    asynchronous = (
        BASIC.replace("agent.add_task", "await agent.aadd_task")
        .replace("not agent.is_finished", "not await agent.ais_finished")
        .replace("openai_client.chat", "await openai_client.chat")
        .replace("agent.messages", "await agent.amessages()")
        .replace("agent.add_messages", "await agent.aadd_messages")
        .replace("agent.run_tools", "await agent.arun_tools")
        .replace("agent.retrieve_execution_result", "await agent.aretrieve_execution_result")
    )
    script = [Calls("read_news", {"bodyParams": {"topic": "AI"}}), finish("It is quiet.")]

    async def main(server: OpenAIServer) -> Any:
        agent = await desk.client().agents.aget("agent-a")
        async with openai.AsyncOpenAI(
            api_key="key", base_url=server.base_url, max_retries=0
        ) as openai_client:
            names = {
                "agent": agent,
                "openai_client": openai_client,
                "LLMProvider": LLMProvider,
                "XpanderClient": XpanderClient,
            }
            code = compile(asynchronous, "page", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            await FunctionType(code, names)()
            return names["result"]

    with OpenAIServer(*script) as server:
        assert asyncio.run(main(server)).result == "It is quiet."


def test_the_loop_with_anthropic(desk: Desk, agent: Agent) -> None:
    def says(*content: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": "msg-1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": list(content),
            "stop_reason": "tool_use",
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20},
        }

    def use(id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"type": "tool_use", "id": id, "name": name, "input": given}

    script = [
        says(
            {"type": "text", "text": "Let me look."},
            use("toolu-1", "read_news", {"bodyParams": {"topic": "AI"}}),
            use("toolu-2", "get_weather", {"bodyParams": {"city": "Rome"}}),
        ),
        says(use("toolu-3", FINISH, {"bodyParams": {"is_success": True, "result": "quiet"}})),
    ]
    agent.select_llm_provider(LLMProvider.ANTHROPIC)
    agent.add_task("Summarize the news")
    with (
        scripted_server(*script) as server,
        anthropic.Anthropic(api_key="key", base_url=server.url, max_retries=0) as model,
    ):
        while not agent.is_finished():
            response = model.messages.create(
                model="claude",
                max_tokens=1000,
                system=agent.memory.system_message,
                messages=agent.messages,  # type: ignore[arg-type]
                tools=agent.get_tools(),  # type: ignore[arg-type]
            )
            agent.add_messages(response)
            agent.report_llm_usage(response)
            calls = XpanderClient.extract_tool_calls(response, LLMProvider.ANTHROPIC)
            agent.run_tools(calls)
    assert agent.retrieve_execution_result().result == "quiet"
    assert sorted(name for name, _ in desk.called) == ["get_weather", "read_news"]
    [_, second] = [asked for _, asked in server.asked]
    assert "You are A." in second["system"]
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    results = second["messages"][-1]["content"]
    assert [block["tool_use_id"] for block in results] == ["toolu-1", "toolu-2"]


def test_the_loop_with_bedrock(desk: Desk, agent: Agent) -> None:
    def says(*content: dict[str, Any]) -> dict[str, Any]:
        return {
            "output": {"message": {"role": "assistant", "content": list(content)}},
            "stopReason": "tool_use",
            "usage": {"inputTokens": 100, "outputTokens": 20, "totalTokens": 120},
            "metrics": {"latencyMs": 10},
        }

    def use(id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"toolUse": {"toolUseId": id, "name": name, "input": given}}

    agent.select_llm_provider(LLMProvider.AMAZON_BEDROCK)
    names = [tool["toolSpec"]["name"] for tool in agent.get_tools()]
    finish_name = names[-1]
    script = [
        says(
            {"text": "Let me look."},
            use("use-1", "read_news", {"bodyParams": {"topic": "AI"}}),
            use("use-2", "get_weather", {"bodyParams": {"city": "Rome"}}),
        ),
        says(use("use-3", finish_name, {"bodyParams": {"is_success": True, "result": "quiet"}})),
    ]
    agent.add_task("Summarize the news")
    with scripted_server(*script) as server:
        model: Any = botocore.session.get_session().create_client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=server.url,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        while not agent.is_finished():
            response = model.converse(
                modelId="claude",
                system=agent.memory.system_message,
                messages=agent.messages,
                toolConfig={"tools": agent.get_tools()},
            )
            agent.add_messages(response)
            calls = XpanderClient.extract_tool_calls(response, LLMProvider.AMAZON_BEDROCK)
            agent.run_tools(calls)
        model.close()
    assert agent.retrieve_execution_result().result == "quiet"
    assert sorted(name for name, _ in desk.called) == ["get_weather", "read_news"]
    [_, second] = [asked for _, asked in server.asked]
    [results] = [each["content"] for each in second["messages"][2:]]
    assert [block["toolResult"]["toolUseId"] for block in results] == ["use-1", "use-2"]
