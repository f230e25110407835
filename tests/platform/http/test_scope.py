"""Keys for some agents reach nothing of the others."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import yaml

from tests.platform.conftest import QUICK
from tests.platform.serving import WatchedStore, beside, caller, serving
from tests.platform.wire import Clock, OpenStore, create, status, update, worker
from xpander_client.platform.agents.file import parse_agents
from xpander_client.platform.app import Platform
from xpander_client.platform.auth import keys
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.dispatch.frames import registration
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.http.router import Route
from xpander_client.platform.http.scope import (
    AGENTS_NAMED,
    SAID,
    TASKS_NAMED,
    THREADS_NAMED,
    KeyScope,
)
from xpander_client.platform.stores.base.store import Store

ROOT = Path(__file__).resolve().parents[3]
TOOLS = [{"id": "add"}]
AGENTS: list[Any] = [
    {"id": "sales", "tools": TOOLS, "sub_agents": ["mail"]},
    {"id": "mail", "tools": TOOLS},
    {"id": "post"},
]
USER = {"id": "u", "email": "e"}


@attrs.frozen
class Office:
    """Two callers in an organization: `boss` may use all agents, `clerk` two of the three."""

    platform: Platform
    boss: httpx.Client
    clerk: httpx.Client
    clerks_key: str
    task: dict[str, Any]
    thread: dict[str, Any]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    path = tmp_path / "s.db"

    async def make(store: Any) -> list[str]:
        some = [None, ["sales", "post"]]
        return [(await keys.create(store, "acme", agent_ids=ids, now=1.0))[0] for ids in some]

    boss_key, clerks_key = asyncio.run(beside(path, make))
    platform = Platform(
        WatchedStore(path, QUICK),
        None,
        agents=parse_agents(AGENTS),
        create_agents=False,
        tools={"add": lambda a=1: a},
        settings=QUICK,
    )
    with (
        serving(platform) as url,
        caller(url, boss_key) as boss,
        caller(url, clerks_key) as clerk,
    ):
        task = create(boss, "mail", input={"text": "x", "user": USER})
        thread = boss.post("/memory", json=thread_of("mail")).json()
        yield Office(platform, boss, clerk, clerks_key, task, thread)


def thread_of(agent_id: str | None) -> dict[str, Any]:
    metadata = {} if agent_id is None else {"agent_id": agent_id}
    return {"user_details": USER, "metadata": metadata}


def routes(platform: Platform) -> list[tuple[str, Route]]:
    """Every method of every route that there is."""
    found = platform.app.router.routes
    assert len(found) > 20
    return [(method, route) for route in found for method in sorted(route.endpoints)]


WITHOUT_IDS = {
    ("GET", "/agent-execution/executions/history/user/{user_id}"),
    ("GET", "/agent-execution/pending-executions/{worker_id}"),
    ("GET", "/agents/list"),
    ("GET", "/health"),
    ("DELETE", "/metadata/users/{user_id}"),
    ("GET", "/memory/threads/{user_id}"),
    ("GET", "/metadata/audit"),
    ("GET", "/metadata/default_llm_extra_headers"),
    ("GET", "/metadata/workers"),
    ("GET", "/metrics"),
    ("GET", "/ready"),
    ("GET", "/v1/tasks"),
    ("HEAD", "/health"),
    ("HEAD", "/ready"),
    ("POST", "/"),
    ("POST", "/agent-execution/executions/delete"),
    ("POST", "/agents-crud/tools/crud/create"),
    ("POST", "/events/{worker_id}"),
    ("POST", "/memory"),
    ("POST", "/metadata/api_key_allowance"),
}
"""What the ids in the path say nothing of; each of them has a test below, but for the health."""


def test_every_route_refuses_what_is_another_agents(office: Office) -> None:
    free = {"tool_id": "add", "operation_id": "add", "strategy": "full", "name": "x"}
    task_id, thread_id = office.task["id"], office.thread["id"]
    seen = set()
    for method, route in routes(office.platform):
        theirs = {
            "agent_id": "mail",
            "agent_or_task_id": "mail" if method == "POST" else task_id,
            "execution_id": task_id,
            "task_id": task_id,
            "thread_id": thread_id,
        }
        named = theirs.keys() & route.ids.keys()
        if not named:
            seen.add((method, route.path))
            continue
        for name in named:
            # One id is another agent's, the others are of what the key is for.
            path = route.path.replace(f"{{{name}}}", theirs[name]).replace("{agent_id}", "sales")
            answer = office.clerk.request(method, path.format(**theirs, **free))
            place = (method, route.path, name)
            if theirs[name] == "mail":
                assert answer.status_code == 403, place
                assert answer.json() == {"detail": "this key may not use agent mail"}, place
            else:
                what = "thread" if name == "thread_id" else "task"
                assert answer.status_code == 404, place
                assert answer.json() == {"detail": f"there is no {what} {theirs[name]}"}, place
    assert seen == WITHOUT_IDS
    assert status(office.boss, office.task) == office.task
    assert office.boss.get(f"/memory/{thread_id}").json() == office.thread


def test_what_is_another_agents_is_refused_as_what_is_not_there(office: Office) -> None:
    for path in ("/agent-execution/{}/status", "/memory/{}"):
        unknown = office.boss.get(path.format("nothing")).json()["detail"]
        theirs = (office.task if "status" in path else office.thread)["id"]
        answer = office.clerk.get(path.format(theirs))
        assert answer.json()["detail"].replace(theirs, "nothing") == unknown


def test_a_route_with_an_id_that_nobody_explained_is_not_served(office: Office) -> None:
    async def endpoint(_: Any) -> Any: ...

    with pytest.raises(ValueError, match=r"/secrets/\{secret_id\}: whose is the secret_id"):
        KeyScope(office.platform.store).guard_routes(
            [Route("/secrets/{secret_id}", {"GET": endpoint})]
        )


def test_a_key_may_do_with_its_own_agents_what_any_key_may(office: Office) -> None:
    clerk = office.clerk
    task = create(clerk, "sales", input={"text": "x", "user": USER})
    assert status(clerk, task) == task
    again = update(clerk, task, status="completed", result="r").json()
    assert create(clerk, "post", id=task["id"])["agent_id"] == "post"
    assert again["result"] == "r"
    assert clerk.get("/agents/sales").json()["id"] == "sales"
    assert clerk.post("/agents/sales/operations/add", json={"a": 5}).json() == 5
    assert clerk.post("/agents-metrics/sales/execution", json={}).status_code != 403
    reported = clerk.post("/agent-execution/post/report_task", json={"result": "r"})
    assert reported.json()["status"] == "completed"
    assert clerk.get("/agent-execution/executions/history/sales").json() == []
    with worker(clerk, "post") as listening:
        taken = listening.task()
        assert listening.begin(taken).status_code == 200
        assert listening.beat().status_code == 200
        assert listening.finish(taken).status_code == 200
    assert clerk.delete(f"/agent-execution/{task['id']}").status_code == 200


# What is in bodies, headers and queries -----------------------------------------------------------


def test_the_official_rest_is_for_the_keys_agents_alone(office: Office) -> None:
    clerk, text = office.clerk, {"input": {"text": "x"}}
    assert clerk.post("/", params={"agent_id": "mail"}).status_code == 403
    assert clerk.get("/v1/tasks", params={"agent_id": "mail"}).status_code == 403
    # Which ids others have chosen is not to be found out by choosing them.
    for chosen in ("taken", "free"):
        office.boss.post("/v1/agents/mail/invoke/async", json={**text, "id": "taken"})
        answer = clerk.post("/v1/agents/sales/invoke/async", json={**text, "id": chosen})
        assert (answer.status_code, "like AGENT/NAME" in answer.json()["detail"]) == (404, True)
    ours = clerk.post("/v1/agents/sales/invoke/async", json={**text, "id": "sales/c"}).json()
    assert clerk.get("/v1/tasks/sales%2Fc").json() == ours
    assert [item["id"] for item in clerk.get("/v1/tasks").json()["items"]] == ["sales/c"]
    create(office.boss, "mail", parent_execution_id=ours["id"])
    assert list(clerk.get("/v1/tasks/sales%2Fc/thread/full").json()) == ["root"]


def test_a_body_can_not_name_another_agents_task(office: Office) -> None:
    clerk, theirs = office.clerk, office.task["id"]
    update(office.boss, office.task, status="paused")
    for path, body in (
        ("/agent-execution/sales", {"id": theirs, "input": {"text": "x"}}),
        ("/agent-execution/sales", {"parent_execution_id": theirs, "input": {"text": "x"}}),
        ("/agent-execution/sales/report_task", {"id": theirs, "result": "r"}),
    ):
        answer = clerk.post(path, json=body)
        assert answer.status_code == 404, path
        assert answer.json() == {"detail": f"there is no task {theirs}"}
    now = status(office.boss, office.task)
    assert (now["status"], now["agent_id"]) == ("paused", "mail")
    assert not now.get("sub_executions")
    assert clerk.get("/agent-execution/executions/history/sales").json() == []


CONNECTIONS: list[tuple[str, dict[str, str], Any]] = [
    ("parent_execution_id", {"name": "task"}, str),
    ("parent_execution", {"name": "task"}, str),
    ("memory_thread_id", {"name": "thread"}, str),
    ("conversation_id", {"name": "thread"}, str),
    ("sub_executions", {"name": "task"}, lambda each: [each]),
]


@pytest.mark.parametrize(("field", "what", "of"), CONNECTIONS)
@pytest.mark.parametrize("door", ["create", "continue", "update", "report"])
def test_a_body_connects_a_task_with_nothing_beyond_reach_and_does_not_tell_if_it_is_there(
    office: Office, door: str, field: str, what: dict[str, str], of: Any
) -> None:
    clerk = office.clerk
    ours = create(clerk, "sales")
    if door == "continue":
        update(clerk, ours, status="completed")

    def said(named: str) -> httpx.Response:
        body: dict[str, Any] = {field: of(named)}
        if door == "update":
            return update(clerk, ours, **body)
        if door == "report":
            return clerk.post("/agent-execution/sales/report_task", json=body)
        existing = {"id": ours["id"]} if door == "continue" else {}
        return clerk.post("/agent-execution/sales", json={"input": {}, **existing, **body})

    theirs = (office.task if what["name"] == "task" else office.thread)["id"]
    before = status(office.boss, ours)
    for foreign, unknown in ((theirs, "01999999-0000-7000-8000-000000000000"), (theirs, "x")):
        refused, same = said(foreign), said(unknown)
        assert (refused.status_code, same.status_code) == (404, 404)
        assert refused.json() == {"detail": f"there is no {what['name']} {foreign}"}
        assert same.text.replace(unknown, foreign) == refused.text
    assert status(office.boss, ours) == before
    assert status(office.boss, office.task) == office.task


def test_a_body_connects_a_task_with_what_is_within_reach(office: Office) -> None:
    clerk = office.clerk
    parent = create(clerk, "sales")
    thread = clerk.post("/memory", json=thread_of("post")).json()["id"]
    for name in ("parent_execution_id", "parent_execution"):
        child = create(clerk, "post", **{name: parent["id"]}, memory_thread_id=thread)
        assert child["parent_execution"] == parent["id"]
        assert status(clerk, parent)["sub_executions"][-1] == child["id"]
    # What a task has to do with already may be said again, whoever connected it.
    theirs = create(
        office.boss,
        "sales",
        parent_execution_id=office.task["id"],
        memory_thread_id=office.thread["id"],
        triggering_agent_id="mail",
    )
    assert update(clerk, theirs, **{**theirs, "title": "T"}).json()["title"] == "T"
    # A conversation may be called like its task; other names begin with the agent's.
    assert update(clerk, theirs, memory_thread_id=parent["id"]).status_code == 200
    assert create(clerk, "sales", memory_thread_id="sales/chat")["memory_thread_id"] == "sales/chat"


def test_a_parent_has_to_be_there_by_either_name_and_is_one(http: httpx.Client) -> None:
    for name in ("parent_execution_id", "parent_execution"):
        answer = http.post("/agent-execution/sales", json={"input": {}, name: "nothing"})
        assert (answer.status_code, answer.json()["detail"]) == (422, "there is no task nothing")
    body = {"input": {}, "parent_execution": "a", "parent_execution_id": "b"}
    answer = http.post("/agent-execution/sales", json=body)
    assert (answer.status_code, answer.json()["path"]) == (422, "$.parent_execution")


def test_a_task_is_not_said_to_be_triggered_by_an_agent_beyond_reach(office: Office) -> None:
    for agent_id in ("mail", "nobody"):
        body: dict[str, Any] = {"input": {}, "triggering_agent_id": agent_id}
        answer = office.clerk.post("/agent-execution/sales", json=body)
        assert answer.status_code == 403
        assert answer.json() == {"detail": f"this key may not use agent {agent_id}"}
    assert create(office.clerk, "sales", triggering_agent_id="post")


def test_an_id_that_a_key_for_some_agents_chooses_tells_nothing(office: Office) -> None:
    boss, clerk = office.boss, office.clerk
    named = boss.post("/agent-execution/mail/report_task", json={"id": "order-1"}).json()["id"]
    thread = boss.post("/memory", json={**thread_of("mail"), "id": "chat-1"}).json()["id"]
    for theirs in (named, office.task["id"]):
        for unknown in ("order-2", "01999999-0000-7000-8000-000000000000"):
            answers = [
                clerk.post("/agent-execution/sales/report_task", json={"id": each})
                for each in (theirs, unknown)
            ]
            assert [each.status_code for each in answers] == [404, 404]
            assert answers[0].text.replace(theirs, unknown) == answers[1].text
    for theirs in (thread, office.thread["id"]):
        answers = [
            clerk.post("/memory", json={**thread_of("sales"), "id": each})
            for each in (theirs, "chat-2")
        ]
        assert [each.status_code for each in answers] == [403, 403]
        assert answers[0].text == answers[1].text
    # Its own names are nobody else's.
    reported = clerk.post("/agent-execution/sales/report_task", json={"id": "sales/1"}).json()
    assert reported["id"] == "sales/1"
    assert clerk.get("/agent-execution/sales%2F1/status").json() == reported
    made = clerk.post("/memory", json={**thread_of("sales"), "id": "sales/chat"})
    assert made.json()["id"] == "sales/chat"
    again = clerk.post("/memory", json={**thread_of("sales"), "id": "sales/chat"})
    assert again.status_code == 409


def test_an_idempotency_key_is_in_the_way_of_nobody_with_another_reach(office: Office) -> None:
    headers = {"idempotency-key": "k"}
    theirs = office.boss.post("/agent-execution/mail", json={"input": {}}, headers=headers)
    ours = office.clerk.post("/agent-execution/sales", json={"input": {}}, headers=headers)
    again = office.clerk.post("/agent-execution/sales", json={"input": {}}, headers=headers)
    assert ours.status_code == 200
    assert again.json() == ours.json() != theirs.json()


PUBLIC = re.compile(
    r"(^|_)(id|ids|execution|executions|agent|thread|threads|task|tasks|worker|pool)$"
)
"""What a name ends with that could be some thing's."""

