"""A plugin's sandbox methods in the hands of an agent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from xpander_client.agents import Agent, scripted
from xpander_client.agents.messages import Message
from xpander_client.background import AgentCtx, Plugin, SandboxMethodType

CATCH = (
    "try:\n    task_success(lookup('x'))\nexcept Exception as error:\n    task_success(str(error))"
)


@pytest.fixture
def plugin() -> Plugin:
    plugin = Plugin("Shop", "shop", "Knows the shop", "1.0.0", "Shop", "")

    @plugin.mount_sandbox_method(SandboxMethodType.TOOL, "lookup", "Look a thing up")
    def look_it_up(ctx: AgentCtx, name: str, times: int = 1) -> str:
        return f"{name * times} in {ctx.chat_key}"

    @plugin.mount_sandbox_method(SandboxMethodType.TOOL, "fetch")
    async def fetch(ctx: AgentCtx, name: str) -> str:
        """Fetch a thing."""
        return f"{name} for {ctx.chat_key}"

    return plugin


def test_code_calls_them_without_the_context_which_is_the_session(plugin: Plugin) -> None:
    agent = Agent(llm=scripted(["task_success(lookup('x', times=2))"] * 2))
    agent.plug(plugin)

    @agent.task
    def work() -> str:  # type: ignore[empty-body]
        """Work."""

    assert work(session="chat-1") == "xx in chat-1"
    assert work() == "xx in default"


async def test_async_ones_are_for_async_tasks(plugin: Plugin) -> None:
    agent = Agent(
        llm=scripted(["task_success(await fetch('x'))", CATCH.replace("lookup", "fetch")])
    )
    agent.plug(plugin)

    @agent.task
    async def awork() -> str:  # type: ignore[empty-body]
        """Work."""

    @agent.task
    def work() -> str:  # type: ignore[empty-body]
        """Work."""

    assert await awork(session="chat-1") == "x for chat-1"
    assert "'fetch' is an async function" in work()


def test_the_model_sees_name_parameters_and_description(plugin: Plugin) -> None:
    asked: list[str] = []

    def look(messages: Sequence[Message]) -> str:
        asked.append(messages[0].text)
        return "task_success('')"

    agent = Agent(llm=scripted([look]))
    agent.plug(plugin)

    @agent.task
    def work() -> str:  # type: ignore[empty-body]
        """Work."""

    work()
    assert "def lookup(name: " in asked[0]
    assert "Look a thing up" in asked[0]
    assert "Fetch a thing." in asked[0]
    assert "ctx" not in asked[0]


async def test_those_of_a_disabled_plugin_cannot_be_called(plugin: Plugin) -> None:
    agent = Agent(llm=scripted([CATCH]))
    agent.plug(plugin)

    @agent.task
    async def work() -> str:  # type: ignore[empty-body]
        """Work."""

    await plugin.disable()
    assert await work() == "plugin 'shop' is disabled"
