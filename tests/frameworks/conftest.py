"""Other frameworks than agno: run with `tox -e frameworks`, which installs them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from tests.openai_server import OpenAIServer, Reply
from xpander_client import Configuration
from xpander_client.platform import LocalPlatform

AGENT = "agent-sales"
SALES = {"north": 120, "south": 80}
URL = "https://example.com/sales.csv"
SCHEMA = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}

calls: list[dict[str, Any]] = []


def pytest_configure(config: pytest.Config) -> None:
    # What the frameworks and their dependencies warn about, and leave open, is not ours to mend.
    config.addinivalue_line("filterwarnings", "default")
    warnings.simplefilter("default")  # what is found after the last test


def read_csv(**payload: Any) -> dict[str, int]:
    calls.append(payload)
    return SALES


def fails(**_: Any) -> None:
    raise ValueError("there is no such file")


def describe_agent(**fields: Any) -> dict[str, Any]:
    """Describe an agent as a file does."""
    return {
        "id": AGENT,
        "name": "Sales & more",
        "description": "Knows the sales.",
        "instructions": {"general": "You know {all} the sales.", "goal": ["Be brief"]},
        "model": "openai/gpt-5",
        "tools": [
            {"id": "read_csv", "description": "Reads a CSV file.", "parameters": SCHEMA},
            # What frameworks have names for.
            {"id": "odd", "parameters": {"properties": {key: {"type": "string"} for key in ODD}}},
            {"id": "fails"},
        ],
        **fields,
    }


ODD = {name: name for name in ("self", "config", "run_manager", "runtime", "tool_context", "task")}


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    agents = [
        describe_agent(),
        describe_agent(id="agent-claude", model="anthropic/claude"),
        describe_agent(id="agent-mute", model=None),
        describe_agent(id="agent-odd", model="acme/one"),
    ]
    tools = {"read_csv": read_csv, "odd": read_csv, "fails": fails}
    with LocalPlatform(agents=agents, tools=tools) as platform:
        yield platform


@pytest.fixture
def configuration(platform: LocalPlatform) -> Configuration:
    calls.clear()
    return attrs.evolve(platform.configuration, agent_id=AGENT)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OpenAIServer]]:
    """Starts a model that follows a script."""
    running: list[OpenAIServer] = []
    monkeypatch.setenv("OPENAI_API_KEY", "model-key")

    def start(*script: Reply) -> OpenAIServer:
        server = OpenAIServer(*script)
        running.append(server)
        server.__enter__()
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)
