"""An embedded platform with tools, for loops that run against the real thing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import attrs
import pytest

from xpander_client import Task
from xpander_client.configuration import Configuration
from xpander_client.legacy import Agent, XpanderClient
from xpander_client.platform import LocalPlatform
from xpander_client.platform.agents.functions import Tool
from xpander_client.worker import Worker


@attrs.define
class Desk:
    """A platform, its tools' calls, and the requests that it got."""

    platform: LocalPlatform
    called: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)

    @property
    def configuration(self) -> Configuration:
        return self.platform.configuration

    def client(self) -> XpanderClient:
        return XpanderClient(configuration=self.configuration)


@pytest.fixture
def desk() -> Iterator[Desk]:
    lock = threading.Lock()
    called: list[tuple[str, dict[str, Any]]] = []

    def note(tool: str, **payload: Any) -> None:
        with lock:
            called.append((tool, payload))

    def get_weather(city: str) -> dict[str, Any]:
        note("get_weather", city=city)
        return {"city": city, "degrees": 20}

    def read_news(topic: str = "all") -> str:
        note("read_news", topic=topic)
        return f"no news about {topic}"

    def break_down() -> None:
        note("break_down")
        raise RuntimeError("the machine is out of order")

    agents: list[dict[str, Any] | str] = [
        {
            "id": "agent-a",
            "name": "Ada",
            "instructions": {"role": ["a clerk"], "goal": ["be brief"], "general": "You are A."},
            "tools": [
                {
                    "id": "get_weather",
                    "description": "Tells the weather.",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "body_params": {
                                "type": "object",
                                "properties": {"city": {"type": "string"}},
                                "required": ["city"],
                            }
                        },
                    },
                },
                {"id": "read_news", "description": "Reads the news."},
                {"id": "break_down"},
            ],
        },
        {"id": "agent-b", "name": "Bob", "instructions": "You are B.", "tools": ["read_news"]},
        "agent_a_id",
        "agent_b_id",
    ]
    tools: dict[str, Tool] = {
        "get_weather": get_weather,
        "read_news": read_news,
        "break_down": break_down,
    }
    with LocalPlatform(agents=agents, tools=tools) as platform:
        yield Desk(platform, called)


@pytest.fixture
def agent(desk: Desk) -> Agent:
    return desk.client().agents.get("agent-a")


@contextmanager
def working(configuration: Configuration, agent_id: str) -> Iterator[None]:
    """A real worker of an agent, on a thread of its own."""

    def handler(task: Task) -> Task:
        task.result = "by a worker"
        return task

    ready = threading.Event()
    stops: list[Callable[[], object]] = []

    async def serve() -> None:
        async with Worker(handler, attrs.evolve(configuration, agent_id=agent_id)) as worker:
            await worker.registered()
            stopped = asyncio.Event()
            loop = asyncio.get_running_loop()
            stops.append(lambda: loop.call_soon_threadsafe(stopped.set))
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    try:
        yield
    finally:
        stops[0]()
        thread.join()


@pytest.fixture
def worker() -> Callable[[Configuration, str], AbstractContextManager[None]]:
    return working