CHECKED = {
    ("Tasks.create", "body", "id"): "check_task",
    ("Tasks.report_external_task", "body", "id"): "store_as",
    ("Tasks.update", "body", "id"): "can't change",
    ("Tasks.update", "body", "agent_id"): "can't change",
    ("Tasks.update", "body", "organization_id"): "can't change",
    ("Tasks.list", "query", "parent_task_id"): "chooses among tasks within reach",
    ("Tasks.list", "query", "triggering_agent_id"): "chooses among tasks within reach",
    ("Tasks.list_user_tasks", "query", "parent_task_id"): "chooses among tasks within reach",
    ("Tasks.list_user_tasks", "query", "triggering_agent_id"): "chooses among tasks within reach",
    ("Tasks.delete", "query", "with_thread"): "says whether, not which",
    ("Tasks.delete_many", "body", "with_threads"): "says whether, not which",
    ("Tasks.delete_many", "body", "agent_id"): "KeyGrant.check",
    ("Tasks.delete_many", "body", "parent_task_id"): "chooses among tasks within reach",
    ("Tasks.push_events", "body", "task_id"): "is the path's",
    ("Tasks.push_events", "body", "organization_id"): "is the key's",
    ("Tasks.push_events", "body", "agent_id"): "is kept as it was said",
    ("Tasks.push_events", "body", "id"): "is kept as it was said",
    ("Workers.listen", "header", "x-worker-id"): "is the agent's worker or refused",
    ("Workers.send", "query", "agent_id"): "KeyGrant.check",
    ("Workers.send", "body", "id"): "the message's own",
    ("Threads.create", "body", "id"): "check_chosen_thread",
    ("Threads.create", "body", "organization_id"): "is the key's",
    ("Threads.create", "body", "agent_id"): "KeyGrant.check",
    ("Threads.update", "body", "agent_id"): "KeyGrant.check",
    ("Threads.list_user_threads", "query", "agent_id"): "KeyGrant.check",
    ("Threads.extend", "header", "x-xpander-execution-id"): "check_task",
    ("Agents.invoke_tool", "header", "x-execution-id"): "nothing is looked up by it",
    ("Agents.invoke_tool", "header", "x-tool-call-id"): "the model's own",
    ("Agents.run_operation", "header", "x-xpander-tool-call-id"): "the model's own",
}
"""Names that are seen to one by one, each with a test in this file or in that of its route."""


