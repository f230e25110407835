"""The routes, over a real socket."""

import json
import logging
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import orjson
import pytest

from tests.platform.conftest import QUICK
from tests.platform.wire import create, event, push, replay, status, update, worker
from xpander_client.errors import ConfigurationError
from xpander_client.platform import LocalPlatform
from xpander_client.platform.app import Platform
from xpander_client.platform.auth.keys import FixedKeys
from xpander_client.platform.process.server import Server, bind, run_loop
from xpander_client.platform.stores.sqlite.store import SqliteStore

pytestmark = pytest.mark.all_engines

ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/agent-execution/a", {"input": {"text": "x"}}),
    ("GET", "/agent-execution/t/status", None),
    ("PATCH", "/agent-execution/t/update", {}),
    ("DELETE", "/agent-execution/t", None),
    ("GET", "/agent-execution/executions/history/a", None),
    ("GET", "/agent-execution/executions/history/user/u", None),
    ("POST", "/agent-execution/a/report_task", {}),
    ("POST", "/agents-metrics/a/execution", {}),
    ("GET", "/activity/a/t", None),
    ("POST", "/agent-execution/t/events/push", []),
    ("GET", "/agent-execution/t/events", None),
    ("GET", "/events/a/", None),
    ("POST", "/events/w", {}),
    ("POST", "/metadata/api_key_allowance", {"api_key": "k"}),
    ("GET", "/agents/list", None),
    ("GET", "/agents/a", None),
    ("GET", "/agents/a/db", None),
    ("GET", "/metadata/default_llm_extra_headers", None),
    ("POST", "/agents/a/operations/tool", {}),
    ("POST", "/?agent_id=a", {}),
    ("POST", "/v1/agents/a/invoke", {"input": {"text": "x"}}),
    ("GET", "/v1/tasks", None),
    ("DELETE", "/v1/tasks/t", None),
]


@pytest.mark.parametrize("source", ["agui", "mobile-app", "webhook"])
def test_a_task_may_come_from_wherever_its_caller_says(http: httpx.Client, source: str) -> None:
    task = create(http, source=source)
    assert update(http, task, source=f"{source}-2").json()["source"] == f"{source}-2"
    assert task["source"] == source


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_no_route_opens_without_the_right_key(
    platform: LocalPlatform, method: str, path: str, body: Any
) -> None:
    for headers in ({}, {"x-api-key": ""}, {"x-api-key": platform.api_key + "x"}):
        for prefix in ("", "/acme", "/other"):
            answer = httpx.request(method, platform.url + prefix + path, json=body, headers=headers)
            assert answer.status_code == 401
            assert "key" in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_another_organization_in_front_is_not_found(
    http: httpx.Client, method: str, path: str, body: Any
) -> None:
    assert http.request(method, "/other" + path, json=body).status_code == 404


def test_each_answer_says_its_id_and_that_keys_are_honoured(http: httpx.Client) -> None:
    task = create(http)
    answers = [
        http.get("/health"),
        http.get(f"/agent-execution/{task['id']}/status"),
        http.get("/agent-execution/unknown/status"),
        http.get("/nowhere/at/all"),
        http.put("/agents/list"),
        httpx.get(f"{http.base_url}/agents/list"),
        http.post("/agent-execution/a", content=b"{"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 405, 401, 400]
    assert all(answer.headers["idempotency-keys"] == "honored" for answer in answers)
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    assert answers[4].headers["allow"] == "GET"


def test_health_needs_no_key_but_nothing_else_is_called_health(platform: LocalPlatform) -> None:
    assert httpx.get(f"{platform.url}/health").json()["status"] == "ok"
    assert httpx.get(f"{platform.url}/acme/health").status_code == 200
    for path in ("/agents/health", "/events/health", "/agent-execution/health", "/a/b/health"):
        assert httpx.get(platform.url + path).status_code == 401


def test_a_path_that_exists_with_another_method_says_which(http: httpx.Client) -> None:
    answer = http.get("/agent-execution/a")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"POST", "DELETE"}
    for method in ("HEAD", "OPTIONS", "PUT"):
        assert http.request(method, "/agent-execution/t/events").status_code == 405


def test_a_task_is_stored_as_it_came(http: httpx.Client) -> None:
    body = {
        "input": {"text": "x", "files": ["https://example.com/a.csv"], "unknown": [1, {"a": None}]},
        "title": "T\u2028\u0000é🙂",
        "payload_extension": {"deep": {"er": [1.5, -0.0, 2**63, True, None]}},
        "new_field": {"kept": []},
        "source": "slack",
    }
    made = http.post("/acme/agent-execution/sales", json=body, headers={"x-agent-version": "3"})
    task = made.json()
    assert {name: task[name] for name in body} == body
    assert task["agent_version"] == "3"
    assert status(http, task) == task


def test_ids_are_uuids_that_begin_with_the_time(http: httpx.Client) -> None:
    before = time.time_ns() // 1_000_000
    ids = [uuid.UUID(create(http)["id"]) for _ in range(20)]
    after = time.time_ns() // 1_000_000
    assert len(set(ids)) == 20
    assert {(made.version, made.variant) for made in ids} == {(7, uuid.RFC_4122)}
    assert all(before <= made.int >> 80 <= after for made in ids)


