"""httpx is loaded with the first call that needs it, and not before."""

import attrs
import pytest

from tests.api.test_imports import loaded_by
from tests.raw_server import RawServer
from tests.worker.processes import environment_of
from xpander_client.platform import LocalPlatform

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


def test_a_worker_loads_neither_a_server_nor_what_few_tasks_need() -> None:
    loaded = loaded_by("from xpander_client import Worker, on_task")
    assert "xpander_client.worker.worker" in loaded
    few = {"cattrs", "click", "email", "http", "rich", "starlette", "tenacity", "uvicorn"}
    assert not (LIBRARIES | few | {"xpander_client.api.models.agent_activity_thread"}) & loaded


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
from xpander_client.background import Plugin, TaskCtl, task as background
from xpander_client.configuration import prefer_direct
from xpander_client.platform import LocalPlatform

async def shout(task: Task) -> Task:
    task.result = (task.input.text or "").upper()
    return task

async def run(there: Configuration) -> None:
    async with Worker(shout, there), Tasks(prefer_direct(there)) as tasks:
        task = await tasks.acreate(agent_id="agent-loud", prompt="hello")
        assert (await task.await_finished()).result == "HELLO"

async def report(handle):
    yield TaskCtl.success("done")

async def record(there: Configuration) -> None:
    plugin = Plugin("Reports", "reports", "", "1.0.0", "Shop", "", configuration=there)
    plugin.mount_async_task("report")(report)
    await background.start("report", "R-1", "chat-1", plugin)
    async with Tasks(prefer_direct(there)) as tasks:
        while len(await tasks.alist(agent_id="agent-loud", status="completed")) < 2:
            await asyncio.sleep(0.02)

with LocalPlatform() as platform:
    there = attrs.evolve(platform.configuration, agent_id="agent-loud")
    asyncio.run(run(there))
    asyncio.run(record(there))
"""


def test_workers_and_background_tasks_need_no_http_library_nor_does_their_platform() -> None:
    # Starlette has its own use for anyio.
    assert not (LIBRARIES - {"anyio"}) & loaded_by(WHOLE)


def test_the_command_needs_no_http_library() -> None:
    with LocalPlatform() as platform:
        there = environment_of(attrs.evolve(platform.configuration, agent_id="agent"))
        loaded = loaded_by(
            f"import os; os.environ.update({there!r})\n"
            "from xpander_client.cli import main\n"
            "try: main(['tasks', 'list', '--json'])\n"
            "except SystemExit as end: assert not end.code, end.code"
        )
    assert "xpander_client.cli.tasks" in loaded
    assert not LIBRARIES & loaded