def names_in(spec: dict[str, Any], schema: Any, seen: tuple[int, ...] = ()) -> Iterator[str]:
    """The properties of a schema, and of what is in it."""
    while "$ref" in schema:
        found: Any = spec
        for step in schema["$ref"].split("/")[1:]:
            found = found[step]
        schema = found
    if id(schema) in seen:
        return
    seen = (*seen, id(schema))
    inner = [schema["items"]] if "items" in schema else []
    inner += [each for kind in ("anyOf", "oneOf", "allOf") for each in schema.get(kind, ())]
    for name, each in schema.get("properties", {}).items():
        yield name
        inner.append(each)
    for each in inner:
        yield from names_in(spec, each, seen)


def test_of_every_id_in_a_request_somebody_said_how_it_is_held_against_a_keys_reach() -> None:
    spec = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    connections = AGENTS_NAMED | TASKS_NAMED | THREADS_NAMED
    strange = []
    for item in spec["paths"].values():
        for operation in item.values():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            named = set()
            for parameter in (*item.get("parameters", ()), *operation.get("parameters", ())):
                name = parameter.get("$ref", "").rpartition("/")[2]
                parameter = spec["components"]["parameters"].get(name, parameter)
                if parameter["in"] != "path":  # those are the guard's
                    named.add((parameter["in"], parameter["name"]))
            for content in operation.get("requestBody", {}).get("content", {}).values():
                named |= {("body", name) for name in names_in(spec, content["schema"])}
            strange += [
                (operation["operationId"], place, name)
                for place, name in sorted(named)
                if PUBLIC.search(name.replace("-", "_"))
                and name not in connections | SAID
                and (operation["operationId"], place, name) not in CHECKED
            ]
    assert strange == []