def test_nulls_of_a_create_are_fields_that_are_not_there(http: httpx.Client) -> None:
    task = create(http, id=None, title=None, think_mode=None, source=None, worker_id=None)
    assert not {"title", "think_mode", "worker_id"} & task.keys()
    assert task["source"] == "api"


def test_a_create_can_not_make_up_what_the_platform_says(http: httpx.Client) -> None:
    task = create(http, status="completed", result="x", execution_attempts=7, agent_id="other")
    assert (task["status"], task["execution_attempts"], task["agent_id"]) == ("pending", 0, "sales")
    assert "result" not in task


def test_a_task_that_exists_is_continued(http: httpx.Client) -> None:
    task = create(http)
    again = {"id": task["id"], "input": {"text": "more"}, "events_streaming": True}
    assert http.post("/agent-execution/sales", json=again).status_code == 409
    update(http, task, status="completed", result="first")
    continued = http.post("/agent-execution/other", json=again).json()
    assert (continued["id"], continued["status"]) == (task["id"], "pending")
    assert (continued["agent_id"], continued["input"]) == ("other", {"text": "more"})
    assert "result" not in continued
    update(http, task, status="completed", result="second")
    run = replay(http, task)
    assert [frame.data["type"] for frame in run] == ["task_created", "task_finished"]
    assert [frame.id for frame in run] == ["3", "4"]
    unknown = {**again, "id": "unknown"}
    assert http.post("/agent-execution/sales", json=unknown).status_code == 404


def test_a_repeated_key_is_answered_with_the_first_task(http: httpx.Client) -> None:
    def post(path: str, body: Any, key: str) -> httpx.Response:
        return http.post(path, json=body, headers={"Idempotency-Key": key})

    body = {"input": {"text": "x"}}
    first = post("/agent-execution/sales", body, "k1").json()
    assert post("/acme/agent-execution/sales", body, "k1").json() == first
    assert post("/agent-execution/sales", body, "k2").json()["id"] != first["id"]
    for path, other in (
        ("/agent-execution/sales", {"input": {"text": "y"}}),
        ("/agent-execution/other", body),
        ("/agent-execution/sales/report_task", {}),
    ):
        assert post(path, other, "k1").status_code == 422
    for bad in ("", "x" * 300):
        assert post("/agent-execution/sales", body, bad).status_code == 422


def test_pushed_events_and_reports_with_a_repeated_key_count_once(http: httpx.Client) -> None:
    task = create(http)
    for _ in range(3):
        key = {"Idempotency-Key": "p"}
        assert push(http, task, event("chunk", task["id"], "a"), **key).status_code == 200
        metrics = {
            "execution_id": task["id"],
            "source": "sdk",
            "memory_thread_id": "m",
            "task": "x",
            "status": "completed",
            "duration": 1,
            "ai_model": "m",
        }
        answer = http.post(
            "/agents-metrics/sales/execution", json=metrics, headers={"Idempotency-Key": "m"}
        )
        assert answer.status_code == 200
    http.delete(f"/agent-execution/{task['id']}")
    assert [frame.data["type"] for frame in replay(http, task)].count("chunk") == 1


def test_an_update_sends_what_changed_and_gets_the_task(http: httpx.Client) -> None:
    task = create(http)
    changed = update(http, task, title="T", tool_call_payload_extension={"a": 1}).json()
    assert changed == {**task, "title": "T", "payload_extension": {"a": 1}}
    assert update(http, task).json() == changed
    done = update(http, task, status="completed", result={"sum": 3}).json()
    assert (done["status"], done["result"]) == ("completed", '{"sum":3}')
    assert {"started_at", "finished_at", "duration"} <= done.keys()


def test_the_total_of_tokens_is_counted(http: httpx.Client) -> None:
    tokens = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": "many", "more": 1}
    counted = {**tokens, "total_tokens": 7}
    task = create(http)
    assert update(http, task, tokens=tokens).json()["tokens"] == counted
    reported = http.post("/agent-execution/sales/report_task", json={"tokens": tokens}).json()
    assert reported["tokens"] == counted
    push(http, task, event("task_finished", task["id"], {"tokens": tokens}))
    assert status(http, task)["tokens"] == counted


def test_writes_against_the_tasks_state_are_conflicts(http: httpx.Client) -> None:
    task = create(http)
    assert update(http, task, status="executing", execution_attempts=1).status_code == 409
    assert update(http, task, title="x", execution_attempts=1).status_code == 200
    assert (
        push(
            http, task, event("chunk", task["id"], "x"), **{"x-execution-attempt": "1"}
        ).status_code
        == 409
    )
    assert http.delete(f"/agent-execution/{task['id']}").json()["status"] == "stopped"
    assert http.delete(f"/agent-execution/{task['id']}").json()["status"] == "stopped"
    assert update(http, task, status="completed").status_code == 409
    assert push(http, task, event("chunk", task["id"], "x")).status_code == 409


