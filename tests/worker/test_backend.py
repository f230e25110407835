"""`Backend` with the real agno, against a scripted model and a platform that runs the tools."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from agno.agent import Agent as AgnoAgent
from agno.run.agent import RunContentEvent

from tests.openai_server import USAGE, Calls, OpenAIServer, Reply, Says
from tests.worker.processes import environment_of, program
from tests.worlds import World
from xpander_client import (
    Agent,
    AgentExecutionInput,
    AgentExecutionStatus,
    Agents,
    AttachmentRef,
    Backend,
    Configuration,
    ConfigurationError,
    NotFoundError,
    OutputFormat,
    Task,
    Tasks,
    TaskUpdateEventType,
    Tokens,
    ToolCallRequest,
    ToolCallResult,
    User,
    WaitTimeoutError,
    Worker,
)
from xpander_client.platform import LocalPlatform

AGENT = "agent-sales"
SALES = {"north": 120, "south": 80}
SCHEMA = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
ASK = Calls("read_csv", {"url": "https://example.com/sales.csv"})
ANSWER = Says("The north sold 120.")

# The first example on the page of the official client's @on_task, but for the package's name.
EXAMPLE = """
from xpander_client import Backend, on_task
from xpander_client.modules.tasks.sub_modules.task import Task
from agno.agent import Agent as AgnoAgent

backend = Backend()

@on_task
async def handler(task: Task) -> Task:
    args = await backend.aget_args(
        agent_id=task.agent_id,
        agent_version=task.agent_version,
        task=task,
    )
    agno_agent = AgnoAgent(**args)
    result = await agno_agent.arun(input=task.to_message())
    task.result = result.content
    return task
"""

calls: list[dict[str, Any]] = []


def read_csv(**payload: Any) -> dict[str, int]:
    calls.append(payload)
    return SALES


async def fails(**_: Any) -> None:
    raise ValueError("there is no such file")


def described(**fields: Any) -> dict[str, Any]:
    """An agent as a file describes it."""
    return {
        "id": AGENT,
        "name": "Sales",
        "instructions": {"general": "You know the sales.", "goal": ["Be brief", "Be right"]},
        "model": "openai/gpt-5",
        "tools": [
            {"id": "read_csv", "description": "Reads a CSV file.", "parameters": SCHEMA},
            {"id": "fails", "name": "fails: always"},
        ],
        **fields,
    }


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    agents = [
        described(),
        described(id="agent-json", output_format="json", tools=[]),
        described(id="agent-odd", model="acme/one"),
        described(id="agent-mute", model=None),
        described(id="agent-claude", model="anthropic/claude"),
        described(id="agent-expecting", expected_output="A table"),
        described(
            id="agent-names",
            tools=[
                {
                    "id": "1",
                    "name": "Send e-mail!",
                    "parameters": {"properties": {"to": {"type": "array"}}},
                },
                {"id": "2", "name": "Send e-mail?"},
                {"id": "3", "name": "x" * 100},
                {"id": "read_csv", "name": "выгрузка", "parameters": {"properties": {"fc": {}}}},
            ],
        ),
    ]
    tools = {"read_csv": read_csv, "fails": fails}
    with LocalPlatform(agents=agents, tools=tools) as platform:
        yield platform


@pytest.fixture
def configuration(platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    calls.clear()
    monkeypatch.setenv("OPENAI_API_KEY", "model-key")
    return attrs.evolve(platform.configuration, agent_id=AGENT)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Starts a model that follows a script."""
    running: list[OpenAIServer] = []

    def start(*script: Reply) -> OpenAIServer:
        server = OpenAIServer(*script)
        running.append(server)
        server.__enter__()
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


def created(configuration: Configuration, prompt: str = "Who sold most?", **fields: Any) -> Task:
    tasks = Tasks(configuration)
    return tasks.create(agent_id=AGENT, prompt=prompt, events_streaming=True, **fields)