def test_threads_are_an_agents_or_everybodys(office: Office) -> None:
    clerk, boss = office.clerk, office.boss
    ours, common = (
        clerk.post("/memory", json=thread_of(agent_id)).json()["id"] for agent_id in ("post", None)
    )
    assert boss.put(f"/memory/{common}", json=[{"role": "user", "content": "x"}]).is_success
    assert len(clerk.get(f"/memory/{common}").json()["messages"]) == 1
    listed = [thread["thread_id"] for thread in clerk.get("/memory/threads/u").json()]
    assert listed == [common, ours]
    assert len(boss.get("/memory/threads/u").json()) == 3
    for answer in (
        clerk.get("/memory/threads/u", params={"agent_id": "mail"}),
        clerk.post("/memory", json=thread_of("mail")),
        clerk.patch(f"/memory/{ours}", json={"metadata": {"agent_id": "mail"}}),
    ):
        assert answer.status_code == 403
        assert answer.json() == {"detail": "this key may not use agent mail"}
    said = [{"role": "user", "content": "x"}]
    theirs = {"x-xpander-execution-id": office.task["id"]}
    assert clerk.put(f"/memory/{ours}", json=said, headers=theirs).status_code == 404
    assert clerk.get(f"/memory/{ours}").json()["messages"] == []


