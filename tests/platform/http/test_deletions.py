"""Deleting over HTTP: what is answered, who is told, and who may."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platform.wire import create, event, eventually, frames, push, status, update, worker
from xpander_client.platform import LocalPlatform, Settings

pytestmark = pytest.mark.all_engines

USER = {"id": "u/1", "email": "e"}


def delete(http: httpx.Client, task: dict[str, Any], **query: str) -> httpx.Response:
    return http.delete(f"/agent-execution/executions/{task['id']}", params=query)


def delete_many(http: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/agent-execution/executions/delete", json=body)
    assert answer.status_code == 200, answer.text
    removed: dict[str, Any] = answer.json()
    return removed


def ended(http: httpx.Client, agent: str = "sales", **body: Any) -> dict[str, Any]:
    task = create(http, agent, **body)
    update(http, task, status="completed", result="r")
    return task


def is_gone(http: httpx.Client, task: dict[str, Any]) -> bool:
    return http.get(f"/agent-execution/{task['id']}/status").status_code == 404


def test_a_deleted_task_is_404_wherever_it_is_asked_for(http: httpx.Client) -> None:
    task = ended(http)
    answer = delete(http, task)
    assert (answer.status_code, answer.json()) == (200, {"tasks": 1, "threads": 0, "more": False})
    place = f"/agent-execution/{task['id']}"
    usage = {"provider": "p", "model": "m", "execution_id": task["id"]}
    tokens = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 1)
    for step in (
        delete(http, task),
        http.get(f"{place}/status"),
        http.get(f"{place}/events"),
        http.get(f"/activity/sales/{task['id']}"),
        http.delete(place),
        http.post(f"{place}/notify", json={"key": "k", "data": 1}),
        http.post(f"{place}/events/push", json=[event("chunk", task["id"], "x")]),
        http.post("/agent-execution/sales/report_task", json={"id": task["id"], "input": "x"}),
        http.post("/agents-metrics/sales/llm", json={**usage, **tokens}),
        update(http, task, result="late"),
    ):
        assert step.status_code == 404, step.request.url
    assert http.get("/agent-execution/executions/history/sales").json() == []


def test_a_task_that_is_not_finished_is_refused_unless_it_may_be_stopped(
    http: httpx.Client,
) -> None:
    task = create(http)
    assert delete(http, task).status_code == 409
    assert delete(http, task, stop="perhaps").status_code == 422
    assert status(http, task)["status"] == "pending"
    assert delete(http, task, stop="true").status_code == 200
    assert is_gone(http, task)


def test_who_follows_and_who_works_on_a_deleted_task_hears_of_its_end(http: httpx.Client) -> None:
    with worker(http) as w:
        create(http)
        task = w.task()
        w.begin(task)
        with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
            stream = (frame for frame in frames(response) if not frame.comment)
            assert next(stream).data["type"] == "connected"
            assert delete(http, task, stop="true").status_code == 200
            *_, last = stream
        assert last.data["type"] == "task_finished"
        assert last.data["data"]["status"] == "stopped"
        told = w.next()
        assert (told.event, told.data["id"]) == ("task-stop", task["id"])
        assert w.finish(task).status_code == 404
    assert is_gone(http, task)


def test_a_thread_goes_with_its_task_when_that_is_wanted(http: httpx.Client) -> None:
    thread = http.post("/memory", json={"metadata": {"agent_id": "sales"}}).json()
    kept, gone = (ended(http, memory_thread_id=thread["id"]) for _ in range(2))
    assert delete(http, kept).json()["threads"] == 0
    assert http.get(f"/memory/{thread['id']}").status_code == 200
    assert delete(http, gone, with_thread="true").json()["threads"] == 1
    assert http.get(f"/memory/{thread['id']}").status_code == 404


def test_tasks_are_deleted_by_what_they_are_page_by_page(http: httpx.Client) -> None:
    failed = [create(http, "mail") for _ in range(3)]
    for task in failed:
        update(http, task, status="failed")
    others = [ended(http, "mail"), create(http, "mail"), ended(http)]
    assert delete_many(http, agent_id="mail", status="failed") == {
        "tasks": 3,
        "threads": 0,
        "more": False,
    }
    assert all(is_gone(http, task) for task in failed)
    assert delete_many(http, agent_id="mail", finished_before="2001-01-01T00:00:00Z")["tasks"] == 0
    # What is not finished stays, unless it may be stopped.
    assert delete_many(http, agent_id="mail")["tasks"] == 1
    assert [is_gone(http, task) for task in others] == [True, False, False]
    assert delete_many(http, agent_id="mail", stop=True)["tasks"] == 1
    assert delete_many(http, finished_before="2999-01-01T00:00:00+00:00")["tasks"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"stop": True},
        {"agent_id": None},
        {"status": "odd"},
        {"finished_before": "yesterday"},
        {"finished_before": 7},
        {"agent_id": "sales", "cursor": "x"},
    ],
)
def test_what_does_not_say_which_tasks_deletes_nothing(
    http: httpx.Client, body: dict[str, Any]
) -> None:
    task = ended(http)
    answer = http.post("/agent-execution/executions/delete", json=body)
    assert answer.status_code == 422, answer.text
    assert not is_gone(http, task)


def test_a_user_is_forgotten_with_what_their_tasks_led_to(http: httpx.Client) -> None:
    asked: dict[str, Any] = {"input": {"text": "x", "user": USER}}
    mine = create(http, **asked)
    child = create(http, "mail", parent_execution_id=mine["id"])
    grandchild = create(http, "mail", parent_execution_id=child["id"])
    for_another = create(
        http,
        "mail",
        parent_execution_id=mine["id"],
        input={"text": "x", "user": {"id": "v", "email": "e"}},
    )
    talk = http.post("/memory", json={"user_details": USER}).json()
    talked = http.post("/memory", json={}).json()
    ended(http, memory_thread_id=talked["id"], **asked)
    theirs = http.post("/memory", json={"user_details": {"id": "v", "email": "e"}}).json()
    ended(http, memory_thread_id=theirs["id"], **asked)
    answer = http.delete("/metadata/users/u%2F1")
    assert (answer.status_code, answer.json()) == (200, {"tasks": 5, "threads": 2, "more": False})
    assert all(is_gone(http, task) for task in (mine, child, grandchild))
    assert not is_gone(http, for_another)
    found = [http.get(f"/memory/{each['id']}").status_code for each in (talk, talked, theirs)]
    assert found == [404, 404, 200]
    again = http.delete("/metadata/users/u%2F1").json()
    assert again == {"tasks": 0, "threads": 0, "more": False}


def test_one_request_deletes_so_much_and_says_that_there_is_more(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_client.platform.http.deletions.AT_ONCE", 4)
    monkeypatch.setattr("xpander_client.platform.http.deletions.TOGETHER", 2)
    asked: dict[str, Any] = {"input": {"text": "x", "user": USER}}
    root = create(http, **asked)
    for _ in range(6):
        create(http, parent_execution_id=root["id"])
    first = http.delete("/metadata/users/u%2F1").json()
    assert first["more"]
    assert first["tasks"] < 7
    removed = [first]
    while removed[-1]["more"]:
        removed.append(http.delete("/metadata/users/u%2F1").json())
    assert sum(each["tasks"] for each in removed) == 7
    for _ in range(5):
        ended(http, "mail")
    first = delete_many(http, agent_id="mail")
    assert (first["tasks"], first["more"]) == (4, True)
    assert delete_many(http, agent_id="mail", cursor=first["cursor"]) == {
        "tasks": 1,
        "threads": 0,
        "more": False,
    }


def test_who_did_what_is_listed_the_newest_first(http: httpx.Client) -> None:
    stopped, deleted = create(http), ended(http)
    http.delete(f"/agent-execution/{stopped['id']}")
    update(http, create(http), status="stopped")
    delete(http, deleted)
    http.delete("/metadata/users/u%2F1")
    first = http.get("/metadata/audit", params={"limit": "3"})
    rest = http.get("/metadata/audit", params={"cursor": first.headers["x-next-cursor"]})
    entries = first.json() + rest.json()
    assert [(each["action"], each["outcome"]) for each in entries] == [
        ("user.forget", "deleted"),
        ("task.delete", "deleted"),
        ("task.stop", "stopped"),
        ("task.stop", "stopped"),
    ]
    assert entries[1]["target"] == deleted["id"]
    assert {each["actor"] for each in entries} == {"fixed-1"}
    assert "x-next-cursor" not in rest.headers
    assert http.get("/metadata/audit", params={"limit": "0"}).status_code == 422
    assert http.get("/metadata/audit", params={"cursor": "x"}).status_code == 422


def test_events_of_a_deleted_task_are_pushed_no_more(http: httpx.Client) -> None:
    task = create(http)
    push(http, task, event("chunk", task["id"], "x"))
    delete(http, task, stop="true")
    answer = http.post(
        f"/agent-execution/{task['id']}/events/push", json=[event("chunk", task["id"], "y")]
    )
    assert answer.status_code == 404


def test_a_task_is_deleted_by_the_name_that_its_reporter_chose(http: httpx.Client) -> None:
    report = {"id": "order-1", "input": "x"}
    assert http.post("/agent-execution/sales/report_task", json=report).status_code == 200
    assert http.delete("/agent-execution/executions/order-1").json()["tasks"] == 1
    assert http.get("/agent-execution/order-1/status").status_code == 404
    assert http.post("/agent-execution/sales/report_task", json=report).status_code == 404


@pytest.mark.slow
def test_what_is_left_of_a_deleted_task_goes_soon(tmp_path: Path) -> None:
    """Not only when what is old is looked for again, which may be in an hour."""
    path = tmp_path / "s.db"

    def events() -> int:
        with contextlib.closing(sqlite3.connect(path)) as file:
            [count] = file.execute("SELECT count(*) FROM events").fetchone()
        return int(count)

    with (
        LocalPlatform(store=path, settings=Settings(prune_interval=3600.0)) as platform,
        httpx.Client(base_url=platform.url, headers={"x-api-key": platform.api_key}) as http,
    ):
        delete(http, ended(http))
        assert events() == 2  # whoever is reading may read to the end
        eventually(lambda: events() == 0, "the events are gone")
