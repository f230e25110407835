"""Tasks as the official documentation has them read, listed, stopped and deleted."""

from typing import Any

import httpx
import pytest

from tests.platform.http.v1.invoking import AGENT, invoke, work_off
from tests.platform.wire import create, event, push, status, update, worker
from xpander_client.platform.http import deletions
from xpander_client.platform.http.v1 import tasks

pytestmark = pytest.mark.all_engines

USER = {"id": "u", "email": "a@b.c"}


def list_tasks(http: httpx.Client, path: str = "/v1/tasks", **query: Any) -> dict[str, Any]:
    answer = http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    listed: dict[str, Any] = answer.json()
    return listed


def ids(listed: dict[str, Any]) -> list[str]:
    return [item["id"] for item in listed["items"]]


def test_lists_come_page_by_page_the_newest_first(http: httpx.Client) -> None:
    made = [invoke(http, id=f"c-{n}")["id"] for n in range(5)]
    pages = [list_tasks(http, page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert [ids(page) for page in pages] == [["c-4", "c-3"], ["c-2", "c-1"], ["c-0"], []]
    numbers = {name: pages[1][name] for name in ("total", "page", "per_page", "total_pages")}
    assert numbers == {"total": 5, "page": 2, "per_page": 2, "total_pages": 3}
    assert list_tasks(http)["per_page"] == 20
    assert sorted(made) == sorted(ids(list_tasks(http)))


def test_lists_are_filtered(http: httpx.Client) -> None:
    parent = create(http, "mail", input={"text": "x", "user": USER})
    child = create(http, parent_execution_id=parent["id"], triggering_agent_id="mail")
    update(http, child, status="completed", internal_status="all well", result="r")
    for query, expected in (
        ({"agent_id": "mail"}, parent),
        ({"user_id": "u"}, parent),
        ({"parent_task_id": parent["id"]}, child),
        ({"triggering_agent_id": "mail"}, child),
        ({"status": "completed"}, child),
        ({"internal_status": "all well"}, child),
    ):
        assert ids(list_tasks(http, **query)) == [expected["id"]], query
    assert ids(list_tasks(http, f"{AGENT}/tasks")) == [child["id"]]
    [item] = list_tasks(http, f"{AGENT}/tasks", status="completed")["items"]
    assert (item["result"], item["title"], item["source_node_type"]) == ("r", None, "api")
    empty = list_tasks(http, status="failed")
    assert (empty["items"], empty["total"], empty["total_pages"]) == ([], 0, 0)


def test_lists_of_all_agents_have_the_newest_of_each(http: httpx.Client) -> None:
    made = [create(http, f"agent-{n % 3}") for n in range(9)]
    for task in made[::2]:
        update(http, task, status="failed")
    assert ids(list_tasks(http)) == [task["id"] for task in made[::-1]]
    failed = [task["id"] for task in made[::-2]]
    assert ids(list_tasks(http, status="failed", per_page=3)) == failed[:3]
    assert ids(list_tasks(http, status="failed", per_page=3, page=2)) == failed[3:]


def test_children_are_found_by_the_id_that_was_chosen_for_their_parent(http: httpx.Client) -> None:
    root = invoke(http, id="c")
    children = [invoke(http, parent_execution_id="c"), create(http, parent_execution_id="c")]
    listed = list_tasks(http, parent_task_id="c")
    assert ids(listed) == [each["id"] for each in children[::-1]]
    assert http.get(f"/v1/tasks/{root['id']}").json()["sub_executions"] == ids(listed)[::-1]


def test_what_a_list_costs_does_not_grow_with_what_there_is(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_COUNTED", 3)
    made = [create(http)["id"] for _ in range(5)]
    first, last = (list_tasks(http, page=page, per_page=2) for page in (1, 2))
    assert (first["total"], first["total_pages"]) == (3, 2)
    assert ids(first) + ids(last) == made[:1:-1]


def test_a_page_is_whole_however_long_its_tasks_are(http: httpx.Client) -> None:
    made = [create(http, **{f"field_{n}": "x" * 4000 for n in range(40)})["id"] for _ in range(8)]
    assert ids(list_tasks(http, per_page=8)) == made[::-1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page", "0"),
        ("page", "x"),
        ("per_page", "51"),
        ("per_page", "-1"),
        ("status", "running"),
        ("user_id", "u" * 256),
        ("agent_id", "\0"),
    ],
)
def test_a_query_that_is_none_is_refused_by_its_name(
    http: httpx.Client, name: str, text: str
) -> None:
    answer = http.get("/v1/tasks", params={name: text})
    [fault] = answer.json()["detail"]
    assert (answer.status_code, fault["loc"]) == (422, ["query", name])


def test_a_stopped_task_reaches_its_worker_and_stays_stopped(http: httpx.Client) -> None:
    made = invoke(http, id="c")
    with worker(http) as w:
        w.begin(w.task())
        stopped = [http.post(f"/v1/tasks/{made['id']}/stop").json() for _ in range(2)]
        assert w.next().event == "task-stop"
    assert {(each["id"], each["status"]) for each in stopped} == {("c", "stopped")}
    assert stopped[0]["is_manually_stopped"] is True


def test_a_finished_task_is_not_stopped(http: httpx.Client) -> None:
    made = invoke(http)
    with worker(http) as w:
        work_off(w, "r")
    assert http.post(f"/v1/tasks/{made['id']}/stop").json()["status"] == "completed"


def test_a_task_is_deleted_with_those_that_it_led_to(http: httpx.Client) -> None:
    root = invoke(http, id="c")
    child = create(http, "mail", parent_execution_id=root["id"])
    grandchild = create(http, "mail", parent_execution_id=child["id"])
    with worker(http) as w:
        w.begin(w.task())
        answer = http.delete("/v1/tasks/c")
        assert (answer.status_code, answer.content) == (204, b"")
        assert w.next().event == "task-stop", "what runs is stopped"
    for task in (root, child, grandchild):
        assert http.get(f"/v1/tasks/{task['id']}").status_code == 404
    assert http.delete("/v1/tasks/c").status_code == 404


def test_a_task_is_deleted_also_when_it_led_to_more_than_go_with_it(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "AT_ONCE", 2)
    monkeypatch.setattr(deletions, "_FAMILY", 4)
    root = create(http)
    for _ in range(6):
        create(http, "mail", parent_execution_id=root["id"])
    assert http.delete(f"/v1/tasks/{root['id']}").status_code == 204
    assert http.get(f"/v1/tasks/{root['id']}").status_code == 404
    assert list_tasks(http)["total"] == 2


def test_what_there_is_not_is_404_in_words(http: httpx.Client) -> None:
    for method, path in (
        ("GET", "/v1/tasks/t"),
        ("DELETE", "/v1/tasks/t"),
        ("POST", "/v1/tasks/t/stop"),
        ("GET", "/v1/tasks/t/thread"),
        ("GET", "/v1/tasks/t/thread/full"),
    ):
        answer = http.request(method, path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "there is no task t"})


def test_a_thread_has_what_was_said_turn_by_turn(http: httpx.Client) -> None:
    stored = ""
    with worker(http) as w:
        for text, result in (("Reply FIRST", "FIRST"), ("Reply SECOND", "SECOND")):
            invoke(http, id="c", input={"text": text, "files": ["https://a.b/c.pdf"]})
            stored = work_off(w, result)["id"]
    messages = http.get("/v1/tasks/c/thread").json()
    assert [(each["role"], each["content"]) for each in messages] == [
        ("user", "Reply FIRST"),
        ("assistant", "FIRST"),
        ("user", "Reply SECOND"),
        ("assistant", "SECOND"),
    ]
    assert messages[0]["files"] == ["https://a.b/c.pdf"]
    assert all(each["id"].startswith("c-") for each in messages)
    assert all(isinstance(each["created_at"], int) for each in messages)
    assert stored not in str(messages)


def test_a_full_thread_has_the_calls_of_tools_and_the_tasks_that_it_led_to(
    http: httpx.Client,
) -> None:
    root = create(http)
    call = {"tool_call_id": "1", "tool_name": "add", "payload": {"a": 1}}
    push(
        http,
        root,
        event("think", root["id"], {"title": "t"}),
        event("tool_call_request", root["id"], call),
        event("tool_call_result", root["id"], {**call, "result": "2", "is_error": False}),
    )
    child = create(http, "mail", parent_execution_id=root["id"], input={"text": "send"})
    update(http, root, status="completed", result="two")
    thread = http.get(f"/v1/tasks/{root['id']}/thread/full").json()
    assert list(thread) == ["root", child["id"]]
    assert [each["role"] for each in thread["root"]] == ["user", "tool", "assistant"]
    tool = thread["root"][1]
    assert (tool["tool_name"], tool["tool_args"], tool["content"]) == ("add", {"a": 1}, "2")
    assert [each["content"] for each in thread[child["id"]]] == ["send"]
    plain = http.get(f"/v1/tasks/{root['id']}/thread").json()
    assert [each["role"] for each in plain] == ["user", "assistant"]
    assert status(http, root)["result"] == plain[1]["content"]
