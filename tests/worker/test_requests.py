"""How many requests a task costs."""

import re

import pytest
from starlette.types import Receive, Scope, Send

from tests.worker.conftest import AGENT
from xpander_client import Configuration, Task, Tasks
from xpander_client.platform.http.gate import Gate
from xpander_client.worker import Worker

TASKS = 5


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the platform, but for what workers say of themselves."""
    found: list[str] = []
    serve = Gate.__call__

    async def note(self: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "/events/" not in scope["path"]:
            found.append(f"{scope['method']} {re.sub('[0-9a-f-]{36}', 'ID', scope['path'])}")
        await serve(self, scope, receive, send)

    monkeypatch.setattr(Gate, "__call__", note)
    return found


async def test_a_task_is_created_followed_run_and_ended_with_two_requests(
    requests: list[str], configuration: Configuration
) -> None:
    async def handler(task: Task) -> Task:
        task.result = task.input.text
        return task

    async with Worker(handler, configuration) as worker:
        await worker.registered()
        tasks = Tasks(configuration)
        for number in range(TASKS):
            task = await tasks.arun(AGENT, prompt=str(number), timeout=30)
            assert (task.status, task.result) == ("completed", str(number))
    assert sorted(requests) == sorted(
        TASKS * [f"POST /agent-execution/{AGENT}", "PATCH /agent-execution/ID/update"]
    )