def test_a_tools_answer_is_not_told_to_another_agents_thread(office: Office) -> None:
    headers = {
        "x-xpander-with-auto-report-result": "true",
        "x-xpander-tool-call-id": "c",
    }
    for thread_id, told in ((office.thread["id"], 0), (None, 1)):
        if thread_id is None:
            thread_id = office.clerk.post("/memory", json=thread_of("sales")).json()["id"]
        task = create(office.boss, "sales", memory_thread_id=thread_id)
        answer = office.clerk.post(
            f"/agents/sales/{task['id']}/operations/add", json={}, headers=headers
        )
        assert (answer.status_code, answer.json()) == (200, 1)
        assert len(office.boss.get(f"/memory/{thread_id}").json()["messages"]) == told


def test_lists_hold_what_is_within_reach(office: Office) -> None:
    boss, clerk = office.boss, office.clerk
    made = [
        create(boss, agent, input={"text": "x", "user": USER})["id"]
        for agent in ("sales", "mail", "post", "mail")
    ]
    history = "/agent-execution/executions/history/user/u"
    assert [task["id"] for task in clerk.get(history).json()] == [made[2], made[0]]
    assert len(boss.get(history).json()) == 5
    page = clerk.get(history, params={"limit": 1})
    assert [task["id"] for task in page.json()] == [made[2]]
    cursor = page.headers["x-next-cursor"]
    page = clerk.get(history, params={"limit": 1, "cursor": cursor})
    assert [task["id"] for task in page.json()] == [made[0]]
    assert "x-next-cursor" not in page.headers
    assert [agent["id"] for agent in clerk.get("/agents/list").json()] == ["sales", "post"]
    assert len(boss.get("/agents/list").json()) == 3


