"""httpx is loaded with the first call that needs it, and not before."""

import pytest

from tests.api.test_imports import loaded_by
from tests.raw_server import RawServer

LIBRARIES = {"httpx", "httpcore", "h11", "anyio", "httpx2", "aiohttp"}


@pytest.mark.parametrize("name", ["Tasks", "Agents", "Task", "Configuration"])
def test_importing_what_makes_calls_loads_no_http_library(name: str) -> None:
    assert not LIBRARIES & loaded_by(f"from xpander_client import {name}")


@pytest.mark.parametrize("name", ["Tasks", "Agents", "XpanderClient"])
def test_sync_code_without_https_needs_neither_a_loop_nor_certificates(name: str) -> None:
    loaded = loaded_by(f"from xpander_client import {name}")
    assert not {"asyncio", "certifi", "http.client", "ssl"} & loaded


def test_making_what_makes_calls_loads_no_http_library() -> None:
    made = "from xpander_client import Configuration, Tasks\n"
    made += "Tasks(Configuration('key', 'http://a.test')).options(timeout=1)"
    assert not LIBRARIES & loaded_by(made)


def test_a_direct_call_over_http_loads_little() -> None:
    with RawServer(lambda connection: connection.answer(b"[]")) as server:
        loaded = loaded_by(
            "from xpander_client import Configuration, Tasks\n"
            f"there = Configuration('key', {server.url!r}, 'org', http='direct')\n"
            "assert not Tasks(there).list(agent_id='agent')"
        )
    assert "socket" in loaded
    few = {"asyncio", "cattrs", "email", "encodings.idna", "http", "logging", "ssl", "tenacity"}
    assert not (LIBRARIES | few) & loaded


def test_a_call_through_a_client_of_httpx2_loads_no_httpx() -> None:
    with RawServer(lambda connection: connection.answer(b"[]")) as server:
        loaded = loaded_by(
            "import httpx2\nfrom xpander_client import Configuration, Agents\n"
            f"there = Configuration('key', {server.url!r}, 'org')\n"
            "with httpx2.Client() as client: list(Agents(there, http_client=client).list())"
        )
    assert not {"httpx", "httpcore"} & loaded


WHOLE = """
import asyncio
import attrs
from xpander_client import Configuration, Task, Tasks, Worker
from xpander_client.platform import LocalPlatform

async def shout(task: Task) -> Task:
    task.result = (task.input.text or "").upper()
    return task

async def run(there: Configuration) -> None:
    async with Worker(shout, there), Tasks(there) as tasks:
        task = await tasks.acreate(agent_id="agent-loud", prompt="hello")
        assert (await task.await_finished()).result == "HELLO"

with LocalPlatform() as platform:
    there = attrs.evolve(platform.configuration, agent_id="agent-loud", http="direct")
    with Tasks(there) as tasks:
        assert not tasks.list(agent_id="agent-loud")
    asyncio.run(run(there))
"""


def test_a_worker_and_its_platform_and_clients_that_go_directly_load_no_http_library() -> None:
    # Starlette has its own use for anyio.
    assert not (LIBRARIES - {"anyio"}) & loaded_by(WHOLE)
