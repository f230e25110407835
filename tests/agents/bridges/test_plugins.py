"""A plugin's sandbox methods in the hands of an agent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from xpander_client.agents import Agent, scripted
from xpander_client.agents.types.messages import Message
from xpander_client.background import AgentCtx, Plugin, SandboxMethodType
from xpander_client.errors import ArgumentError

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


def test_code_calls_one_that_has_a_name_for_people_by_the_functions_own(plugin: Plugin) -> None:
    @plugin.mount_sandbox_method(SandboxMethodType.BEHAVIOR, "Count the shelves")
    def count_shelves(ctx: AgentCtx, row: int) -> int:
        """Count."""
        return row * 3

    asked: list[str] = []

    def look(messages: Sequence[Message]) -> str:
        asked.append(messages[0].text)
        return "task_success(f'{count_shelves(2)} {lookup(str(1))} {look_it_up(str(2))}')"

    agent = Agent(llm=scripted([look]))
    agent.plug(plugin)

    @agent.task
    def work() -> str:  # type: ignore[empty-body]
        """Work."""

    assert work() == "6 1 in default 2 in default"
    assert "def count_shelves(row: " in asked[0]
    assert "look_it_up" not in asked[0]


def test_a_functions_own_name_takes_none_that_is_taken(plugin: Plugin) -> None:
    @plugin.mount_sandbox_method(SandboxMethodType.TOOL, "shelve")
    def fetch(ctx: AgentCtx) -> str:
        return "another"

    @plugin.mount_sandbox_method(SandboxMethodType.TOOL, "show")
    def print(ctx: AgentCtx) -> str:  # a name that agent code has already
        return "shown"

    agent = Agent(llm=scripted(["task_success(shelve() + show() + mine())"]))
    agent.fn(lambda: "mine", name="mine")
    agent.plug(plugin)
    assert "Fetch a thing." in str(agent.capabilities.functions["fetch"].docstring)

    @agent.task
    def work() -> str:  # type: ignore[empty-body]
        """Work."""

    assert work() == "anothershownmine"


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


async def test_a_plugin_is_prepared_before_a_method_of_its_is_called(plugin: Plugin) -> None:
    steps: list[str] = []

    @plugin.mount_init_method()
    async def prepare() -> None:
        steps.append("prepared")

    agent = Agent(llm=scripted([CATCH, "task_success(await fetch('x'))", CATCH]))
    agent.plug(plugin)

    @agent.task
    async def work() -> str:  # type: ignore[empty-body]
        """Work."""

    # A method that is no async one can't wait for it.
    assert "'shop' is not prepared, which takes an event loop: await plugin.ena" in await work()
    assert await work() == "x for default"
    assert steps == ["prepared"]
    assert await work() == "x in default"


def test_two_methods_that_code_would_call_by_one_name_are_refused(plugin: Plugin) -> None:
    for name in ("Run the first", "Run the second"):

        @plugin.mount_sandbox_method(SandboxMethodType.TOOL, name)
        def run(ctx: AgentCtx) -> None:
            """Run."""

    with pytest.raises(ArgumentError, match=r"'Run the first' and 'Run the second'.*'run'"):
        Agent(llm=scripted([])).plug(plugin)