def test_only_what_is_within_reach_is_deleted(office: Office) -> None:
    task = create(office.boss, "sales", input={"text": "x", "user": USER})
    talk = office.boss.post("/memory", json=thread_of("sales")).json()
    place = "/agent-execution/executions/delete"
    assert office.clerk.post(place, json={"agent_id": "mail"}).status_code == 403
    answer = office.clerk.post(place, json={"user_id": "u", "stop": True, "with_threads": True})
    assert answer.json() == {"tasks": 1, "threads": 0, "more": False}
    assert office.clerk.delete("/metadata/users/u").json()["threads"] == 1
    gone = [
        office.boss.get(path).status_code
        for path in (f"/agent-execution/{task['id']}/status", f"/memory/{talk['id']}")
    ]
    assert gone == [404, 404]
    assert status(office.boss, office.task) == office.task
    assert office.boss.get(f"/memory/{office.thread['id']}").status_code == 200
    with worker(office.boss, "mail") as theirs, worker(office.boss, "sales") as ours:
        listening = {theirs.id, ours.id}
        seen = [
            {each["id"] for each in http.get("/metadata/workers").json()}
            for http in (office.boss, office.clerk)
        ]
    assert seen == [listening, {ours.id}]
    assert office.clerk.get("/metadata/audit").status_code == 403
    assert {each["action"] for each in office.boss.get("/metadata/audit").json()} == {
        "key.create",
        "task.delete",
        "thread.delete",
        "user.forget",
    }


