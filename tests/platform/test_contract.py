"""The platform against what `openapi.yaml` says of it, with requests that nobody thought of."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.platform.conftest import QUICK
from tests.platform.wire import create, update
from xpander_client.platform import LocalPlatform
from xpander_client.platform.http.tools import FINISH
from xpander_client.platform.rules.threads import STRATEGIES

strategies = cycle(sorted(STRATEGIES))
coin = cycle([True, True, False])

schema = schemathesis.openapi.from_path(Path(__file__).parents[2] / "openapi.yaml")

ONCE = LocalPlatform(
    organization_id="acme",
    settings=QUICK,
    agents=[{"id": "agent-sales", "tools": ["read_csv"], "sub_agents": ["agent-mail"]}],
    tools={"read_csv": lambda **payload: {"rows": len(payload)}},
)
tools = cycle(["read_csv", "xpagent-agent-mail", "described", "read_csv", FINISH])


@pytest.fixture(scope="module")
def served() -> Iterator[LocalPlatform]:
    with ONCE:
        yield ONCE


@pytest.fixture(scope="module")
def tasks(served: LocalPlatform) -> Iterator["cycle[str]"]:
    """Ids of tasks in all sorts of states, so that not every request ends as a 404."""
    with httpx.Client(base_url=served.url, headers={"x-api-key": served.api_key}) as http:
        made = [create(http, agent="agent-sales", title=str(n)) for n in range(30)]
        for task, status in zip(made, ("completed", "executing", "paused", "failed"), strict=False):
            update(http, task, status=status, result="r")
        yield cycle([task["id"] for task in made])


@pytest.fixture(scope="module")
def finished(served: LocalPlatform) -> str:
    with httpx.Client(base_url=served.url, headers={"x-api-key": served.api_key}) as http:
        task = create(http, agent="agent-sales")
        update(http, task, status="completed", result="r")
        done: str = task["id"]
        return done


@pytest.fixture(scope="module")
def threads(served: LocalPlatform) -> Iterator[Iterator[str]]:
    """Ids of threads with a few messages, each another one."""

    def made(http: httpx.Client) -> Iterator[str]:
        while True:
            thread_id: str = http.post("/memory", json={}).json()["id"]
            messages = [{"role": "user", "content": "x"}, {"role": "tool", "content": "y"}]
            http.put(f"/memory/{thread_id}", json=messages)
            yield thread_id

    with httpx.Client(base_url=served.url, headers={"x-api-key": served.api_key}) as http:
        yield made(http)


@pytest.fixture(scope="module")
def running(served: LocalPlatform, threads: Iterator[str]) -> Iterator[Iterator[str]]:
    """Ids of tasks that are under way, each another one."""

    def made(http: httpx.Client) -> Iterator[str]:
        while True:
            task = create(http, agent="agent-sales", memory_thread_id=next(threads))
            update(http, task, status="executing", worker_id="script")
            yield task["id"]

    with httpx.Client(base_url=served.url, headers={"x-api-key": served.api_key}) as http:
        yield made(http)


# A worker's channel has no end, so it is tested by hand.
contract = schema.exclude(operation_id="Workers.listen")


@pytest.mark.slow
@contract.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_breaks_the_contract(
    case: Case[Any],
    served: LocalPlatform,
    tasks: "cycle[str]",
    threads: Iterator[str],
    running: Iterator[str],
    finished: str,
) -> None:
    operation = case.operation.definition.raw["operationId"]
    if operation == "Tasks.events":
        # Of a task that is finished, because the stream of another one doesn't end.
        case.path_parameters["task_id"] = finished
    elif operation != "Tasks.create":
        for name in {"task_id", "agent_or_task_id"} & case.path_parameters.keys():
            case.path_parameters[name] = next(tasks)
    if operation.startswith("Threads.") and "thread_id" in case.path_parameters:
        case.path_parameters["thread_id"] = next(threads)
    if operation == "Agents.run_operation":
        case.path_parameters["agent_id"] = "agent-sales"
        case.path_parameters["operation_id"] = next(tools)
        case.path_parameters["execution_id"] = next(running)
        if next(coin):
            case.headers["x-execution-attempt"] = "1"
    if operation == "Threads.read" and next(coin):
        case.path_parameters["strategy"] = next(strategies)
    response = case.call(
        base_url=served.url, headers={"x-api-key": served.api_key}, timeout=20, verify=False
    )
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        unsupported_method,
    ]
    if not response.headers.get("content-type", [""])[0].startswith("text/event-stream"):
        checks.append(response_schema_conformance)  # takes the frames of a stream for objects
    case.validate_response(response, checks=checks)
    assert response.status_code < 500