def test_lists_show_what_was_asked_for(http: httpx.Client) -> None:
    user = {"id": "u1", "email": "a@example.com"}
    first = create(http, input={"text": "x", "user": user}, title="T")
    second = create(http, triggering_agent_id="boss")
    update(http, second, status="paused", internal_status="asks")

    def ids(path: str, **query: str) -> list[str]:
        answer = http.get(f"/agent-execution/executions/history/{path}", params=query)
        assert answer.status_code == 200
        return [item["id"] for item in answer.json()]

    assert ids("sales") == [second["id"], first["id"]]
    assert ids("sales", user_id="u1") == ids("user/u1") == [first["id"]]
    assert ids("sales", status="paused") == [second["id"]]
    assert ids("sales", internal_status="asks", triggering_agent_id="boss") == [second["id"]]
    assert ids("sales", parent_task_id="p") == ids("user/nobody") == ids("unused") == []
    item = http.get("/agent-execution/executions/history/user/u1").json()[0]
    assert item == {
        "id": first["id"],
        "agent_id": "sales",
        "organization_id": "acme",
        "status": "pending",
        "user_id": "u1",
        "created_at": first["created_at"],
        "updated_at": item["updated_at"],
        "source_node_type": "api",
        "title": "T",
    }
    bad = http.get("/agent-execution/executions/history/sales", params={"status": "odd"})
    assert bad.status_code == 422


def test_long_lists_are_whole(http: httpx.Client) -> None:
    made = [create(http)["id"] for _ in range(510)]
    listed = http.get("/agent-execution/executions/history/sales")
    assert [item["id"] for item in listed.json()] == made[::-1]
    assert "x-next-cursor" not in listed.headers


def test_a_list_shows_no_large_result_and_reads_none(http: httpx.Client) -> None:
    for number in range(3):
        update(http, create(http), status="completed", result=f"{number}" * 100_000)
    update(http, create(http, title="T" * 5000), status="completed", result="small")
    answer = http.get("/agent-execution/executions/history/sales")
    assert len(answer.content) < 5000
    assert [item.get("result") for item in answer.json()] == ["small", None, None, None]


def test_a_page_is_as_long_as_was_asked_however_long_its_tasks_are(http: httpx.Client) -> None:
    long = {f"field-{number}": "x" * 3000 for number in range(50)}
    ids = [create(http, **long)["id"] for _ in range(8)]
    for limit in ("7", "8"):
        query = {"limit": limit}
        answer = http.get("/agent-execution/executions/history/sales", params=query)
        assert [item["id"] for item in answer.json()] == ids[::-1][: int(limit)]
        assert ("x-next-cursor" in answer.headers) == (limit == "7")
    every = http.get("/agent-execution/executions/history/sales")
    assert [item["id"] for item in every.json()] == ids[::-1]


def test_a_list_with_a_limit_is_a_page_that_says_where_it_goes_on(http: httpx.Client) -> None:
    asked = {"text": "x", "user": {"id": "u1", "email": "a@example.com"}}
    made = [create(http, input=asked)["id"] for _ in range(5)]
    create(http, agent="other")
    for path in ("sales", "user/u1"):
        answers = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            answer = http.get(f"/agent-execution/executions/history/{path}", params=query)
            assert answer.status_code == 200
            answers.append([item["id"] for item in answer.json()])
            if "x-next-cursor" not in answer.headers:
                break
            query["cursor"] = answer.headers["x-next-cursor"]
        assert answers == [made[:2:-1], made[2:0:-1], made[:1]]


def test_a_page_that_ends_with_the_list_is_the_last_one(http: httpx.Client) -> None:
    made = [create(http)["id"] for _ in range(2)]
    for limit in (2, 500):
        answer = http.get("/agent-execution/executions/history/sales", params={"limit": limit})
        assert [item["id"] for item in answer.json()] == made[::-1]
        assert "x-next-cursor" not in answer.headers
    nothing = http.get("/agent-execution/executions/history/user/u9", params={"limit": 1})
    assert (nothing.json(), "x-next-cursor" in nothing.headers) == ([], False)


def test_a_cursor_without_a_limit_goes_on_to_the_end(http: httpx.Client) -> None:
    made = [create(http)["id"] for _ in range(4)]
    first = http.get("/agent-execution/executions/history/sales", params={"limit": 1})
    cursor = first.headers["x-next-cursor"]
    rest = http.get("/agent-execution/executions/history/sales", params={"cursor": cursor})
    assert [item["id"] for item in rest.json()] == made[2::-1]
    assert "x-next-cursor" not in rest.headers