def test_a_key_is_told_of_agents_that_it_may_use_itself(office: Office) -> None:
    def told(client: httpx.Client, key: str) -> Any:
        return client.post("/metadata/api_key_allowance", json={"api_key": key}).json()["agent_ids"]

    boss, clerk = office.boss, office.clerk
    assert told(boss, office.clerks_key) == ["sales", "post"]
    assert told(clerk, office.clerks_key) == ["sales", "post"]
    assert told(clerk, boss.headers["x-api-key"]) == ["sales", "post"]
    assert told(boss, boss.headers["x-api-key"]) == ["sales", "mail", "post"]
    assert told(boss, "xpk_00000000_" + "0" * 48) == []


def test_agents_are_not_made_by_a_key_for_some(office: Office) -> None:
    answer = office.clerk.post("/agents-crud/tools/crud/create", json={"name": "mine"})
    assert (answer.status_code, "can't make others" in answer.json()["detail"]) == (403, True)
    assert len(office.boss.get("/agents/list").json()) == 3


# Workers ------------------------------------------------------------------------------------------


def test_another_agents_worker_can_not_be_spoken_for(office: Office) -> None:
    boss, clerk = office.boss, office.clerk
    with worker(boss, "mail") as theirs:
        body = {"id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11", "event": "worker-finished"}

        def say(agent_id: str) -> int:
            params = {"type": "worker", "agent_id": agent_id}
            return clerk.post(f"/events/{theirs.id}", params=params, json=body).status_code

        assert (say("mail"), say("sales")) == (403, 404)
        taken = theirs.task()
        assert taken["id"] == office.task["id"]


