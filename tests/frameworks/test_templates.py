"""Workers as the official templates have them: a framework's agent of the platform's record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.frameworks.conftest import AGENT, SALES, URL, calls
from tests.openai_server import Calls, OpenAIServer, Says
from tests.worker.processes import environment_of, program
from xpander_client import Configuration, Tasks, ToolCallResult, User

HEAD = """
from xpander_client import Agents, Backend, Task, on_task

async def load(task):
    return await Agents(configuration=task.configuration).aget()
"""

OPENAI_AGENTS = """
from agents import Agent, Runner

@on_task
async def handler(task: Task):
    ours = await load(task)
    agent = Agent(
        name=ours.name,
        instructions=ours.instructions.full,
        model=ours.model_name,
        tools=ours.openai_agents_sdk_tools,
    )
    result = await Runner.run(starting_agent=agent, input=task.to_message())
    task.result = result.final_output
    return task
"""

LANGCHAIN = """
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

@on_task
async def handler(task: Task):
    ours = await load(task)
    model = ChatOpenAI(model=ours.model_name, temperature=0)
    agent = create_agent(model=model, tools=ours.tools.functions)
    user = task.input.user.model_dump_json() if task.input.user else "nobody"
    messages = [("system", ours.instructions.full), ("system", user), ("user", task.to_message())]
    result = await agent.ainvoke(input={"messages": messages})
    task.result = result["messages"].pop().content
    return task
"""

LANGGRAPH = """
from langchain_core.messages import SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

@on_task
def handler(task: Task):
    ours = Agents(configuration=task.configuration).get()
    ours.tools.is_async = False
    told = SystemMessage(content=ours.instructions.goal_str)
    model = ChatOpenAI(model=ours.model_name, temperature=0)
    graph = create_react_agent(model, ours.tools.functions, prompt=told)
    task.result = graph.invoke({"messages": [("user", task.to_message())]})["messages"][-1].content
    return task
"""

GOOGLE_ADK = """
from google.adk.agents import Agent
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.genai import types

@on_task
async def handler(task: Task):
    ours = await load(task)
    agent = Agent(
        name=ours.sanitized_name,
        model=LiteLlm(model=f"{ours.model_provider}/{ours.model_name}"),
        description=ours.instructions.description,
        instruction=ours.instructions.full.replace("{all}", "all"),
        tools=ours.tools.functions,
    )
    user = task.input.user.id if task.input.user else "nobody"
    sessions = InMemorySessionService()
    about = {"app_name": ours.sanitized_name, "user_id": user, "session_id": task.id}
    await sessions.create_session(**about)
    runner = Runner(agent=agent, app_name=ours.sanitized_name, session_service=sessions)
    message = types.Content(role="user", parts=[types.Part(text=task.to_message())])
    async for event in runner.run_async(user_id=user, session_id=task.id, new_message=message):
        if event.is_final_response() and event.content and event.content.parts:
            task.result = event.content.parts[0].text
    return task
"""

STRANDS = """
from strands import Agent
from strands.models.openai import OpenAIModel

@on_task
async def handler(task: Task):
    ours = await load(task)
    agent = Agent(
        model=OpenAIModel(client_args={"api_key": "model-key"}, model_id=ours.model_name),
        description=ours.instructions.description,
        system_prompt=ours.instructions.full,
        tools=ours.strands_tools,
    )
    state = {"user_details": task.input.user.model_dump_json()} if task.input.user else None
    result = agent(prompt=task.to_message(), invocation_state=state)
    task.result = result.message["content"][0]["text"]
    return task
"""

# Functions take their fields in one `payload`, as the official ones.
_FLAT, _WRAPPED = {"url": URL}, {"payload": {"url": URL}}
TEMPLATES = {
    "open-ai-agents": (OPENAI_AGENTS, _FLAT),
    "langchain": (LANGCHAIN, _WRAPPED),
    "langgraph": (LANGGRAPH, _WRAPPED),
    "google-adk": (GOOGLE_ADK, _WRAPPED),
    "strands": (STRANDS, _FLAT),
    "strands, called as the official tools are": (STRANDS, _WRAPPED),
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_answers_with_what_the_platforms_tools_found(
    template: str, configuration: Configuration, model: Any, tmp_path: Path
) -> None:
    code, asked = TEMPLATES[template]
    server: OpenAIServer = model(Calls("read_csv", asked), Says("The north sold 120."))
    environment = environment_of(configuration) | {
        "OPENAI_API_KEY": "model-key",
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_AGENTS_DISABLE_TRACING": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "XPANDER_STREAMING_PORT": "0",
    }
    with program(tmp_path / "xpander_handler.py", HEAD + code, environment) as worker:
        task = Tasks(configuration).create(
            agent_id=AGENT,
            prompt="Who sold most?",
            user_details=User(id="ann", email="ann@example.com"),
            events_streaming=True,
        )
        task.wait_finished(timeout=100)
        assert (task.status, task.result) == ("completed", "The north sold 120."), worker.output
    assert calls == [_FLAT]
    assert "Be brief" in str(server.requests[0])
    assert "Who sold most?" in str(server.requests[0])
    assert "120" in str(server.requests[1])
    told = [event.data for event in task.events() if isinstance(event.data, ToolCallResult)]
    assert [(result.operation_id, result.result) for result in told] == [("read_csv", SALES)]