def test_pages_hold_what_the_filters_let_through(http: httpx.Client) -> None:
    made = [create(http) for _ in range(6)]
    for task in made[::2]:
        update(http, task, status="paused")
    query: dict[str, Any] = {"limit": 2, "status": "paused"}
    first = http.get("/agent-execution/executions/history/sales", params=query)
    assert [item["id"] for item in first.json()] == [made[4]["id"], made[2]["id"]]
    query["cursor"] = first.headers["x-next-cursor"]
    second = http.get("/agent-execution/executions/history/sales", params=query)
    assert [item["id"] for item in second.json()] == [made[0]["id"]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"limit": "0"}, "limit has to be from 1 to 500, not 0"),
        ({"limit": "501"}, "limit has to be from 1 to 500, not 501"),
        ({"limit": "-1"}, "limit has to be a whole number"),
        ({"limit": "1.5"}, "limit has to be a whole number"),
        ({"limit": ""}, "limit has to be a whole number"),
        ({"cursor": "nonsense"}, "this cursor was not given out by the platform"),
        ({"cursor": ""}, "this cursor was not given out by the platform"),
    ],
)
def test_a_wrong_limit_or_cursor_is_refused(
    http: httpx.Client, query: dict[str, str], said: str
) -> None:
    create(http)
    for path in ("sales", "user/u1"):
        answer = http.get(f"/agent-execution/executions/history/{path}", params=query)
        assert (answer.status_code, answer.json()["detail"]) == (422, said)


def test_a_task_that_ran_elsewhere_is_reported(http: httpx.Client) -> None:
    body = {"id": "mine", "input": "sum", "result": "3", "duration": 2, "used_tools": ["csv"]}
    task = http.post("/agent-execution/sales/report_task", json=body).json()
    assert (task["id"], task["status"], task["result"]) == ("mine", "completed", "3")
    assert (task["input"], task["duration"]) == ({"text": "sum"}, 2)
    assert http.post("/agent-execution/sales/report_task", json=body).status_code == 409
    failed = http.post("/agent-execution/sales/report_task", json={"is_success": False}).json()
    assert failed["status"] == "failed"
    open_task = create(http)
    body = {"id": open_task["id"], "result": "done"}
    assert http.post("/agent-execution/sales/report_task", json=body).json()["result"] == "done"
    for bad in ("x" * 300, "a\nb"):
        answer = http.post("/agent-execution/sales/report_task", json={"id": bad})
        assert (answer.status_code, answer.json()["path"]) == (422, "$.id")


def test_the_activity_is_what_was_said_and_done_in_order(http: httpx.Client) -> None:
    user = {"id": "u", "email": "e@example.com"}
    task = create(http, input={"text": "sum", "files": ["f.csv"], "user": user})
    call = {
        "request_id": "r",
        "operation_id": "op",
        "tool_call_id": "c",
        "tool_name": "csv",
        "payload": {"a": 1},
        "reasoning": {"title": "why"},
    }
    push(
        http,
        task,
        event("think", task["id"], {"title": "hm", "confidence": 0.5, "thought": "so"}),
        event("tool_call_request", task["id"], call),
        event("chunk", task["id"], "north"),
        event("tool_call_result", task["id"], {**call, "result": {"rows": 4}}),
        event(
            "tool_call_result", task["id"], {"is_error": True, "result": "no", "request_id": "q"}
        ),
        event("sub_agent_trigger", task["id"], {"agent_id": "b", "query": "?"}),
        event("auth_event", task["id"], {"type": "login_required"}),
        event("think", task["id"], "just text"),
        event("tool_call_request", task["id"], "no call at all"),
    )
    update(http, task, status="completed", result="north: 3")
    thread = http.get(f"/activity/sales/{task['id']}").json()
    assert (thread["id"], thread["user"]) == (task["id"], user)
    entries = thread["messages"]
    assert len({entry["id"] for entry in entries}) == len(entries)
    asked, thought, called, failed, trigger, auth, text, odd, answered = entries
    assert asked["content"] == {"text": "sum", "files": ["f.csv"]}
    assert (asked["role"], asked["user"]) == ("user", user)
    assert (thought["type"], thought["title"], thought["confidence"]) == ("think", "hm", 0.5)
    assert (called["tool_name"], called["payload"], called["is_error"]) == ("csv", {"a": 1}, False)
    assert (called["result"], called["reasoning"]["title"]) == ({"rows": 4}, "why")
    assert (failed["is_error"], failed["result"]) == (True, "no")
    assert (trigger["agent_id"], trigger["query"]) == ("b", "?")
    assert auth["type"] == "login_required"
    assert (text["thought"], odd["tool_name"]) == ("just text", "")
    assert (answered["role"], answered["content"]["text"]) == ("agent", "north: 3")
    assert http.get(f"/activity/other/{task['id']}").status_code == 404


def test_a_key_is_told_its_agents_by_its_own_organization_only(tmp_path: Path) -> None:
    keys = {"key-1": "one", "key-2": "two"}
    with serving(tmp_path, keys) as url:
        one, two = (httpx.Client(base_url=url, headers={"x-api-key": key}) for key in keys)
        with one, two:
            create(one, agent="a1")
            create(two, agent="a2")

            def allowed(client: httpx.Client, key: str) -> Any:
                return client.post("/metadata/api_key_allowance", json={"api_key": key}).json()

            assert allowed(one, "key-1") == {"api_key": "key-1", "agent_ids": ["a1"]}
            assert allowed(two, "key-2")["agent_ids"] == ["a2"]
            assert allowed(one, "key-2")["agent_ids"] == allowed(one, "none")["agent_ids"] == []