async def test_another_agents_worker_can_not_be_stepped_in_for(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await store.put("acme", "mail", {"input": {}}, task_id="t")
        await store.claim("acme", "mail", ["w"])
        begun = await store.patch("acme", "t", {"status": "executing"}, attempt=1)
        await store.notify("acme", "t", {"key": "k", "data": "secret"})
        clock.now += 1
        dispatch = Dispatch(store, QUICK, clock, Metrics())
        with pytest.raises(HttpError, match="404"):
            await dispatch.on_worker_message("acme", "sales", "w", "worker-heartbeat", None, "")
        session = await dispatch.register("acme", "sales", environment=None, peer="", worker_id="w")
        assert (session.held, list(session.outbox)) == ({}, [])
        assert not any((await store.presence.list_held([("acme", "w")])).values())
        assert (await store.get("acme", "t")).lease_until == begun.lease_until
        await dispatch.close()


async def test_the_name_of_another_agents_worker_is_not_given_away_at_any_server(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        servers = [Dispatch(store, QUICK, clock, Metrics()) for _ in range(2)]

        async def register(dispatch: Dispatch, agent_id: str) -> str:
            session = await dispatch.register(
                "acme", agent_id, environment=None, peer="", worker_id="w"
            )
            return session.id

        assert await register(servers[0], "mail") == "w"
        assert await register(servers[1], "sales") != "w"
        assert await store.presence.is_listening("acme", "w")
        assert await register(servers[1], "mail") == "w"
        for dispatch in servers:
            await dispatch.close()


async def test_a_workers_name_is_its_organizations_own_at_every_server(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        servers = [Dispatch(store, QUICK, clock, Metrics()) for _ in range(2)]
        sessions = [
            await server.register(
                organization_id, "sales", environment=None, peer="", worker_id="w"
            )
            for server, organization_id in zip(servers, ("acme", "other"), strict=True)
        ]
        assert [(session.id, session.refused_id) for session in sessions] == [("w", None)] * 2
        for session in sessions:
            await store.put(
                session.organization_id,
                "sales",
                {"input": {}, "worker_id": "w"},
                task_id=f"t-{session.organization_id}",
            )
        for session in sessions:
            for _ in range(500):
                if session.held:
                    break
                await asyncio.sleep(0.01)
            assert session.held == {f"t-{session.organization_id}": 1}
            begun = {"status": "executing"}
            [task_id] = session.held
            await store.patch(session.organization_id, task_id, begun, attempt=1)
        # What one says at the other's server is heard, and keeps its own lease alone.
        for _ in range(5):
            clock.now += QUICK.lease / 10
            for server in servers:
                await server.other_servers.beat()
        if not store.presence.is_single_server:
            await servers[1].on_worker_message("acme", "sales", "w", "worker-heartbeat", None, "")
            await servers[0].other_servers.beat()
        else:
            await servers[0].on_worker_message("acme", "sales", "w", "worker-heartbeat", None, "")
        leases = {
            organization_id: (await store.get(organization_id, f"t-{organization_id}")).lease_until
            for organization_id in ("acme", "other")
        }
        assert leases == {"acme": clock.now + QUICK.lease, "other": clock.now + QUICK.lease / 2}
        await servers[0].on_worker_message("acme", "sales", "w", "worker-finished", None, "")
        assert [session.listening for session in sessions] == [False, True]
        for dispatch in servers:
            await dispatch.close()


async def test_a_worker_is_told_that_its_name_is_another_agents(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        dispatch = Dispatch(store, QUICK, clock, Metrics())
        for agent_id, refused in (("mail", None), ("sales", "w")):
            session = await dispatch.register(
                "acme", agent_id, environment=None, peer="", worker_id="w"
            )
            assert session.refused_id == refused
            said = registration(session, {}, 5.0).decode()
            assert ('"refused_id":"w"' in said) == (refused is not None)
        await dispatch.close()


async def test_a_heartbeat_takes_no_name_from_the_agent_whose_worker_holds_tasks_under_it(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await store.put("acme", "mail", {"input": {}}, task_id="t")
        await store.claim("acme", "mail", ["w"])
        dispatch = Dispatch(store, QUICK, clock, Metrics())
        with pytest.raises(HttpError, match="404"):
            await dispatch.on_worker_message("acme", "sales", "w", "worker-heartbeat", None, "")
        session = await dispatch.register("acme", "mail", environment=None, peer="", worker_id="w")
        assert (session.id, session.held) == ("w", {"t": 1})
        await dispatch.close()


def test_what_waits_for_a_worker_is_shown_to_keys_for_its_agent(office: Office) -> None:
    parent = create(office.boss, "sales")
    body = {"parent_execution_id": parent["id"], "worker_id": "w"}
    child = create(office.boss, "mail", **body)
    path = "/agent-execution/pending-executions/w"
    assert office.boss.get(path).json()["id"] == child["id"]
    assert office.clerk.get(path).json() is None
    ours = create(office.boss, "post", **body)
    assert office.clerk.get(path).json()["id"] == ours["id"]


def test_work_that_an_agent_hands_on_reaches_agents_that_the_key_does_not(office: Office) -> None:
    task = create(office.clerk, "sales")
    answer = office.clerk.post(
        f"/agents/sales/{task['id']}/operations/xpagent-mail",
        json={"body_params": {"input_task": "write"}},
    )
    child_id = answer.json()["execution_id"]
    assert office.clerk.get(f"/agent-execution/{child_id}/status").status_code == 404
    assert office.boss.get(f"/agent-execution/{child_id}/status").json()["agent_id"] == "mail"
