"""`Backend` with each framework, against a scripted model and a platform that runs the tools."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tests.frameworks.conftest import AGENT, ODD, SALES, SCHEMA, URL, calls
from tests.openai_server import Calls, OpenAIServer, Says
from xpander_client import (
    Backend,
    Configuration,
    ConfigurationError,
    OutputFormat,
    Task,
    Tasks,
    Tool,
    ToolCallRequest,
    ToolCallResult,
    ToolsRepository,
    on_tool_after,
    register_tool,
)
from xpander_client.tools import ToolHooksRegistry

ASK = Calls("read_csv", {"url": URL})
ANSWER = Says("The north sold 120.")


@attrs.frozen
class Framework:
    """A framework, and how an agent of it is run."""

    name: str
    run: Callable[[dict[str, Any], str], str]
    arun: Callable[[dict[str, Any], str], Any]


def run_openai(args: dict[str, Any], message: str) -> str:
    from agents import Agent, Runner

    return str(Runner.run_sync(Agent(**args), message).final_output)


async def arun_openai(args: dict[str, Any], message: str) -> str:
    from agents import Agent, Runner

    return str((await Runner.run(Agent(**args), message)).final_output)


def run_langchain(args: dict[str, Any], message: str) -> str:
    from langchain.agents import create_agent

    asked = {"messages": [("user", message)]}
    return str(create_agent(**args).invoke(asked)["messages"][-1].text)


async def arun_langchain(args: dict[str, Any], message: str) -> str:
    from langchain.agents import create_agent

    asked = {"messages": [("user", message)]}
    return str((await create_agent(**args).ainvoke(asked))["messages"][-1].text)


def run_adk(args: dict[str, Any], message: str) -> str:
    return asyncio.run(arun_adk(args, message))


async def arun_adk(args: dict[str, Any], message: str) -> str:
    from google.adk.agents import Agent
    from google.adk.runners import InMemoryRunner

    runner = InMemoryRunner(Agent(**args), app_name="sales")
    events = await runner.run_debug(message, quiet=True)
    return "".join(part.text or "" for part in events[-1].content.parts)


def run_strands(args: dict[str, Any], message: str) -> str:
    from strands import Agent

    return str(Agent(callback_handler=None, **args)(message)).strip()


async def arun_strands(args: dict[str, Any], message: str) -> str:
    from strands import Agent

    return str(await Agent(callback_handler=None, **args).invoke_async(message)).strip()


FRAMEWORKS = {
    "open-ai-agents": Framework("open-ai-agents", run_openai, arun_openai),
    "langchain": Framework("langchain", run_langchain, arun_langchain),
    "google-adk": Framework("google-adk", run_adk, arun_adk),
    "strands-agents": Framework("strands-agents", run_strands, arun_strands),
}


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Framework:
    # They tell their makers, or a server of traces, what they do.
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "1")
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    return FRAMEWORKS[request.param]


@pytest.fixture(params=["sync", "async"])
def run(
    request: pytest.FixtureRequest, framework: Framework, configuration: Configuration
) -> Callable[..., str]:
    """Runs an agent that was made with the arguments of `get_args`, or of `aget_args`."""

    def run_sync(message: str, agent_id: str | None = None, **given: Any) -> str:
        args = Backend(configuration).get_args(agent_id, framework=framework.name, **given)
        return framework.run(args, message)

    async def run_async(message: str, agent_id: str | None = None, **given: Any) -> str:
        args = await Backend(configuration).aget_args(agent_id, framework=framework.name, **given)
        return str(await framework.arun(args, message))

    if request.param == "sync":
        return run_sync
    return lambda *given, **named: asyncio.run(run_async(*given, **named))


def create(configuration: Configuration, prompt: str = "Who sold most?", **fields: Any) -> Task:
    tasks = Tasks(configuration)
    return tasks.create(agent_id=AGENT, prompt=prompt, events_streaming=True, **fields)


def offered(server: OpenAIServer, name: str) -> dict[str, Any]:
    """What the model was told of a tool."""
    tools = [tool.get("function", tool) for tool in server.requests[0]["tools"]]
    return next(tool for tool in tools if tool["name"] == name)


def test_the_agent_answers_with_what_its_tools_found(
    run: Any, configuration: Configuration, model: Any
) -> None:
    server = model(ASK, ANSWER)
    task = create(configuration, tool_call_payload_extension={"region": "north"})
    assert run(task.to_message(), task=task) == "The north sold 120."
    assert calls == [{"url": URL, "region": "north"}]
    first, second = server.requests
    assert (first["model"], server.keys) == ("gpt-5", ["Bearer model-key"] * 2)
    told = offered(server, "read_csv")
    assert told["description"] == "Reads a CSV file."
    assert told["parameters"]["required"] == SCHEMA["required"]
    assert told["parameters"]["properties"]["url"]["type"] == "string"
    assert "You know {all} the sales." in str(first)
    assert "Who sold most?" in str(first)
    assert '{"north":120,"south":80}' in str(second).replace(" ", "").replace("\\", "")


def test_those_who_follow_a_task_see_its_tool_calls(
    run: Any, configuration: Configuration, model: Any
) -> None:
    model(ASK, ANSWER)
    task = create(configuration)
    run(task.to_message(), task=task)
    task.stop()
    kinds = (ToolCallRequest, ToolCallResult)
    asked, result = [e.data for e in task.events() if isinstance(e.data, kinds)]
    assert isinstance(asked, ToolCallRequest)
    assert isinstance(result, ToolCallResult)
    assert (asked.operation_id, asked.tool_call_id, asked.payload) == (
        "read_csv",
        "call-1",
        {"url": URL},
    )
    assert (result.result, result.is_error) == (SALES, False)


def test_a_model_hears_why_a_tool_failed_and_goes_on(run: Any, model: Any) -> None:
    server = model(Calls("fails", {}), ANSWER)
    assert run("Who sold most?") == "The north sold 120."
    assert "there is no such file" in str(server.requests[1])


@pytest.mark.parametrize("framework", ["open-ai-agents"], indirect=True)
def test_a_model_hears_that_its_arguments_are_no_json(run: Any, model: Any) -> None:
    server = model(Calls("read_csv", '{"url": '), ANSWER)
    assert run("Who sold most?") == "The north sold 120."
    assert "its arguments are no JSON" in str(server.requests[1])
    assert calls == []


def test_payloads_may_have_fields_of_any_name(run: Any, model: Any) -> None:
    model(Calls("odd", ODD), ANSWER)
    assert run("Who sold most?") == "The north sold 120."
    assert calls == [ODD]


def test_other_tools_are_offered_besides(run: Any, model: Any) -> None:
    heard = []

    def remember(fact: str) -> str:
        """Remember a fact."""
        heard.append(fact)
        return "done"

    model(Calls("remember", {"fact": "north leads"}), ANSWER)
    assert run("Remember who leads", tools=[remember]) == "The north sold 120."
    assert heard == ["north leads"]


def test_tools_of_this_process_are_offered_and_hooks_hear_of_each_run(
    run: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(ToolsRepository, "_local_tools", [])
    monkeypatch.setattr(ToolHooksRegistry, "_after_hooks", [])

    @register_tool
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @on_tool_after
    def hear(tool: Tool, *about: Any) -> None:
        heard.append((tool.id, about[-1]))

    server = model(Calls("add", {"a": 1, "b": 2}, id="call-0"), ASK, ANSWER)
    assert run("Who sold most?") == "The north sold 120."
    assert offered(server, "add")["description"] == "Add two numbers."
    assert heard == [("add", 3), ("read_csv", SALES)]


def test_a_task_may_want_json_and_another_model(
    run: Any, configuration: Configuration, model: Any
) -> None:
    server = model(Says('{"best": "north"}'))
    task = create(
        configuration,
        output_format=OutputFormat.Json,
        output_schema={"type": "object", "properties": {"best": {"type": "string"}}},
        llm_model_name="gpt-6",
    )
    assert run(task.to_message(), task=task) == '{"best": "north"}'
    assert server.requests[0]["model"] == "gpt-6"
    assert "best" in str(server.requests[0])


def test_the_framework_is_the_one_that_the_agent_names(
    framework: Framework, configuration: Configuration
) -> None:
    backend = Backend(configuration)
    args = backend.get_args(framework=framework.name, override={"model": None})
    agent = args_agent(configuration, framework.name)
    assert backend.get_args(agent=agent, override={"model": None}).keys() == args.keys()


def args_agent(configuration: Configuration, framework: str) -> Any:
    from xpander_client import Agents

    agent = Agents(configuration).get(AGENT)
    agent.framework = framework
    return agent


def test_what_is_overridden_comes_as_it_is(
    framework: Framework, configuration: Configuration
) -> None:
    override = {"model": "mine", "name": "Other", "more": True}
    args = Backend(configuration).get_args("agent-odd", framework=framework.name, override=override)
    assert {name: args[name] for name in override} == override


def test_an_unknown_provider_and_no_model_are_errors(
    framework: Framework, configuration: Configuration
) -> None:
    backend = Backend(configuration)
    with pytest.raises(ConfigurationError, match=r"'acme' is not known.*anthropic.*openai"):
        backend.get_args("agent-odd", framework=framework.name)
    with pytest.raises(ConfigurationError, match=r"agent-mute has no model.*override"):
        backend.get_args("agent-mute", framework=framework.name)


def test_an_unknown_framework_is_an_error_that_names_the_known_ones(
    configuration: Configuration,
) -> None:
    with pytest.raises(ConfigurationError, match=r"framework='crew' is not known.*agno, "):
        Backend(configuration).get_args(framework="crew")