def answered(world: World, args: dict[str, Any], message: str) -> Any:
    """The run of an agno agent that was made with these arguments."""
    return world.run(AgnoAgent(**args), "run", message)


# The page's example -------------------------------------------------------------------------------


def test_the_first_example_of_the_page_runs_as_printed(
    configuration: Configuration, model: Any, tmp_path: Path
) -> None:
    server = model(ASK, ANSWER)
    settings = {
        "OPENAI_API_KEY": "model-key",
        "OPENAI_BASE_URL": server.base_url,
        "XPANDER_STREAMING_PORT": "0",
    }
    environment = environment_of(configuration) | settings
    with program(tmp_path / "worker.py", EXAMPLE, environment):
        task = created(configuration).wait_finished(timeout=60)
    assert (task.status, task.result) == (AgentExecutionStatus.Completed, "The north sold 120.")
    assert calls == [ASK.arguments]
    first, second = server.requests
    assert first["model"] == "gpt-5"
    assert server.keys == ["Bearer model-key"] * 2
    assert first["messages"][-1] == {"role": "user", "content": "Who sold most?"}
    assert "You know the sales." in first["messages"][0]["content"]
    assert "- Be brief\n- Be right" in first["messages"][0]["content"]
    [offered] = [tool for tool in first["tools"] if tool["function"]["name"] == "read_csv"]
    assert offered["function"]["description"] == "Reads a CSV file."
    assert offered["function"]["parameters"] == SCHEMA
    assert second["messages"][-1]["role"] == "tool"
    assert second["messages"][-1]["content"] == '{"north":120,"south":80}'


async def test_a_handler_that_streams_its_model_gets_the_pieces_as_they_come(
    configuration: Configuration, model: Any
) -> None:
    model(ASK, ANSWER)
    pieces: list[str] = []

    async def handler(task: Task) -> Task:
        args = await Backend().aget_args(task=task)
        run = AgnoAgent(**args).arun(task.to_message(), stream=True)
        pieces.extend([str(e.content) async for e in run if isinstance(e, RunContentEvent)])
        task.result = "".join(pieces)
        return task

    async with Worker(handler, configuration):
        task = await Tasks(configuration).acreate(agent_id=AGENT, prompt="Who?")
        await task.await_finished(timeout=30)
    assert task.result == "The north sold 120."
    assert len(pieces) > 2


# Tools --------------------------------------------------------------------------------------------


def test_tools_run_on_the_platform_on_behalf_of_the_task(
    world: World, configuration: Configuration, model: Any
) -> None:
    model(ASK, ANSWER)
    task = created(configuration, tool_call_payload_extension={"region": {"name": "north"}})
    args = world.run(Backend(configuration), "get_args", task=task)
    assert answered(world, args, task.to_message()).content == "The north sold 120."
    assert calls == [{"url": "https://example.com/sales.csv", "region": {"name": "north"}}]


def test_those_who_follow_a_task_see_its_tool_calls(
    world: World, configuration: Configuration, model: Any
) -> None:
    model(ASK, Calls("fails_always", {}, id="call-2"), ANSWER)
    task = created(configuration)
    args = world.run(Backend(configuration), "get_args", task=task)
    answered(world, args, task.to_message())
    task.set_status(AgentExecutionStatus.Completed)
    told = [
        event.data
        for event in task.events()
        if event.type in (TaskUpdateEventType.ToolCallRequest, TaskUpdateEventType.ToolCallResult)
    ]
    asked, result, asked_again, failure = told
    assert isinstance(asked, ToolCallRequest)
    assert isinstance(result, ToolCallResult)
    assert (asked.operation_id, asked.tool_name, asked.tool_call_id) == (
        "read_csv",
        "read_csv",
        "call-1",
    )
    assert (asked.payload, result.result, result.is_error) == (ASK.arguments, SALES, False)
    assert asked.request_id == result.request_id != asked_again.request_id
    assert (failure.operation_id, failure.tool_call_id) == ("fails", "call-2")
    assert failure.is_error is True
    assert failure.result == "the tool fails failed: there is no such file"
    log = task.get_activity_log()
    assert [entry.is_error for entry in log.messages or [] if hasattr(entry, "is_error")] == [
        False,
        True,
    ]