def test_the_activity_of_many_events_is_the_same_as_of_few(http: httpx.Client) -> None:
    task = create(http)
    for name in ("a", "b"):
        request = {"request_id": name, "operation_id": "o", "tool_call_id": name}
        push(http, task, event("tool_call_request", task["id"], request))
    for _ in range(3):
        push(http, task, *[event("chunk", task["id"], "x") for _ in range(900)])
    thoughts = [event("think", task["id"], f"{n}" * 40_000) for n in range(4)]
    for _ in range(5):  # more than is read at once
        push(http, task, *thoughts)
    for name in ("b", "a"):
        result = {"request_id": name, "operation_id": "o", "tool_call_id": name, "result": name}
        push(http, task, event("tool_call_result", task["id"], result))
    update(http, task, status="completed", result="done")
    answer = http.get(f"/activity/sales/{task['id']}")
    assert answer.headers["content-type"] == "application/json"
    asked, first, second, *thought, answered = answer.json()["messages"]
    assert asked["content"]["text"] == "sum up"
    assert [call["result"] for call in (first, second)] == ["a", "b"]
    assert [each["thought"][0] for each in thought] == ["0", "1", "2", "3"] * 5
    assert answered["content"]["text"] == "done"


def test_organizations_do_not_see_each_other(tmp_path: Path) -> None:
    with serving(tmp_path, {"key-1": "one", "key-2": "two", "key-1b": "one"}) as url:

        def client(key: str) -> httpx.Client:
            return httpx.Client(base_url=url, headers={"x-api-key": key})

        with client("key-1") as one, client("key-2") as two, client("key-1b") as colleague:
            task = create(one, input={"text": "x", "user": {"id": "u", "email": "e"}})
            assert status(colleague, task) == task
            path = f"/agent-execution/{task['id']}"
            for answer in (
                two.get(f"{path}/status"),
                two.patch(f"{path}/update", json={"title": "x"}),
                two.delete(path),
                two.get(f"{path}/events"),
                two.get(f"/activity/sales/{task['id']}"),
                push(two, task, {**event("chunk", task["id"], "x"), "organization_id": "two"}),
                two.post("/agent-execution/a", json={"id": task["id"], "input": {}}),
                two.post("/agent-execution/a/report_task", json={"id": task["id"]}),
                two.get("/one/agents/list"),
            ):
                assert answer.status_code == 404, answer.request.url
            assert two.get("/agent-execution/executions/history/user/u").json() == []
            assert two.get("/agent-execution/executions/history/sales").json() == []
            assert [agent["id"] for agent in two.get("/agents/list").json()] == ["a"]
            assert status(one, task) == task


def test_an_id_that_one_organization_chose_is_every_others_to_choose(tmp_path: Path) -> None:
    report = "/agent-execution/sales/report_task"
    with serving(tmp_path, {"key-1": "one", "key-2": "two"}) as url:
        one, two = (
            httpx.Client(base_url=url, headers={"x-api-key": key}) for key in ("key-1", "key-2")
        )
        with one, two:
            for http, result in ((one, "1"), (two, "2")):
                said = http.post(report, json={"id": "order-1", "result": result}).json()
                assert (said["id"], said["result"]) == ("order-1", result)
            for http, result in ((one, "1"), (two, "2")):
                assert status(http, {"id": "order-1"})["result"] == result
                assert update(http, {"id": "order-1"}, id="order-1", title="T").is_success
                assert http.post(report, json={"id": "order-1"}).status_code == 409
                listed = http.get("/agent-execution/executions/history/sales").json()
                assert [item["id"] for item in listed] == ["order-1"]
                child = create(http, parent_execution_id="order-1")
                assert status(http, {"id": "order-1"})["sub_executions"] == [child["id"]]
            # Ids of the platform's own form are given by it alone, whether or not they are taken.
            theirs = create(one)["id"]
            unknown = "01999999-0000-7000-8000-000000000000"
            answers = [two.post(report, json={"id": each}) for each in (theirs, unknown)]
            assert [each.status_code for each in answers] == [404, 404]
            assert answers[0].text.replace(theirs, unknown) == answers[1].text


def test_a_chosen_id_goes_on_with_a_task_that_is_continued(http: httpx.Client) -> None:
    http.post("/agent-execution/sales/report_task", json={"id": "order-1"})
    with worker(http) as w:
        again = create(http, id="order-1")
        task = w.task()
        assert task["id"] == again["id"]
        assert w.begin(task).is_success
        assert http.delete("/agent-execution/order-1").is_success
        stopped = w.next()
        assert (stopped.event, stopped.data["id"]) == ("task-stop", task["id"])


class serving:  # noqa: N801 - used like a function
    """A platform with several keys, in a thread."""

    def __init__(self, folder: Path, keys: dict[str, str]) -> None:
        self.platform = LocalPlatform(store=folder / "s.db", settings=QUICK)
        assembled = self.platform._assemble

        def with_keys() -> Server:
            assembled()._listener.close()
            platform = Platform(SqliteStore(folder / "s.db", QUICK), keys, settings=QUICK)
            return Server(platform, bind("127.0.0.1", 0))

        self.platform._assemble = with_keys  # type: ignore[method-assign]

    def __enter__(self) -> str:
        self.platform.start()
        return self.platform.url

    def __exit__(self, *exc: object) -> None:
        self.platform.close()


