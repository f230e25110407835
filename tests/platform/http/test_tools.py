"""Tools that are run in the course of a task."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.platform.rules.test_threads import (
    LENGTH,
    STATUS,
    begin,
    claim,
    extend,
    said,
    texts,
    view,
)
from tests.platform.tool_server import ToolServer, tool_server
from tests.platform.wire import create, eventually, status, update, worker
from xpander_client.core.tool_message import tool_message
from xpander_client.platform import LocalPlatform
from xpander_client.platform.agents.functions import AT_ONCE, Tool
from xpander_client.platform.foundation.ids import child_task_id

FINISH = "xpfinish-agent-execution-finished"
GATE, ENTERED = threading.Event(), threading.Event()
CALLS: list[Any] = []


def add(a: int, b: int = 1) -> dict[str, int]:
    CALLS.append((a, b))
    return {"sum": a + b}


def slogan() -> str:
    return "four rows"


async def wait() -> None:
    ENTERED.set()
    await asyncio.to_thread(GATE.wait, 20)


def hang() -> None:
    GATE.wait(20)


def broken() -> None:
    raise ValueError("there is no such file")


TOOLS: dict[str, Tool] = {
    "add": add,
    "slogan": slogan,
    "wait": wait,
    "hang": hang,
    "broken": broken,
}


@pytest.fixture(scope="module")
def tools() -> Iterator[ToolServer]:
    with tool_server() as server:
        yield server


@pytest.fixture(scope="module")
def served(tools: ToolServer) -> Iterator[LocalPlatform]:
    paths = {
        "text": "/text",
        "number": "/number",
        "sloppy": "/sloppy",
        "broken-json": "/broken",
        "nothing": "/nothing",
        "moved": "/moved",
        "large": "/large",
        "slow": "/slow",
        "drop": "/drop",
        "cookie": "/cookie",
        "packed": "/packed",
        "bomb": "/bomb",
        "swelling": "/swelling",
        "deep": "/deep",
        "drips": "/drips",
    }
    requests = [
        {
            "id": "echo",
            "url": tools.url + "/echo/{city}?unit=si",
            "parameters": {
                "properties": {
                    "path_params": {
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    },
                    "query_params": {"properties": {"day": {}, "d": {"type": "integer"}}},
                    "headers": {"properties": {"X-Trace": {"type": "string"}}},
                }
            },
        },
        {
            "id": "order",
            "method": "POST",
            "url": tools.url + "/echo",
            "parameters": {"properties": {"what": {}}},
        },
        {"id": "fail", "url": tools.url + "/fail/{status}", "headers": {"x-secret": "s3cr3t-key"}},
        {
            "id": "pinned",
            "url": tools.url + "/echo/{step}?tenant=1&Flag",
            "headers": {"X-Role": "reader"},
            "parameters": {
                "properties": {
                    "path_params": {"properties": {"step": {"type": "string"}}},
                    "query_params": {
                        "properties": {"q": {"type": "string"}},
                        "additionalProperties": {"type": "string"},
                    },
                    "headers": {"properties": {"x-role": {}, "cookie": {"maxLength": 3}}},
                }
            },
        },
        {"id": "closed", "url": "http://127.0.0.1:9/nobody?key=s3cr3t-key"},
        *({"id": name, "url": tools.url + path} for name, path in paths.items()),
    ]
    agents: list[dict[str, Any]] = [
        {
            "id": "sales",
            "tools": [*TOOLS, "described", *requests],
            "sub_agents": ["mail", "letters"],
        },
        {"id": "mail", "name": "Mail", "description": "Writes mails."},
    ]
    with LocalPlatform(
        settings=attrs.evolve(QUICK, tool_timeout=0.7),
        organization_id="acme",
        agents=agents,
        tools=TOOLS,
    ) as platform:
        yield platform


@pytest.fixture
def http(served: LocalPlatform) -> Iterator[httpx.Client]:
    CALLS.clear()
    GATE.clear()
    ENTERED.clear()
    with httpx.Client(
        base_url=served.url, headers={"x-api-key": served.api_key}, timeout=20, verify=False
    ) as http:
        yield http


@attrs.frozen
class Running:
    """A task that a script has, with its thread."""

    http: httpx.Client
    task: dict[str, Any]
    thread: str

    def run(
        self,
        tool: str,
        call: str | None = None,
        attempt: int | None = 1,
        headers: dict[str, Any] | None = None,
        **groups: Any,
    ) -> httpx.Response:
        sent = {}
        if call is not None:
            sent["x-xpander-tool-call-id"] = call
            sent["x-xpander-with-auto-report-result"] = "true"
        if attempt is not None:
            sent["x-execution-attempt"] = str(attempt)
        body = {**groups, **({} if headers is None else {"headers": headers})}
        path = f"/agents/sales/{self.task['id']}/operations/{tool}"
        return self.http.post(path, json=body, headers=sent)

    def finish(self, *, is_success: Any = True, result: Any = "r", **more: Any) -> httpx.Response:
        return self.run(FINISH, body_params={"is_success": is_success, "result": result}, **more)

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = view(self.http, self.thread)["messages"]
        return found


@pytest.fixture
def running(http: httpx.Client) -> Running:
    thread = begin(http)
    task = create(http, memory_thread_id=thread)
    task = claim(http, task).json()
    return Running(http, task, thread)


# Functions ---------------------------------------------------------------------------------------


def test_a_functions_keywords_are_the_arguments_of_all_groups(running: Running) -> None:
    answer = running.run("add", body_params={"a": 1}, query_params={"b": 2})
    assert (answer.status_code, answer.json()) == (200, {"sum": 3})
    assert answer.headers[STATUS] == "executing"
    assert LENGTH not in answer.headers
    assert running.run("add", path_params={"a": 1}, query_params=None).json() == {"sum": 2}
    assert running.messages() == []


def test_the_thread_is_told_what_a_tool_answered_as_a_loop_would_tell_it(
    running: Running,
) -> None:
    extend(running.http, running.thread, said("go"))
    for call, tool, arguments in (
        ("c1", "add", {"a": 1}),
        ("c2", "slogan", {}),
        ("c3", "wait", {}),
    ):
        GATE.set()
        answer = running.run(tool, call, body_params=arguments)
        message = running.messages()[-1]
        assert message == tool_message(call, answer.json())
        assert answer.headers[LENGTH] == str(len(running.messages()))
        assert answer.headers[STATUS] == "executing"


@pytest.mark.parametrize(
    ("tool", "status_code", "detail"),
    [
        ("broken", 424, "the tool broken failed: there is no such file"),
        ("add", 422, "the tool add can't be called so: missing a required argument: 'a'"),
        ("nobody", 404, "the agent has no tool nobody"),
        ("described", 404, "the tool described is described, but nothing on this platform runs it"),
        ("echo", 422, "the tool needs city"),
    ],
)
def test_the_thread_is_told_of_a_failure_in_the_words_of_the_answer(
    running: Running, tool: str, status_code: int, detail: str
) -> None:
    answer = running.run(tool, "c1")
    assert (answer.status_code, answer.json()["detail"]) == (status_code, detail)
    assert running.messages() == [tool_message("c1", detail)]
    assert (answer.headers[LENGTH], answer.headers[STATUS]) == ("1", "executing")


def test_a_function_that_hangs_keeps_no_other_from_being_called(running: Running) -> None:
    calls = 2 * AT_ONCE
    with ThreadPoolExecutor(calls) as pool:
        hanging = [pool.submit(running.run, "hang") for _ in range(calls)]
        eventually(lambda: threads("xpander-tool") == AT_ONCE, "the hanging calls")
        assert running.run("add", body_params={"a": 1}).json() == {"sum": 2}
        details = {answer.result().json()["detail"] for answer in hanging}
    assert details == {"the tool hang did not answer within 0.7 s, and may still be at it"}
    assert threads("xpander-tool") == AT_ONCE
    GATE.set()
    eventually(lambda: threads("xpander-tool") == 0, "their end")
    assert running.run("hang").json() is None


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_without_a_thread_nothing_is_told_and_nothing_fails(http: httpx.Client) -> None:
    for body in ({}, {"memory_thread_id": "forgotten"}):
        running = Running(http, claim(http, create(http, **body)).json(), "")
        answer = running.run("add", "c1", body_params={"a": 1})
        assert (answer.status_code, answer.headers[STATUS]) == (200, "executing")
        assert LENGTH not in answer.headers


def test_a_report_needs_the_id_of_the_call(running: Running) -> None:
    path = f"/agents/sales/{running.task['id']}/operations/add"
    headers = {"x-xpander-with-auto-report-result": "true"}
    answer = running.http.post(path, json={"body_params": {"a": 1}}, headers=headers)
    assert (answer.status_code, CALLS) == (422, [])


def test_an_attempt_that_is_over_calls_no_tool(running: Running) -> None:
    for attempt in (0, 2):
        answer = running.run("add", "c1", attempt=attempt, body_params={"a": 1})
        assert (answer.status_code, answer.headers[STATUS]) == (409, "executing")
    assert (CALLS, running.messages()) == ([], [])


def test_a_finished_task_calls_no_tool(running: Running) -> None:
    running.http.delete(f"/agent-execution/{running.task['id']}")
    for attempt in (1, None):
        answer = running.run("add", "c1", attempt=attempt, body_params={"a": 1})
        assert (answer.status_code, answer.headers[STATUS]) == (409, "stopped")
    assert (CALLS, running.messages()) == ([], [])


def test_the_thread_of_a_task_that_is_stopped_during_a_call_is_told_the_answer(
    running: Running,
) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.run, "wait", "c1")
        assert ENTERED.wait(20)
        running.http.delete(f"/agent-execution/{running.task['id']}")
        GATE.set()
        assert (answer.result().status_code, answer.result().headers[STATUS]) == (200, "stopped")
    assert running.messages() == [tool_message("c1", None)]


@pytest.mark.parametrize("call", ["c1", None])
def test_a_task_that_is_lost_during_a_call_keeps_nothing_of_it(
    running: Running, call: str | None
) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.run, "wait", call)
        assert ENTERED.wait(20)
        # A user gives the task to somebody else while the tool runs.
        update(running.http, running.task, status="pending")
        assert claim(running.http, running.task, "other").status_code == 200
        GATE.set()
        refused = answer.result()
    assert (refused.status_code, refused.headers[STATUS]) == (409, "executing")
    assert "its answer was not kept" in refused.json()["detail"]
    assert running.messages() == []


def test_tools_that_run_at_once_all_tell_the_thread(running: Running) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(running.run, "add", f"c{n}", body_params={"a": n}) for n in range(8)]
        lengths = sorted(int(answer.result().headers[LENGTH]) for answer in answers)
    assert lengths == list(range(1, 9))
    assert {message["tool_call_id"] for message in running.messages()} == {
        f"c{n}" for n in range(8)
    }


def test_a_task_of_another_agent_is_not_there(running: Running) -> None:
    for agent, task in (("mail", running.task["id"]), ("sales", "unknown")):
        path = f"/agents/{agent}/{task}/operations/add"
        assert running.http.post(path, json={"body_params": {"a": 1}}).status_code == 404
    assert CALLS == []


@pytest.mark.parametrize("body", [[], {"body_params": []}, {"headers": "x"}])
def test_a_body_that_is_no_call_is_refused(running: Running, body: Any) -> None:
    path = f"/agents/sales/{running.task['id']}/operations/add"
    assert running.http.post(path, json=body).status_code == 422


# The end of a task -------------------------------------------------------------------------------


@pytest.mark.parametrize(("is_success", "status_code"), [(True, "completed"), (False, "error")])
def test_the_finish_tool_ends_the_task_once(
    running: Running, is_success: bool, status_code: str
) -> None:
    for _ in range(2):
        answer = running.finish(is_success=is_success, call="c1")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert answer.headers["xpander-agent-stop"] == "true"
        assert (answer.headers[STATUS], answer.headers[LENGTH]) == (status_code, "1")
    task = status(running.http, running.task)
    assert (task["status"], task["result"]) == (status_code, "r")
    assert running.messages() == [tool_message("c1", {"ok": True})]
    for other in ({"is_success": not is_success}, {"is_success": is_success, "result": "other"}):
        refused = running.finish(call="c2", **other)
        assert (refused.status_code, refused.headers[STATUS]) == (409, status_code)
    assert status(running.http, running.task) == task
    assert len(running.messages()) == 1


def test_a_result_that_is_no_text_becomes_json(running: Running) -> None:
    assert running.finish(result={"rows": 4}).status_code == 200
    assert json.loads(status(running.http, running.task)["result"]) == {"rows": 4}


def test_an_end_that_does_not_say_how_is_refused_and_the_model_is_told(running: Running) -> None:
    for is_success in ("true", None, 1):
        assert running.finish(is_success=is_success, call="c1").status_code == 422
    assert status(running.http, running.task)["status"] == "executing"
    assert texts({"messages": running.messages()}) == ["is_success has to be true or false"] * 3


def test_an_attempt_that_is_over_ends_nothing(running: Running) -> None:
    assert running.finish(attempt=0).status_code == 409
    assert status(running.http, running.task)["status"] == "executing"


def test_a_worker_that_ends_its_task_by_the_tool_gets_the_next_one(http: httpx.Client) -> None:
    with worker(http) as w:
        first, second = create(http), create(http)
        running = Running(http, w.task(), "")
        w.begin(running.task)
        assert running.task["id"] == first["id"]
        assert w.task()["id"] == second["id"]
        assert running.finish().status_code == 200


# Agents that work is handed to -------------------------------------------------------------------


def test_an_agent_shows_the_agents_that_it_hands_work_to(http: httpx.Client) -> None:
    agent = http.get("/agents/sales").json()
    assert agent["oas"] == {
        "paths": {
            "/mail": {"get": {"operationId": "xpagent-mail"}},
            "/letters": {"get": {"operationId": "xpagent-letters"}},
        }
    }
    mail, letters = agent["tools"][-2:]
    assert (mail["id"], mail["name"], mail["description"]) == (
        "xpagent-mail",
        "Mail",
        "Writes mails.",
    )
    body = mail["parameters"]["properties"]["body_params"]
    assert body["required"] == ["input_task"]
    assert (letters["id"], letters["name"]) == ("xpagent-letters", "letters")
    assert "sub_agents" not in agent


def test_nobody_takes_the_id_beforehand_of_a_task_that_is_handed_on(http: httpx.Client) -> None:
    task = claim(http, create(http)).json()
    made = child_task_id("acme", task["id"], "c1")
    taken = http.post("/agent-execution/sales/report_task", json={"id": made})
    assert taken.status_code == 404
    running = Running(http, task, begin(http))
    answer = running.run("xpagent-mail", "c1", body_params={"input_task": "write"})
    assert answer.json()["execution_id"] == made
    http.delete(f"/agent-execution/{made}")


@pytest.mark.parametrize("pinned_to", [None, "s"])
def test_work_is_handed_on_as_a_task_of_the_task(http: httpx.Client, pinned_to: str | None) -> None:
    thread = begin(http)
    task = claim(http, create(http, worker_id=pinned_to, memory_thread_id=thread)).json()
    running = Running(http, task, thread)
    ids = set()
    for _ in range(2):
        answer = running.run("xpagent-mail", "c1", body_params={"input_task": "write to Ann"})
        assert (answer.status_code, answer.headers["xpander-agent-stop"]) == (200, "true")
        assert LENGTH not in answer.headers
        ids.add(answer.json()["execution_id"])
    [child_id] = ids
    child = status(http, {"id": child_id})
    assert (child["agent_id"], child["input"]["text"]) == ("mail", "write to Ann")
    assert (child["parent_execution"], child["tool_call_id"]) == (task["id"], "c1")
    assert (child["source"], child["status"]) == (task["source"], "pending")
    assert child["tool_call_name"] == "xpagent-mail"
    assert status(http, task)["sub_executions"] == [child_id]
    assert running.messages() == []
    pending = http.get("/agent-execution/pending-executions/s").json()
    if pinned_to is None:
        assert pending is None
        with worker(http, "mail") as w:
            assert w.task()["id"] == child_id
    else:
        assert pending["id"] == child_id
        claim(http, child)
    again = running.run("xpagent-mail", "c2", body_params={"input_task": "write to Ann"})
    assert again.json()["execution_id"] != child_id
    http.delete(f"/agent-execution/{again.json()['execution_id']}")


def test_work_that_is_not_named_is_not_handed_on(running: Running) -> None:
    for body in ({}, {"input_task": ""}, {"input_task": 5}):
        assert running.run("xpagent-mail", "c1", body_params=body).status_code == 422
    assert len(running.messages()) == 3
    assert "sub_executions" not in status(running.http, running.task)
    loose = running.http.post("/agents/sales/operations/xpagent-mail", json={"input_task": "x"})
    assert loose.status_code == 422


# HTTP requests -----------------------------------------------------------------------------------


def test_a_request_is_made_of_the_groups(running: Running, tools: ToolServer) -> None:
    answer = running.run(
        "echo",
        path_params={"city": "São Paulo/SP"},
        query_params={"day": [1, 2]},
        headers={"x-trace": "7", "host": "evil.test"},
    )
    assert answer.json() == {
        "method": "GET",
        "target": "/echo/S%C3%A3o%20Paulo%2FSP?unit=si&day=1&day=2",
        "body": "",
    }
    sent = tools.last()
    assert (sent.headers["x-trace"], sent.headers["host"]) == ("7", tools.url[7:])
    assert "content-type" not in sent.headers
    assert "x-api-key" not in sent.headers
    posted = running.run("order", body_params={"what": ["Ö", None]}).json()
    assert (posted["method"], json.loads(posted["body"])) == ("POST", {"what": ["Ö", None]})
    assert tools.last().headers["content-type"] == "application/json"
    assert json.loads(running.run("order").json()["body"]) == {}


def test_what_stands_in_the_tool_is_not_a_callers_to_give(
    running: Running, tools: ToolServer
) -> None:
    answer = running.run(
        "pinned",
        path_params={"step": "a?tenant=2#b"},
        query_params={"q": "x", "z": "1", "tenant": "2", "TENANT": "2", "tenant[]": ["2"]}
        | {"tenant[0]": "2", "flag": "2"},
        body_params={"tenant": "2"},
        headers={"x-role": "admin", "x-http-method-override": "DELETE", "accept-encoding": "br"},
    )
    assert answer.json() == {
        "method": "GET",
        "target": "/echo/a%3Ftenant%3D2%23b?tenant=1&Flag&q=x&z=1",
        "body": "",
    }
    sent = tools.last().headers
    assert sent.keys() == {"host", "accept", "accept-encoding", "user-agent", "x-role"}
    assert (sent["x-role"], sent["accept-encoding"]) == ("reader", "identity")


@pytest.mark.parametrize(
    ("groups", "detail", "path"),
    [
        ({"query_params": {"q": {"$ne": 1}}}, "q: expected string", "$.query_params.q"),
        ({"query_params": {"q": ["x", "y"]}}, "q: expected string", "$.query_params.q"),
        ({"query_params": {"z": [1]}}, "z: expected string", "$.query_params.z"),
        (
            {"headers": {"COOKIE": "a=1; b=2"}},
            "cookie: expected at most 3 characters",
            "$.headers.cookie",
        ),
        ({"path_params": {"step": "..%2F.."}}, "'..%2F..' can't be part of a path", None),
        ({"query_params": {"q": "x" * 20_000}}, "the url would be longer than 16000 characters", 0),
    ],
)
def test_arguments_are_held_against_what_the_tool_declares(
    running: Running, tools: ToolServer, groups: dict[str, Any], detail: str, path: Any
) -> None:
    before = len(tools.requests)
    answer = running.run("pinned", **{"path_params": {"step": "a"}, **groups})
    assert (answer.status_code, answer.json()["detail"]) == (422, detail)
    assert path is None or answer.json().get("path", 0) == path
    assert len(tools.requests) == before


@pytest.mark.parametrize(
    ("tool", "value"),
    [
        ("text", "fünf"),
        ("number", "5"),
        ("sloppy", {"a": 1}),
        ("packed", {"rows": 4}),
        ("broken-json", '{"a": '),
        ("nothing", None),
    ],
)
def test_an_answer_is_json_or_else_its_text(running: Running, tool: str, value: Any) -> None:
    answer = running.run(tool, "c1")
    assert (answer.status_code, answer.json()) == (200, value)
    assert running.messages() == [tool_message("c1", value)]


@pytest.mark.parametrize("code", [400, 404, 500, 503])
def test_a_servers_refusal_is_told_in_part_and_without_secrets(
    running: Running, tools: ToolServer, code: int
) -> None:
    answer = running.run("fail", "c1", path_params={"status": code})
    assert tools.last().headers["x-secret"] == "s3cr3t-key"
    detail = answer.json()["detail"]
    assert answer.status_code == 424
    assert detail.startswith(f"the tool fail answered {code}: no: … /fail/{code} xxx")
    assert len(detail) == len(f"the tool fail answered {code}: ") + 500
    assert texts({"messages": running.messages()}) == [detail]


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ("closed", "could not be reached: ConnectError"),
        ("drop", "could not be reached: RemoteProtocolError"),
        ("slow", "did not answer within 0.7 s"),
        ("large", "answered with more than 200000 bytes"),
        ("moved", "answered 302"),
        ("bomb", "answered in the encoding 'gzip, gzip', which it was not asked for"),
        ("swelling", "answered with more than 200000 bytes"),
        ("deep", "answered with JSON nested deeper than 200 levels"),
        ("drips", "did not answer within 0.7 s"),
    ],
)
def test_a_server_that_gives_no_answer_is_a_failure_without_its_address(
    running: Running, tool: str, why: str
) -> None:
    answer = running.run(tool, "c1")
    assert (answer.status_code, answer.json()["detail"]) == (424, f"the tool {tool} {why}")
    assert "s3cr3t" not in answer.text
    assert len(running.messages()) == 1


def test_nothing_is_remembered_from_one_call_to_the_next(
    running: Running, tools: ToolServer
) -> None:
    assert running.run("cookie").json() == "set"
    running.run("echo", path_params={"city": "Rome"})
    assert "cookie" not in tools.last().headers


def test_what_is_secret_in_a_tool_is_shown_to_nobody(http: httpx.Client, tools: ToolServer) -> None:
    for path in ("/agents/sales", "/agents/list"):
        text = http.get(path).text
        assert "s3cr3t" not in text
        assert tools.url[7:] not in text
    shown = {tool["id"]: tool for tool in http.get("/agents/sales").json()["tools"]}
    # The official client of version 1.x reads the description by its longer name.
    assert shown["echo"].pop("function_description") == shown["echo"]["description"]
    assert shown["echo"].keys() == {"id", "name", "method", "path", "description", "parameters"}
    assert (shown["echo"]["method"], shown["order"]["method"]) == ("GET", "POST")


def test_a_worker_calls_requests_too(http: httpx.Client, tools: ToolServer) -> None:
    path = "/agents/sales/operations/echo"
    grouped = http.post(path, json={"path_params": {"city": "Rome"}, "query_params": {"d": 1}})
    flat = http.post(path, json={"city": "Rome", "d": 1})
    assert grouped.json() == flat.json()
    assert flat.json()["target"] == "/echo/Rome?unit=si&d=1"
    assert json.loads(
        http.post("/agents/sales/operations/order", json={"what": 1}).json()["body"]
    ) == {"what": 1}
    before = len(tools.requests)
    dry = {"x-preflight-check": "true"}
    assert http.post(path, json={"city": "Rome"}, headers=dry).json() is None
    assert http.post(path, json={}, headers=dry).status_code == 422
    assert len(tools.requests) == before


def test_a_function_stands_in_for_a_request(tools: ToolServer) -> None:
    agents = [{"id": "sales", "tools": [{"id": "weather", "url": tools.url + "/echo"}]}]
    with (
        LocalPlatform(agents=agents, tools={"weather": lambda: "sunny"}) as platform,
        httpx.Client(base_url=platform.url, headers={"x-api-key": platform.api_key}) as http,
    ):
        before = len(tools.requests)
        assert http.post("/agents/sales/operations/weather", json={}).json() == "sunny"
        running = Running(http, create(http), "")
        assert running.run("weather", attempt=None).json() == "sunny"
        assert len(tools.requests) == before


# Agents and reports ------------------------------------------------------------------------------


def test_an_agent_is_created_and_stays(http: httpx.Client) -> None:
    body = {"name": "Night shift", "type": "manager", "instructions": {"role": ["be brief"]}}
    made = http.post("/agents-crud/tools/crud/create", json=body, headers={"idempotency-key": "a"})
    agent = made.json()
    assert (agent["name"], agent["type"], agent["organization_id"]) == (
        "Night shift",
        "manager",
        "acme",
    )
    assert agent["instructions"] == {"role": ["be brief"], "goal": [], "general": ""}
    again = http.post("/agents-crud/tools/crud/create", json=body, headers={"idempotency-key": "a"})
    assert again.json() == agent == http.get(f"/agents/{agent['id']}").json()
    listed = http.get("/agents/list").json()
    assert [each["id"] for each in listed].count(agent["id"]) == 1
    assert create(http, agent["id"])["agent_id"] == agent["id"]
    for wrong in ({}, {"name": 5}, {"name": "x", "type": "odd"}):
        assert http.post("/agents-crud/tools/crud/create", json=wrong).status_code == 422


def test_what_a_model_took_is_reported(http: httpx.Client) -> None:
    body = {
        "provider": "openai",
        "model": "gpt-5",
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
    }
    assert http.post("/agents-metrics/sales/llm", json=body).status_code == 200
    refused = http.post("/agents-metrics/sales/llm", json={**body, "prompt_tokens": "many"})
    assert refused.status_code == 422