def test_a_model_hears_why_a_tool_failed(
    world: World, configuration: Configuration, model: Any
) -> None:
    server = model(Calls("fails_always", {}), ANSWER)
    args = world.run(Backend(configuration), "get_args", AGENT)
    run = answered(world, args, "Who sold most?")
    assert run.content == "The north sold 120."
    assert run.tools[0].tool_call_error is True
    assert "there is no such file" in server.requests[1]["messages"][-1]["content"]


def test_a_tool_call_that_cannot_be_reported_is_made_all_the_same(
    world: World, configuration: Configuration, model: Any, caplog: pytest.LogCaptureFixture
) -> None:
    model(ASK, ANSWER)
    task = created(configuration)
    task.stop()
    args = world.run(Backend(configuration), "get_args", task=task)
    # Another attempt has the task: what this one reports is refused.
    bound = task._transport.options(headers={"x-execution-attempt": "7"})
    task._bind(bound, None)
    answered(world, args, task.to_message())
    assert calls == [ASK.arguments]
    assert "was not reported" in caplog.text


def test_names_are_made_fit_for_models_and_stay_apart(
    world: World, configuration: Configuration, model: Any
) -> None:
    # Words that mean something to agno, or to Python, and nothing here.
    payload = {"fc": "a field of its own", "agent": "a", "files": ["b"], "self": 1, "given": {}}
    server = model(Calls("read_csv", payload), ANSWER)
    args = world.run(Backend(configuration), "get_args", "agent-names")
    names = ["Send_e-mail", "Send_e-mail_2", "x" * 64, "read_csv"]
    assert [tool.name for tool in args["tools"]] == names
    answered(world, args, "Do it")
    assert calls == [payload]
    described, bare, *_ = (tool["function"] for tool in server.requests[0]["tools"])
    assert bare["parameters"] == {"type": "object", "properties": {}}
    assert described["parameters"]["properties"] == {"to": {"type": "array", "items": {}}}


def test_other_tools_are_offered_besides(
    world: World, configuration: Configuration, model: Any
) -> None:
    heard = []

    def remember(fact: str) -> str:
        """Remember a fact."""
        heard.append(fact)
        return "done"

    model(Calls("remember", {"fact": "north leads"}), ANSWER)
    args = world.run(Backend(configuration), "get_args", AGENT, tools=[remember])
    answered(world, args, "Remember who leads")
    assert heard == ["north leads"]


# What the arguments are ---------------------------------------------------------------------------


def args_for(configuration: Configuration, task: Task | None = None, **given: Any) -> Any:
    return Backend(configuration).get_args(task=task, **given)


def test_without_a_task_the_arguments_are_the_agents(configuration: Configuration) -> None:
    args = args_for(configuration)
    assert (args["id"], args["name"], args["model"].id) == (AGENT, "Sales", "gpt-5")
    assert args["instructions"] == "You know the sales.\n\nGoals:\n- Be brief\n- Be right"
    assert args["telemetry"] is False
    assert not {"session_id", "user_id", "output_schema", "expected_output"} & args.keys()


def test_a_task_brings_its_session_its_user_and_its_limit(configuration: Configuration) -> None:
    user = User(id="user-1", email="ann@example.com")
    task = created(configuration, user_details=user, tool_call_limit=3)
    args = args_for(configuration, task)
    assert (args["user_id"], args["tool_call_limit"]) == ("user-1", 3)
    assert args["session_id"] == (task.conversation_id or task.id)
    task.conversation_id = "conversation-1"
    assert args_for(configuration, task)["session_id"] == "conversation-1"


