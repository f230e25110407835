"""The examples of the documentation's page on `@agent.task`, as they stand there.

The model is a server on loopback that speaks like OpenAI; agents find it by the environment.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from PIL.Image import Image

from tests.openai_server import OpenAIServer, Says
from xpander_client.agents import (
    Agent,
    BaseEvent,
    CancelledEvent,
    TaskCancelled,
    TokenChunk,
    connect_state,
    pprint_events,
    scripted,
)
from xpander_client.agents.console import pprint_tokens

Model = Callable[..., OpenAIServer]


def says(code: str) -> Says:
    return Says(f"<TITLE>Work</TITLE>\n<THINKING>Easy.</THINKING>\n<PYTHON>\n{code}\n</PYTHON>")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    """Has the model of agents that name none answer with these blocks of code."""
    servers: list[OpenAIServer] = []

    def answers(*codes: str) -> OpenAIServer:
        server = OpenAIServer(*(says(code) for code in codes))
        server.__enter__()
        servers.append(server)
        monkeypatch.setenv("XPANDER_LLM_PROVIDER", "openai")
        monkeypatch.setenv("XPANDER_LLM_MODEL", "gpt-x")
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        return server

    yield answers
    for server in servers:
        server.__exit__(None, None, None)


def prompts(server: OpenAIServer) -> str:
    return str(server.requests)


def test_basic_usage(model: Model) -> None:
    server = model("task_success(5.0)")
    agent = Agent()

    @agent.task
    def solve_equation(equation: str) -> float:  # type: ignore[empty-body]
        """Solve a mathematical equation and return the result."""

    assert solve_equation("2*x + 5 = 15") == 5.0
    assert "Solve a mathematical equation" in prompts(server)
    assert "2*x + 5 = 15" in prompts(server)


def test_naked_decorator(model: Model) -> None:
    model("data = inputs.data\ntask_success({'mean': sum(data) / len(data)})")
    agent = Agent()

    @agent.task
    def analyze_data(data: list[float]) -> dict:  # type: ignore[type-arg,empty-body]
        """Analyze numerical data and return statistics summary."""

    assert analyze_data([1.0, 2.0, 6.0]) == {"mean": 3.0}


def test_parameterized_decorator(model: Model) -> None:
    server = model("task_success({})")
    agent = Agent()

    @agent.task("Calculate using advanced statistical methods")
    def analyze_data(data: list[float]) -> dict:  # type: ignore[type-arg,empty-body]
        """Public API: Analyze numerical data and return statistics."""

    assert analyze_data([1.0]) == {}
    assert "advanced statistical methods" in prompts(server)
    assert "Public API" not in prompts(server)
    assert analyze_data.__doc__ == "Public API: Analyze numerical data and return statistics."


def test_setup_shows_an_image_before_the_model_is_asked(model: Model) -> None:
    server = model("task_success(inputs.image.crop((2, 2, 6, 5)))")
    agent = Agent()
    agent.cls(Image, include=["crop", "size", "resize"])

    @agent.task(setup="view_image(inputs.image)")
    def process_image(prompt: str, image: Image) -> Image:  # type: ignore[empty-body]
        """Process an image based on a prompt."""

    my_image = PIL.Image.new("RGB", (8, 8), "red")
    my_image.putpixel((2, 2), (0, 0, 255))
    cropped = process_image("Crop this to the subject.", image=my_image)
    assert isinstance(cropped, Image)
    assert cropped.size == (4, 3)
    assert cropped.getpixel((0, 0)) == (0, 0, 255)
    (asked,) = server.requests
    pictures = [
        part["image_url"]["url"]
        for message in asked["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]
    assert len(pictures) == 1
    assert pictures[0].startswith("data:image/png;base64,")
    import base64

    seen = PIL.Image.open(io.BytesIO(base64.b64decode(pictures[0].partition(",")[2])))
    assert seen.size == (8, 8)


async def test_async_execution(model: Model) -> None:
    model("task_success(5.0)")
    agent = Agent()

    @agent.task
    async def solve_equation(equation: str) -> float:  # type: ignore[empty-body]
        """Solve a mathematical equation and return the result."""

    assert await solve_equation("2*x + 5 = 15") == 5.0


def test_async_functions_are_for_async_tasks_and_the_agent_can_adapt(model: Model) -> None:
    server = model(
        "try:\n    fetch()\nexcept Exception as error:\n    print(error)\ntask_continue()",
        "task_success('adapted')",
    )
    agent = Agent()

    @agent.fn
    async def fetch() -> str:
        """Fetch it."""
        return "it"

    @agent.task
    def work() -> str:  # type: ignore[empty-body]
        """Work."""

    assert work() == "adapted"
    assert "'fetch' is an async function and cannot be called from a sync task" in prompts(server)


def test_handlers_of_events(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    model("task_success(4.0)")
    agent = Agent()

    @agent.task
    def solve_equation(equation: str) -> float:  # type: ignore[empty-body]
        """Solve a mathematical equation and return the result."""

    assert solve_equation("x**2 = 16", on_event=pprint_events) == 4.0
    assert "solve_equation" in capsys.readouterr().out


def test_the_signature_has_three_keyword_parameters_more(model: Model) -> None:
    model("task_success(True)", "task_success(True)", "task_success(True)")
    agent = Agent()

    @agent.task
    def my_function(x: int, y: str) -> bool:  # type: ignore[empty-body]
        """Function description."""

    def my_handler(event: BaseEvent) -> None:
        seen.append(event.type)

    seen: list[str] = []
    assert my_function(x=10, y="hello")
    assert my_function(x=10, y="hello", session="user_123")
    assert my_function(x=10, y="hello", session="user_123", on_event=my_handler)
    assert seen == ["TaskStartEvent", "ActionEvent", "SuccessEvent"]


def test_sessions_keep_apart_and_remember(model: Model) -> None:
    model(
        "name = 'Alice'\ntask_success('Hello, Alice')",
        "try:\n    task_success(name)\nexcept NameError:\n    task_success('Who are you?')",
        "X = 42\ntask_success('I will')",
        "task_success(f'X is {X}')",
    )
    agent = Agent(
        state=connect_state(type="versioned", storage="memory"),
    )

    @agent.task
    def chat(message: str) -> str:  # type: ignore[empty-body]
        """Chat with the user."""

    assert chat("Hello", session="user_alice") == "Hello, Alice"
    assert chat("Hello", session="user_bob") == "Who are you?"
    chat("Remember X=42", session="alice")
    assert chat("What is X?", session="alice") == "X is 42"


def test_on_conflict_and_its_limits_are_accepted_as_the_page_has_them(model: Model) -> None:
    model("task_success('done')", "task_success()", "task_success({'retries': 5})")
    agent = Agent(state=connect_state(type="versioned", storage="memory"))

    @agent.task(on_conflict="retry")
    def interactive_task(query: str) -> str:  # type: ignore[empty-body]
        """Process user query with automatic retry."""

    @agent.task(on_conflict="abandon")
    def background_indexing() -> None:
        """Rebuild search index in background."""

    @agent.task(on_conflict="retry", max_conflict_retries=5)
    def critical_task() -> dict:  # type: ignore[type-arg,empty-body]
        """Important task that needs more retry attempts."""

    assert interactive_task("q") == "done"
    assert background_indexing() is None
    assert critical_task() == {"retries": 5}


def test_cancellation_from_another_thread(tmp_path: Path) -> None:
    started = threading.Event()
    go_on = threading.Event()

    def first(_: Any) -> str:
        started.set()
        go_on.wait(10)
        return "x = 1"

    agent = Agent(
        llm=scripted([first, "while True: pass"]),
        state=connect_state(type="versioned", storage="disk", path=str(tmp_path / "agent-state")),
    )

    @agent.task
    def long_running_task() -> str:  # type: ignore[empty-body]
        """A task that may need to be cancelled."""

    outcome: list[str] = []
    events: list[BaseEvent] = []

    def run() -> None:
        try:
            long_running_task(session="user_123", on_event=events.append)
        except TaskCancelled as e:
            outcome.append(f"Cancelled after {e.iterations_completed} iterations")

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(10)
    long_running_task.cancel(session="user_123")
    go_on.set()
    thread.join(10)
    assert outcome == ["Cancelled after 0 iterations"]
    assert isinstance(events[-1], CancelledEvent)


def test_tokens_arrive_in_sections(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    server = model("task_success(1)", "task_success(2)")
    agent = Agent()

    @agent.task
    def my_task(text: str) -> int:  # type: ignore[empty-body]
        """Do it."""

    tokens: list[TokenChunk] = []
    assert my_task("solve this", on_token=tokens.append) == 1
    assert server.requests[0]["stream"] is True
    for section, text in (
        ("title", "Work"),
        ("thinking", "Easy."),
        ("python", "task_success(1)"),
    ):
        of_it = [token for token in tokens if token.type == section]
        assert "".join(token.content for token in of_it) == text
        assert [token.done for token in of_it] == [False] * (len(of_it) - 1) + [True]
    assert my_task("solve this", on_token=pprint_tokens) == 2
    assert "task_success(2)" in capsys.readouterr().out


def test_the_dual_decorator_pattern(model: Model) -> None:
    model("task_success(process_data([1.0, 2.0, 3.0]))", "task_success([0.0, 0.5, 1.0])")
    data_processor = Agent(name="data_processor")
    orchestrator = Agent(name="orchestrator")

    @orchestrator.fn(docstring="Clean and process raw data")
    @data_processor.task("Remove outliers and normalize values")
    def process_data(raw_data: list[float]) -> list[float]:  # type: ignore[empty-body]
        pass

    @orchestrator.task
    def orchestrate() -> list[float]:  # type: ignore[empty-body]
        """Have data processed."""

    assert orchestrate() == [0.0, 0.5, 1.0]


def test_the_order_of_the_decorators() -> None:
    orchestrator, specialist = Agent(), Agent()

    @orchestrator.fn()
    @specialist.task("Task description")
    def dual_function() -> None:
        pass

    with pytest.raises(ValueError, match="Invalid decorator order on 'wrong_order'"):

        @specialist.task("Task description")
        @orchestrator.fn()
        def wrong_order() -> None:
            pass


def test_the_body_must_be_empty() -> None:
    agent = Agent()

    @agent.task
    def valid_function() -> None:
        """Task description."""

    @agent.task
    def also_valid() -> None:
        """Another task."""
        # Comments are allowed

    with pytest.raises(ValueError, match="must have an empty body"):

        @agent.task
        def invalid_function() -> str:
            """This will raise an error."""
            return "actual code"  # Not allowed!


def test_instructions_are_required() -> None:
    agent = Agent()

    @agent.task("Calculate the result")
    def with_primer() -> None:
        pass

    @agent.task
    def with_docstring() -> None:
        """Calculate the result."""

    with pytest.raises(ValueError, match="either a primer argument or a non-empty docstring"):

        @agent.task
        def no_instructions() -> None:
            pass


def test_a_function_is_one_agents_task() -> None:
    agent1 = Agent(name="agent1")
    agent2 = Agent(name="agent2")
    with pytest.raises(ValueError, match="already has a task decorator"):

        @agent1.task
        @agent2.task
        def my_task() -> None:
            "Do a thing"


def test_arguments_are_validated(model: Model) -> None:
    model("task_success({'n': len(inputs.data), 'over': inputs.threshold})")
    agent = Agent()

    @agent.task
    def process_numbers(data: list[int], threshold: float = 0.5) -> dict:  # type: ignore[type-arg,empty-body]
        """Process numerical data above threshold."""

    assert process_numbers([1, 2, 3], 0.8) == {"n": 3, "over": 0.8}
    with pytest.raises(ValueError, match="Validation failed for argument 'data'"):
        process_numbers("invalid", 0.8)  # type: ignore[call-overload]


def test_the_complete_example(model: Model) -> None:
    server = model(
        "found = research_topic(inputs.topic, depth='full')\n"
        "insights = analyze_research(found, inputs.focus_areas)\n"
        "task_success({'topic': inputs.topic, **found, **insights})",
        "task_success({'summary': f'All about {inputs.topic}', 'depth': inputs.depth})",
        "task_success({area: len(inputs.research_data) for area in inputs.focus_areas})",
    )
    state_config = connect_state(type="versioned", storage="memory")

    researcher = Agent(name="researcher", state=state_config)
    analyst = Agent(name="analyst", state=state_config)
    coordinator = Agent(name="coordinator", state=state_config)

    @coordinator.fn(docstring="Research a topic online")
    @researcher.task("Search and summarize information about the given topic")
    def research_topic(topic: str, depth: str = "basic") -> dict:  # type: ignore[type-arg,empty-body]
        """Research information about a topic."""

    @coordinator.fn(docstring="Analyze research data")
    @analyst.task("Extract key insights and trends from research data")
    def analyze_research(research_data: dict, focus_areas: list[str]) -> dict:  # type: ignore[type-arg,empty-body]
        """Analyze research findings."""

    @coordinator.task("Research and analyze a topic comprehensively")
    def full_research_pipeline(topic: str, focus_areas: list[str]) -> dict:  # type: ignore[type-arg,empty-body]
        """Complete research and analysis pipeline."""

    events: list[BaseEvent] = []
    result = full_research_pipeline(
        topic="renewable energy trends",
        focus_areas=["cost", "adoption", "technology"],
        on_event=events.append,
    )
    assert result == {
        "topic": "renewable energy trends",
        "summary": "All about renewable energy trends",
        "depth": "full",
        "cost": 2,
        "adoption": 2,
        "technology": 2,
    }
    assert {event.full_namespace for event in events} == {
        "coordinator",
        "coordinator/researcher",
        "coordinator/analyst",
    }
    assert "Research a topic online" in str(server.requests[0])
    assert len(server.requests) == 3
