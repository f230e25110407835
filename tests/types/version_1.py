"""Lines of scripts for version 1.x, and of handlers for `xpander_utils.events`."""

from __future__ import annotations

from typing import Any, assert_type

from xpander_client.compat.xpander_sdk_1 import (
    Agent,
    Execution,
    GraphItem,
    LLMProvider,
    MemoryStrategy,
    OpenAISupportedModels,
    Tokens,
    XpanderClient,
)
from xpander_client.compat.xpander_utils.events import (
    AgentExecution,
    AgentExecutionResult,
    XpanderEventListener,
)


def prepare(client: XpanderClient) -> Agent:
    """Make an agent with a graph."""
    agent = client.agents.create(name="Calculator")
    agent.memory_strategy = MemoryStrategy.MOVING_WINDOW
    agent.memory_strategy = 3  # type: ignore[assignment]
    square = agent.graph.add_node(GraphItem(agent=agent, item_id="square", is_local_tool=True))
    agent.graph.add_node(GraphItem(agent=agent, item="square"))  # type: ignore[call-arg]
    assert_type(square.connect([square]), GraphItem)
    square.connect(["square"])  # type: ignore[list-item]
    for interface in agent.retrieve_agentic_interfaces():
        agent.attach_operations(agent.retrieve_agentic_operations(agentic_interface=interface))
        agent.attach_operations([interface])  # type: ignore[list-item]
    assert_type(agent.sync(), Agent)
    return agent


async def drive(agent: Agent, answer: dict[str, Any]) -> str:
    """Drive a loop."""
    assert_type(await agent.ainvoke_agent("Work", use_worker=False), Execution)
    (await agent.amemory()).select_llm_provider(LLMProvider.OPEN_AI)
    assert_type(agent.get_tools(return_all_tools=True), list[dict[str, Any]])
    agent.report_llm_usage(answer, llm_inference_duration=0.5)
    agent.report_llm_usage(answer, llm_inference_duration="soon")  # type: ignore[arg-type]
    assert_type((await agent.aget_execution_status()).llm_tokens, Tokens)
    model: str = OpenAISupportedModels.GPT_4_O
    return model


def work(execution: AgentExecution) -> AgentExecutionResult:
    """Carry an execution out."""
    return AgentExecutionResult(result=execution.input.text, is_success=True)


async def awork(execution: AgentExecution) -> AgentExecutionResult:
    """Carry an execution out on the event loop."""
    return AgentExecutionResult(answer="done")  # type: ignore[call-arg]


def shout(text: str) -> str:
    """Do what no handler does."""
    return text.upper()


def listen(listener: XpanderEventListener) -> None:
    """Register handlers."""
    listener.register(on_execution_request=work)
    listener.register(awork)
    listener.register(shout)  # type: ignore[arg-type]
