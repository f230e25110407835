"""Programs written for the official package do the same with it and, unchanged, with ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.interop.crew import CREW, run_crew
from tests.interop.processes import AGENT, Program, start_program, variables
from tests.openai_server import Calls, OpenAIServer, Reply, Says
from xpander_client import (
    Configuration,
    Tasks,
    User,
    WaitTimeoutError,
)
from xpander_client.platform import LocalPlatform, Settings

PROGRAMS = Path(__file__).parent / "programs"

URL = "https://example.com/sales.csv"
SALES: dict[str, Any] = {
    "id": AGENT,
    "name": "Sales & more",
    "model_provider": "openai",
    "model_name": "gpt-4.1",
    "instructions": {"general": "You know the sales.", "goal": ["Be brief"], "role": ["Analyst"]},
}
READ_CSV = {
    "id": "read_csv",
    "description": "Reads a CSV file.",
    "parameters": {
        "type": "object",
        "properties": {"url": {"type": "string"}},
        "required": ["url"],
    },
}


def read_csv(url: str) -> dict[str, int]:
    if "missing" in url:
        raise ValueError("there is no such file")
    return {"north": 120, "south": 80}


@attrs.frozen
class Scenario:
    """A program, what is around it, and what happens to it."""

    program: str
    script: tuple[Reply, ...] = ()
    """What the model answers."""
    agents: list[dict[str, Any]] = attrs.field(factory=lambda: [SALES])
    prompts: tuple[str, ...] = ("Sum up the sales",)
    """The tasks that are created; a program without any is a script, which ends by itself."""


@attrs.frozen
class Outcome:
    """What there is to see of a program's run."""

    tasks: list[tuple[Any, ...]]
    said: list[str]
    prompts: list[list[tuple[str, str]]]
    """What the model was asked: the messages but the system's."""
    tools: list[list[str]]
    ended: int | None


USES_A_TOOL = (Calls("read_csv", {"url": URL}), Says("The north sold most."))
WITH_TOOL = [{**SALES, "tools": [READ_CSV]}]

SCENARIOS = {
    each.program: each
    for each in [
        Scenario("agno_agent", (Says("The north sold most."),)),
        Scenario("openai_agents_agent", USES_A_TOOL, WITH_TOOL),
        Scenario("langchain_agent", USES_A_TOOL, WITH_TOOL),
        Scenario("google_adk_agent", (Says("The north sold most."),)),
        Scenario("strands_agent", USES_A_TOOL, WITH_TOOL),
        Scenario(
            "tool_hooks",
            (
                Calls("read_csv", {"url": URL}),
                Calls("read_csv", {"url": "https://example.com/missing"}, id="call-2"),
                Says("The north sold most."),
            ),
            WITH_TOOL,
        ),
        Scenario(
            "local_tools",
            (
                Calls("add_numbers", {"first": 120, "second": 80}),
                Calls("greet", {"name": "Ada"}, id="call-2"),
                Says("200, Ada."),
            ),
        ),
        Scenario("auth_event", (Says("The north sold most."),)),
        Scenario("hand_off", agents=CREW, prompts=()),
        Scenario("follow_in_sync_code", agents=CREW, prompts=()),
    ]
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_program_does_the_same_with_both(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = SCENARIOS[name]
    path = str(PROGRAMS / f"{name}.py")
    official = run(scenario, [path], tmp_path)
    ours = run(scenario, ["-m", "xpander_client.compat", path], tmp_path)
    assert ours == official
    assert all(status == "completed" for status, *_ in official.tasks)


def run(scenario: Scenario, arguments: list[str], folder: Path) -> Outcome:
    with (
        OpenAIServer(*scenario.script) as model,
        # Frameworks take long to import, and official workers say nothing in the meantime.
        LocalPlatform(
            settings=Settings(lease=60.0, offer_window=60.0),
            agents=scenario.agents,
            tools={"read_csv": read_csv},
        ) as platform,
    ):
        configuration = attrs.evolve(platform.configuration, agent_id=AGENT)
        environment = {
            **variables(configuration),
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_BASE": model.base_url,  # LiteLLM's name for it
            "AGNO_TELEMETRY": "false",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        ended: int | None = None
        with start_program(arguments, folder, environment) as program:
            if scenario.prompts:
                tasks = [run_task(configuration, prompt, program) for prompt in scenario.prompts]
            else:
                tasks = []
                with run_crew(configuration):
                    ended = program.process.wait(timeout=90)
            output = program.output
        said = [line for line in output.splitlines() if line.startswith("> ")]
        assert said or scenario.prompts, output
        return Outcome(
            tasks,
            said,
            [list(read_messages(asked)) for asked in model.requests],
            [list_tools(asked) for asked in model.requests],
            ended,
        )


def run_task(configuration: Configuration, prompt: str, program: Program) -> tuple[Any, ...]:
    """Have the worker do a task, and return what its creator sees of it."""
    user = User(id="ada", email="ada@example.com")
    with Tasks(configuration) as tasks:
        task = tasks.create(agent_id=AGENT, prompt=prompt, user_details=user, events_streaming=True)
        try:
            task.wait_finished(timeout=90)
        except WaitTimeoutError:
            pytest.fail(program.output)
        assert task.status == "completed", program.output
        tokens = task.tokens and (task.tokens.prompt_tokens, task.tokens.completion_tokens)
        return task.status, task.result, tokens, task.used_tools or []


def list_tools(asked: dict[str, Any]) -> list[str]:
    """Return the tools that a model is offered, without those that the official package adds."""
    names = {tool["function"]["name"] for tool in asked.get("tools") or []}
    return sorted(names - {"analyze", "manage_memory", "think"})


def read_messages(asked: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return who says what in a request to a model, in both of the forms that there are.

    The text of a tool's result is left out: the official package writes its own object there. So is
    the line in which it says when the user wrote.
    """
    for message in asked.get("messages") or asked["input"]:
        role = message.get("role", message.get("type"))
        if role in ("system", "developer"):
            continue
        content = message.get("content") or "" if role == "user" else ""
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        yield role, content.partition("\n\nMessage timestamp")[0]