def test_a_task_may_name_another_model(configuration: Configuration) -> None:
    task = created(configuration, llm_model_provider="openai_compatible", llm_model_name="m")
    model = args_for(configuration, task)["model"]
    assert (type(model).__name__, model.id, model.api_key) == ("OpenAILike", "m", "model-key")


@pytest.mark.parametrize(
    "schema",
    [
        {"capabilities": "list of capabilities"},
        {"type": "object", "properties": {"capabilities": {"type": "array"}}},
    ],
)
def test_a_schema_gives_a_structured_answer(
    world: World, configuration: Configuration, model: Any, schema: dict[str, Any]
) -> None:
    server = model(Says('{"capabilities": ["Search"]}'))
    task = created(configuration, output_format=OutputFormat.Json, output_schema=schema)
    args = world.run(Backend(configuration), "get_args", task=task)
    assert answered(world, args, task.to_message()).content == {"capabilities": ["Search"]}
    assert "capabilities" in server.requests[0]["messages"][0]["content"]
    assert server.requests[0]["response_format"] == {"type": "json_object"}


def test_the_form_of_the_answer_is_the_tasks_or_else_the_agents(
    configuration: Configuration,
) -> None:
    markdown = args_for(configuration, created(configuration, output_format=OutputFormat.Markdown))
    assert markdown["markdown"] is True
    asked = created(configuration, output_format=OutputFormat.Json)
    assert args_for(configuration, asked)["instructions"].endswith("JSON and nothing else.")
    assert args_for(configuration, agent_id="agent-json")["instructions"].endswith("else.")
    with_text = created(configuration, output_format=OutputFormat.Text)
    assert "JSON" not in args_for(configuration, with_text, agent_id="agent-json")["instructions"]


def test_what_the_task_says_in_words_is_left_to_its_message(configuration: Configuration) -> None:
    own = args_for(configuration, created(configuration), agent_id="agent-expecting")
    assert own["expected_output"] == "A table"
    task = created(configuration, expected_output="One line", additional_context="It is June.")
    args = args_for(configuration, task, agent_id="agent-expecting")
    assert "expected_output" not in args
    assert "One line" in task.to_message()
    assert "It is June." in task.to_message()


def test_what_is_overridden_comes_as_it_is(configuration: Configuration) -> None:
    override = {"model": "mine", "name": "Other", "debug_mode": True}
    args = args_for(configuration, agent_id="agent-odd", override=override)
    assert {name: args[name] for name in override} == override


def test_an_agent_that_was_loaded_is_not_loaded_again(
    world: World, configuration: Configuration
) -> None:
    agent = Agents(configuration).get(AGENT)
    assert isinstance(agent, Agent)
    agent.name = "As it is here"
    nowhere = Backend(Configuration("key", "http://127.0.0.1:9", "acme"))
    args = world.run(nowhere, "get_args", agent=agent)
    assert args["name"] == "As it is here"


# Whose configuration ------------------------------------------------------------------------------