# Bad input ---------------------------------------------------------------------------------------

DEEP = b'{"input": {"text": "x"}, "payload_extension": ' + b'{"a":' * 300 + b"1" + b"}" * 301
DEEPER = b"[" * 5000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"input": {"text": "\xc3"}}',
        b'{"input": {"text": NaN}}',
        b'{"input": {"text": 1e400}}',
        b'{"input": {"text": "\\ud800"}}',
        b"{'input': {}}",
        b"\x00",
        DEEPER,
    ],
)
def test_what_is_no_json_is_a_400(http: httpx.Client, body: bytes) -> None:
    for method, path in (
        ("POST", "/agent-execution/a"),
        ("PATCH", f"/agent-execution/{create(http)['id']}/update"),
        ("POST", "/agents-metrics/a/execution"),
    ):
        answer = http.request(method, path, content=body)
        assert answer.status_code == 400
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$.input"),
        ([], "$"),
        (None, "$"),
        ("x", "$"),
        ({"input": None}, "$.input"),
        ({"input": {"text": 5}}, "$.input.text"),
        ({"input": {"files": "a.csv"}}, "$.input.files"),
        ({"input": {"files": ["a", 5]}}, "$.input.files[1]"),
        ({"input": {"user": {"email": None}}}, "$.input.user.email"),
        ({"input": {}, "events_streaming": "false"}, "$.events_streaming"),
        ({"input": {}, "think_mode": "hardest"}, "$.think_mode"),
        ({"input": {}, "output_format": "pdf"}, "$.output_format"),
        ({"input": {}, "tool_call_limit": 1.5}, "$.tool_call_limit"),
        ({"input": {}, "title": ["x"]}, "$.title"),
        ({"input": {}, "id": 7}, "$.id"),
        ({"input": {}, "parent_execution": 7}, "$.parent_execution"),
        (json.loads(b"[" * 210 + b"]" * 210), "$"),
    ],
)
def test_wrong_types_are_a_422_that_says_where(http: httpx.Client, body: Any, path: str) -> None:
    answer = http.post("/agent-execution/a", content=json.dumps(body))
    assert answer.status_code == 422
    assert answer.json()["path"].startswith(path)


def test_nesting_that_could_not_be_answered_is_refused(http: httpx.Client) -> None:
    assert http.post("/agent-execution/a", content=DEEP).status_code == 422
    inner: dict[str, Any] = {}
    body: dict[str, Any] = {"input": {"text": "x"}, "payload_extension": inner}
    for _ in range(190):
        inner["a"] = {}
        inner = inner["a"]
    task = create(http, **body)
    assert status(http, task) == task


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ([], "$"),
        ({"status": "odd"}, "$.status"),
        ({"status": 1}, "$.status"),
        ({"tokens": {"prompt_tokens": "5"}}, "$.tokens.prompt_tokens"),
        ({"used_tools": [None]}, "$.used_tools[0]"),
        ({"started_at": "yesterday"}, "$.started_at"),
        ({"result": 5}, "$.result"),
        ({"execution_attempts": "1"}, "$.execution_attempts"),
        ({"id": "other"}, "$.id"),
        ({"organization_id": "other"}, "$.organization_id"),
    ],
)
def test_a_wrong_update_changes_nothing(http: httpx.Client, changes: Any, path: str) -> None:
    task = create(http)
    if isinstance(changes, dict):
        changes = {"title": "must not be written", **changes}
    answer = http.patch(f"/agent-execution/{task['id']}/update", json=changes)
    assert (answer.status_code, answer.json()["path"]) == (422, path)
    assert status(http, task) == task


def test_wrong_events_are_refused_together_with_the_right_ones(http: httpx.Client) -> None:
    task = create(http)
    good = event("chunk", task["id"], "x")
    for bad, path in (
        ({**good, "time": "soon"}, "$[1].time"),
        ({"type": "chunk"}, "$[1]"),
        (7, "$[1]"),
        ({**good, "type": "connected"}, "$[1].type"),
        ({**good, "type": "gap"}, "$[1].type"),
        ({**good, "type": "notification"}, "$[1].type"),
        ({**good, "organization_id": "other"}, "$[1].organization_id"),
        (event("chunk", "other", "x"), "$[1].task_id"),
        (event("task_finished", "other", None), "$[1].task_id"),
        (event("task_finished", task["id"], "text"), "$[1].data"),
        (event("task_finished", task["id"], {"result": 7}), "$[1].data.result"),
    ):
        answer = push(http, task, good, bad)  # type: ignore[arg-type]
        assert answer.status_code == 422
        assert answer.json()["path"].startswith(path)
    for attempt in ("-1", "x", "1.0", "9" * 5000):
        assert push(http, task, good, **{"x-execution-attempt": attempt}).status_code == 422
    http.delete(f"/agent-execution/{task['id']}")
    assert len(replay(http, task)) == 2