def test_a_backend_is_made_before_anything_is_configured(
    world: World, configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_KEY", "BASE_URL", "ORGANIZATION_ID", "AGENT_ID"):
        monkeypatch.delenv(f"XPANDER_{name}", raising=False)
    monkeypatch.setenv("XPANDER_BASE_URL", "http://127.0.0.1:9")
    backend = Backend()
    task = created(configuration)
    assert world.run(backend, "get_args", task=task)["name"] == "Sales"
    for name, value in environment_of(configuration).items():
        monkeypatch.setenv(name, value)
    assert world.run(backend, "get_args")["name"] == "Sales"


def test_an_agent_that_is_not_named_or_not_there_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XPANDER_AGENT_ID", raising=False)
    with LocalPlatform(create_agents=False) as platform:
        backend = Backend(platform.configuration)
        with pytest.raises(ConfigurationError, match="XPANDER_AGENT_ID"):
            world.run(backend, "get_args")
        with pytest.raises(NotFoundError):
            world.run(backend, "get_args", "nobody")


# What is not there --------------------------------------------------------------------------------


def test_an_unknown_provider_is_an_error_that_names_the_known_ones(
    world: World, configuration: Configuration
) -> None:
    with pytest.raises(ConfigurationError, match=r"'acme' is not known.*anthropic.*openai"):
        world.run(Backend(configuration), "get_args", "agent-odd")


def test_an_agent_without_a_model_is_an_error_that_says_what_to_do(
    world: World, configuration: Configuration
) -> None:
    with pytest.raises(ConfigurationError, match=r"agent-mute has no model.*override"):
        world.run(Backend(configuration), "get_args", "agent-mute")


@pytest.mark.parametrize(
    ("missing", "agent", "told"),
    [
        ("agno", AGENT, 'pip install "xpander-client[agno]"'),
        ("openai", AGENT, "models of openai need the package openai: pip install openai"),
        ("anthropic", "agent-claude", "need the package anthropic: pip install anthropic"),
    ],
)
def test_a_missing_package_is_an_error_that_says_what_to_install(
    configuration: Configuration, missing: str, agent: str, told: str
) -> None:
    code = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from xpander_client import Backend, ConfigurationError
try:
    Backend().get_args(sys.argv[2])
except ConfigurationError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, missing, agent],
        check=False,
        env=environment_of(configuration),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told in done.stdout, done.stderr


def test_neither_agno_nor_openai_is_loaded_with_the_class() -> None:
    code = "import sys; from xpander_client import Backend; Backend(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert not {"agno", "openai", "pydantic"} & set(done.stdout.split())


# Other agents, and reports ------------------------------------------------------------------------


async def test_invoking_an_agent_waits_for_its_result(configuration: Configuration) -> None:
    seen = []

    async def handler(task: Task) -> Task:
        seen.append(task)
        task.result = task.to_message()
        return task

    async with Worker(handler, configuration):
        task = await Backend(configuration).ainvoke_agent(
            prompt="Sum up",
            file_urls=["https://example.com/a.csv"],
            attachments=[AttachmentRef(url="https://example.com/b.csv", name="b.csv")],
            output_format=OutputFormat.Text,
            timeout=30,
        )
    assert task.status == AgentExecutionStatus.Completed
    assert task.result == (
        "Sum up\n\nFiles:\n- https://example.com/a.csv\n- https://example.com/b.csv (b.csv)"
    )
    [asked] = seen
    assert (asked.agent_id, asked.source, asked.output_format) == (AGENT, "sdk", OutputFormat.Text)


def test_invoking_an_agent_gives_up_when_the_time_is_over(
    world: World, configuration: Configuration
) -> None:
    backend = Backend(configuration)
    for streaming in (True, False):
        with pytest.raises(WaitTimeoutError):
            world.run(backend, "invoke_agent", "idle", "x", timeout=0.2, events_streaming=streaming)


def test_a_task_that_ran_elsewhere_is_reported(world: World, configuration: Configuration) -> None:
    task = world.run(
        Backend(configuration),
        "report_external_task",
        input="Sum up",
        result="200",
        tokens=Tokens(prompt_tokens=USAGE["prompt_tokens"], completion_tokens=20),
        duration=1.5,
        used_tools=["read_csv"],
    )
    assert (task.agent_id, task.status, task.result) == (AGENT, "completed", "200")
    assert (task.tokens.total_tokens, task.duration) == (120, 1.5)
    agent = Agents(configuration).get("agent-json")
    failed = world.run(
        Backend(configuration), "report_external_task", agent=agent, is_success=False
    )
    assert failed.agent_id == "agent-json"
    assert failed.status != "completed"


def test_a_task_that_was_made_here_can_be_used_too(configuration: Configuration) -> None:
    task = Task(
        id="made-here",
        agent_id=AGENT,
        organization_id="local",
        input=AgentExecutionInput(text="hi"),
        created_at=datetime.datetime.now(datetime.UTC),
    )
    assert args_for(configuration, task)["session_id"] == "made-here"