def test_events_of_types_that_are_not_known_are_kept(http: httpx.Client) -> None:
    task = create(http)
    strange = {**event("brand_new", task["id"], {"x": [1, None]}), "more": "kept"}
    assert push(http, task, strange).status_code == 200
    http.delete(f"/agent-execution/{task['id']}")
    assert replay(http, task)[1].data == strange


def test_bodies_over_the_limit_are_a_413_however_they_are_sent(http: httpx.Client) -> None:
    limit = QUICK.body_limit
    body = json.dumps({"input": {"text": ""}}).encode()
    fitting = json.dumps({"input": {"text": "x" * (limit - len(body))}}).encode()
    assert http.post("/agent-execution/a", content=fitting).status_code == 200
    too_large = fitting + b" "

    def chunked() -> Iterator[bytes]:
        for start in range(0, len(too_large), 10_000):
            yield too_large[start : start + 10_000]

    for content in (too_large, chunked()):
        answer = http.post("/agent-execution/a", content=content)
        assert answer.status_code == 413
    assert len(http.get("/agent-execution/executions/history/a").json()) == 1


def test_a_body_that_never_ends_is_refused_at_the_limit(
    platform: LocalPlatform, http: httpx.Client
) -> None:
    host, port = platform.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            f"POST /agent-execution/a HTTP/1.1\r\nhost: x\r\nx-api-key: {platform.api_key}\r\n"
            "transfer-encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(30):
            connection.sendall(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    assert http.get("/health").status_code == 200


def test_a_caller_that_hangs_up_half_way_makes_no_task(
    platform: LocalPlatform, http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = platform.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            f"POST /agent-execution/a HTTP/1.1\r\nhost: x\r\nx-api-key: {platform.api_key}\r\n"
            'content-length: 100\r\n\r\n{"input":'.encode()
        )
    assert http.get("/health").status_code == 200
    assert http.get("/agent-execution/executions/history/a").json() == []
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


WEIRD_IDS = [
    "a b",
    "ä🙂",
    "..",
    ".",
    "a%2Fb",
    "%2F",
    "a%00b",
    "%25",
    "a;b?",
    "'; DROP TABLE tasks",
    "%E2%80%A8",
]


@pytest.mark.parametrize("weird", WEIRD_IDS)
def test_weird_ids_are_ids(platform: LocalPlatform, http: httpx.Client, weird: str) -> None:
    raw = weird if "%" in weird else "".join(f"%{byte:02X}" for byte in weird.encode())
    for path in (f"/agent-execution/{raw}/status", f"/activity/{raw}/{raw}"):
        answer = raw_request(platform, "GET", path)
        assert answer.startswith(b"HTTP/1.1 404"), (path, answer)
    answer = raw_request(platform, "GET", f"/agents/{raw}")
    if "%00" in raw:
        assert answer.startswith(b"HTTP/1.1 404"), answer
    else:
        assert orjson.loads(answer.partition(b"\r\n\r\n")[2])["id"] == unquote(raw)


def test_an_id_with_a_slash_is_one_id_and_never_another_route(
    platform: LocalPlatform, http: httpx.Client
) -> None:
    answer = http.post("/agent-execution/a%2Freport_task", json={"input": {"text": "x"}})
    assert answer.json()["agent_id"] == "a/report_task"
    listed = http.get("/agent-execution/executions/history/a%2Freport_task").json()
    assert [item["id"] for item in listed] == [answer.json()["id"]]
    task = create(http)
    assert raw_request(platform, "DELETE", f"/agent-execution/x%2F..%2F{task['id']}").startswith(
        b"HTTP/1.1 404"
    )
    assert status(http, task)["status"] == "pending"


def test_ids_that_are_no_text_are_not_found(platform: LocalPlatform) -> None:
    for path in ("/agent-execution/%FF/status", "/%FF/agents/list", "/agents/%C3"):
        assert raw_request(platform, "GET", path).startswith(b"HTTP/1.1 404")


def test_new_agents_have_ids_that_can_be_shown(http: httpx.Client) -> None:
    for agent in ("a%00b", "a%0Ab", "x" * 201):
        body = {"input": {"text": "x"}}
        assert http.post(f"/agent-execution/{agent}", json=body).status_code == 422
        assert http.get(f"/events/{agent}/").status_code in (404, 422)
    assert http.get("/agents/list").json() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/agents/new"),
        ("GET", "/agents/new/db"),
        ("POST", "/agents/new/operations/tool"),
        ("POST", "/agent-execution/new"),
    ],
)
def test_an_agent_is_there_whichever_call_names_it_first(
    http: httpx.Client, method: str, path: str
) -> None:
    http.request(method, path, json={"input": {}} if method == "POST" else None)
    assert [agent["id"] for agent in http.get("/agents/list").json()] == ["new"]
    agent = http.get("/agents/new").json()
    assert (agent["id"], agent["agno_settings"]) == ("new", {"session_storage": False})
    assert agent["memory_strategy"] == "full"


def test_the_platform_has_no_database_for_agents_and_no_headers_for_models(
    http: httpx.Client,
) -> None:
    database = http.get("/agents/sales/db").json()
    assert (database["id"], database["connection_uri"]) == ("sales", None)
    assert http.get("/metadata/default_llm_extra_headers").json() == {}


def test_bad_values_around_the_body_are_refused(http: httpx.Client) -> None:
    assert http.get("/events/a/", params={"environment": "moon"}).status_code == 422
    assert http.get("/events/a/", headers={"x-worker-id": "x" * 500}).status_code == 422
    assert http.post("/events/w", json={"id": "x", "event": "worker-heartbeat"}).status_code == 422


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "\xff"]
)
def test_the_body_counts_not_its_content_type(http: httpx.Client, content_type: str) -> None:
    answer = http.post(
        "/agent-execution/a",
        content=b'{"input": {"text": "x"}}',
        headers={b"content-type": content_type.encode("latin-1")},
    )
    assert answer.status_code == 200
    form = http.post("/agent-execution/a", data={"input": "x"})
    assert form.status_code == 400


def test_nothing_can_be_streamed_of_a_task_without_events(http: httpx.Client) -> None:
    task = create(http, events_streaming=False)
    assert http.get(f"/agent-execution/{task['id']}/events").status_code == 409


def test_tools_that_are_not_there_are_not_found(http: httpx.Client) -> None:
    create(http)
    answer = http.post("/agents/sales/operations/unknown", json={})
    assert (answer.status_code, "unknown" in answer.json()["detail"]) == (404, True)
    assert http.post("/agents/nobody/operations/x", json={}).status_code == 404
    assert http.post("/agents/sales/operations/x", json=[]).status_code == 422


def test_keys_are_kept_out_of_logs_and_answers(
    platform: LocalPlatform, http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    create(http)
    wrong = "a-wrong-key-that-nobody-shall-see"
    answer = httpx.get(f"{platform.url}/agents/list", headers={"x-api-key": wrong})
    assert wrong not in answer.text
    http.post("/agent-execution/a", content=b"{")
    assert platform.api_key not in caplog.text
    assert wrong not in caplog.text
    assert platform.api_key not in repr(platform.configuration)
    assert platform.api_key not in repr(vars(FixedKeys({platform.api_key: "acme"})))


def test_keys_that_can_not_be_told_apart_from_routes_are_refused() -> None:
    for keys in ({}, {"": "o"}, {"k": ""}, {"k": "agents"}, {"k": "a/b"}):
        with pytest.raises(ConfigurationError):
            FixedKeys(keys)


def raw_request(platform: LocalPlatform, method: str, path: str) -> bytes:
    """The first bytes of an answer to a path that is sent just as it is."""
    host, port = platform.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {platform.api_key}\r\n\r\n".encode()
        )
        return connection.recv(1000)


def test_run_loop_returns_when_its_work_is_done() -> None:
    seen = []

    async def main() -> None:
        seen.append(1)

    run_loop(main())
    assert seen == [1]


def test_an_update_of_a_task_with_a_large_input_sends_its_followers_what_changed(
    http: httpx.Client,
) -> None:
    text = "d" * 100_000
    task = create(http, input={"text": text, "files": ["https://example.com/f"]})
    for percent in range(20):
        answer = update(http, task, internal_status=f"{percent} %")
        # Who changes a task takes over what the answer says.
        assert answer.json()["input"]["text"] == text
    assert http.delete(f"/agent-execution/{task['id']}").json()["input"]["text"] == text
    assert status(http, task)["input"]["text"] == text
    created, *updates, finished = replay(http, task)
    assert created.data["data"]["input"]["text"] == text
    assert [each.data["data"]["internal_status"] for each in updates][-1] == "19 %"
    for each in (*updates, finished):
        assert each.data["data"]["input"] == {"files": ["https://example.com/f"]}


def test_who_prefers_little_is_answered_without_what_is_large(http: httpx.Client) -> None:
    task = create(http, input={"text": "d" * 100_000}, title="T")
    path = f"/agent-execution/{task['id']}/update"
    for changes in ({"internal_status": "1 %"}, {"result": "r" * 100_000}):
        answer = http.patch(path, json=changes, headers={"prefer": "wait=5, return=minimal"})
        assert answer.headers["preference-applied"] == "return=minimal"
        assert (answer.json()["title"], len(answer.content) < 1000) == ("T", True)
    ended = http.patch(path, json={"status": "completed"}, headers={"prefer": "return=minimal"})
    assert len(ended.content) < 1000
    last = replay(http, task)[-1].data["data"]
    assert (last["status"], last["result"]) == ("completed", "r" * 100_000)
    assert update(http, task, title="U").json()["input"]["text"] == "d" * 100_000


def test_a_worker_is_brought_a_task_with_its_large_fields(http: httpx.Client) -> None:
    text = "d" * 100_000
    with worker(http, "sales") as listening:
        create(http, input={"text": text})
        assert listening.next().data["input"]["text"] == text
