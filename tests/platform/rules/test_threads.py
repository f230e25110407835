"""Threads over the wire."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.platform.wire import create, eventually, replay, status, update, worker

pytestmark = pytest.mark.all_engines

LENGTH = "x-xpander-thread-length"
STATUS = "x-xpander-execution-status"


def begin(http: httpx.Client, **body: Any) -> str:
    answer = http.post("/memory", json=body)
    assert answer.status_code == 200, answer.text
    thread_id: str = answer.json()["id"]
    return thread_id


def said(*texts: str, role: str = "user") -> list[dict[str, Any]]:
    return [{"role": role, "content": text} for text in texts]


def extend(
    http: httpx.Client,
    thread_id: str,
    messages: Any,
    after: int | None = None,
    **headers: str,
) -> httpx.Response:
    params = {} if after is None else {"after": after}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.put(f"/memory/{thread_id}", json=messages, params=params, headers=headers)


def view(http: httpx.Client, thread_id: str, strategy: str = "full", **params: Any) -> Any:
    answer = http.get(f"/memory/{thread_id}/{strategy}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def texts(thread: Any) -> list[Any]:
    return [message.get("content") for message in thread["messages"]]


def claim(http: httpx.Client, task: dict[str, Any], script: str = "s") -> httpx.Response:
    return update(http, task, status="executing", worker_id=script)


def test_a_thread_is_begun_extended_read_and_forgotten(http: httpx.Client) -> None:
    body = {
        "organization_id": "acme",
        "user_details": {"id": "u", "first_name": "Ann"},
        "metadata": {"agent_id": "sales"},
    }
    begun = http.post("/memory", json=body)
    thread = begun.json()
    assert thread.pop("created_at")
    thread_id = thread.pop("id")
    del body["organization_id"]
    assert thread == {**body, "messages": []}
    assert begun.headers[LENGTH] == "0"
    call = {"name": "read", "payload": "{}", "tool_call_id": "c"}
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "assistant", "tool_calls": [call], "completion_response": {"kept": [1, None]}},
        {"role": "tool", "content": "4", "tool_call_id": "c", "node_name": "n", "unknown": True},
    ]
    extended = extend(http, thread_id, messages)
    assert extended.json()["messages"] == messages
    assert "offset" not in extended.json()
    assert extended.headers[LENGTH] == "3"
    assert STATUS not in extended.headers
    whole = http.get(f"/memory/{thread_id}").json()
    assert whole == view(http, thread_id) == extended.json()
    assert http.delete(f"/memory/{thread_id}").status_code == 200
    for method, path in (
        ("GET", f"/memory/{thread_id}"),
        ("GET", f"/memory/{thread_id}/full"),
        ("PATCH", f"/memory/{thread_id}"),
        ("PUT", f"/memory/{thread_id}"),
        ("DELETE", f"/memory/{thread_id}"),
        ("PATCH", f"/memory/rename/{thread_id}/x"),
    ):
        value: Any = [] if method == "PUT" else {}
        assert http.request(method, path, json=value).status_code == 404


def test_only_what_a_caller_does_not_know_is_sent(http: httpx.Client) -> None:
    thread_id = begin(http)
    extend(http, thread_id, said("0", "1", "2"))
    later = view(http, thread_id, after=2)
    assert (texts(later), later["offset"]) == (["2"], 2)
    extended = extend(http, thread_id, said("3"), after=1)
    assert (texts(extended.json()), extended.json()["offset"]) == (["1", "2", "3"], 1)
    assert extended.headers[LENGTH] == "4"
    # A caller cannot know more than there is, so no more than that was left out.
    beyond = view(http, thread_id, after=99)
    assert (texts(beyond), beyond["offset"]) == ([], 4)
    assert view(http, thread_id, after=0)["offset"] == 0
    for after in ("-1", "x", "1.5"):
        assert http.get(f"/memory/{thread_id}/full", params={"after": after}).status_code == 422


def test_a_turn_in_a_long_thread_moves_no_more_than_one_in_a_short_thread(
    http: httpx.Client,
) -> None:
    sizes = []
    for length in (20, 2000):
        thread_id = begin(http)
        known = 0
        while known < length:
            batch = said(*(f"message {n:6}" for n in range(known, min(known + 500, length))))
            known = int(extend(http, thread_id, batch, after=known).headers[LENGTH])
        added = extend(http, thread_id, said("one more"), after=known)
        read = http.get(f"/memory/{thread_id}/full", params={"after": known})
        assert texts(added.json()) == texts(read.json()) == ["one more"]
        window = http.get(f"/memory/{thread_id}/MovingWindow")
        assert len(window.json()["messages"]) == 20
        sizes.append([len(each.content) for each in (added, read, window)])
        assert len(view(http, thread_id)["messages"]) == length + 1
    short, long = sizes
    # The same but for the digits of the offset.
    assert all(0 <= b - a <= 2 for a, b in zip(short, long, strict=True))


def test_the_strategies_show_their_views(http: httpx.Client) -> None:
    thread_id = begin(http)
    call = [
        {"role": "assistant", "tool_calls": [{"name": "x", "payload": "{}", "tool_call_id": "c"}]}
    ]
    answer = [{"role": "tool", "content": "4", "tool_call_id": "c"}]
    extend(http, thread_id, said("be brief", role="system") + said("go") + call + answer)
    extend(http, thread_id, said(*map(str, range(18))) + call + answer)
    whole = texts(view(http, thread_id))
    for strategy in ("full", "summarization", "context"):
        assert texts(view(http, thread_id, strategy)) == whole
    for strategy in ("MovingWindow", "buffering"):
        # Not with the answer whose call is the 21st from the end.
        shown = view(http, thread_id, strategy, after=3)
        assert texts(shown) == ["be brief", *map(str, range(18)), None, "4"]
        assert "offset" not in shown
    cleaned = texts(view(http, thread_id, "cleanToolCallResponses"))
    assert cleaned == [*whole[:3], "", *whole[4:]]
    for strategy in ("moving_window", "Full", "x"):
        assert http.get(f"/memory/{thread_id}/{strategy}").status_code == 422


def test_a_window_reaches_back_to_the_call_where_it_would_be_empty(http: httpx.Client) -> None:
    thread_id = begin(http)
    answers = [{"role": "tool", "content": str(n), "tool_call_id": str(n)} for n in range(50)]
    extend(http, thread_id, said("go", "x") + said("calls", role="assistant") + answers)
    assert texts(view(http, thread_id, "MovingWindow")) == ["calls", *map(str, range(50))]


@pytest.mark.parametrize(
    ("messages", "path"),
    [
        ({}, "$"),
        (5, "$"),
        ([{"content": "x"}], "$[0].role"),
        ([{"role": "user", "content": "x"}, {"role": "user", "content": 5}], "$[1].content"),
        ([{"role": "assistant", "tool_calls": [{"name": "x"}]}], "$[0].tool_calls[0]"),
    ],
)
def test_messages_are_added_all_or_none(http: httpx.Client, messages: Any, path: str) -> None:
    thread_id = begin(http)
    refused = extend(http, thread_id, messages)
    assert refused.status_code == 422
    assert refused.json()["path"].startswith(path)
    assert view(http, thread_id)["messages"] == []


def test_nothing_is_added_twice(http: httpx.Client) -> None:
    thread_id = begin(http)
    for _ in range(3):
        answer = extend(http, thread_id, said("1"), after=0, idempotency_key="k")
        assert (answer.headers[LENGTH], texts(answer.json())) == ("1", ["1"])
    assert extend(http, thread_id, said("2"), idempotency_key="k").status_code == 422
    other = begin(http)
    assert extend(http, other, said("1"), idempotency_key="k").status_code == 422
    ids = {http.post("/memory", json={}, headers={"idempotency-key": "m"}).json()["id"]}
    ids.add(http.post("/memory", json={}, headers={"idempotency-key": "m"}).json()["id"])
    assert len(ids) == 1


def test_a_thread_is_changed_renamed_and_listed(http: httpx.Client) -> None:
    thread_id = begin(http, user_details={"id": "u/1"}, metadata={"agent_id": "sales"})
    other = begin(http, user_details={"id": "u/1"}, metadata={"agent_id": "mail"})
    extend(http, thread_id, said("1", "2"))
    changed = http.patch(f"/memory/{thread_id}", json={"messages": said("3")})
    assert (texts(changed.json()), changed.headers[LENGTH]) == (["3"], "1")
    assert http.patch(f"/memory/rename/{thread_id}/A%2FB%20C").status_code == 200
    assert http.get(f"/memory/{thread_id}").json()["name"] == "A/B C"
    listed = http.get("/memory/threads/u%2F1").json()
    assert [item["thread_id"] for item in listed] == [other, thread_id]
    assert listed[1]["name"] == "A/B C"
    assert listed[1]["metadata"] == {"agent_id": "sales"}
    assert "messages" not in listed[1]
    mail = http.get("/memory/threads/u%2F1", params={"agent_id": "mail"}).json()
    assert [item["thread_id"] for item in mail] == [other]
    assert http.get("/memory/threads/nobody").json() == []


@pytest.mark.parametrize(
    "body",
    [
        {"organization_id": "other"},
        {"metadata": 5},
        {"user_details": []},
        {"name": 5},
        [],
    ],
)
def test_a_thread_that_can_not_be_is_refused(http: httpx.Client, body: Any) -> None:
    assert http.post("/memory", json=body).status_code == 422


def test_threads_belong_to_an_organization(http: httpx.Client) -> None:
    thread_id = begin(http)
    assert http.get(f"/acme/memory/{thread_id}").status_code == 200
    assert http.get(f"/other/memory/{thread_id}").status_code == 404
    assert http.get(f"/memory/{thread_id}", headers={"x-api-key": "wrong"}).status_code == 401


def test_another_method_is_told_which_ones_there_are(http: httpx.Client) -> None:
    answer = http.post("/memory/x", json={})
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "PUT", "PATCH", "DELETE"}


# The tasks that threads belong to ----------------------------------------------------------------


def test_a_script_claims_a_task_and_a_second_one_does_not(http: httpx.Client) -> None:
    task, thread_id = create(http), begin(http)
    first = update(http, task, status="executing", worker_id="s", memory_thread_id=thread_id).json()
    assert (first["status"], first["execution_attempts"]) == ("executing", 1)
    assert first["conversation_id"] == first["memory_thread_id"] == thread_id
    assert claim(http, task).json() == first
    refused = claim(http, task, "other")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "worker s has the task, in attempt 1",
    )
    done = update(http, task, status="completed", result="r", execution_attempts=1)
    assert done.json()["result"] == "r"
    assert claim(http, task).status_code == 409
    told = [frame.data["type"] for frame in replay(http, task)]
    assert told == ["task_created", "task_updated", "task_finished"]


def test_of_two_scripts_at_once_exactly_one_gets_a_task(http: httpx.Client) -> None:
    with ThreadPoolExecutor(2) as scripts:
        for _ in range(25):
            task, both = create(http), Barrier(2)

            def try_it(script: str, task: Any = task, both: Barrier = both) -> int:
                both.wait()
                return claim(http, task, script).status_code

            assert sorted(scripts.map(try_it, ("s1", "s2"))) == [200, 409]
            assert status(http, task)["execution_attempts"] == 1


def test_a_task_is_a_workers_or_a_scripts_but_not_both(http: httpx.Client) -> None:
    with worker(http) as w:
        task = create(http)
        assert w.task()["id"] == task["id"]
        assert claim(http, task).status_code == 409
        pinned = create(http, worker_id="s")
        claimed = claim(http, pinned).json()
        assert claimed["execution_attempts"] == 1
        free = create(http)  # the worker has one that it hasn't begun, so it isn't offered this
        assert claim(http, free).status_code == 200
        assert w.begin({**task, "execution_attempts": 1}).status_code == 200
        last = create(http)
        assert w.task()["id"] == last["id"]


def test_a_patch_without_a_claim_does_not_store_a_worker(http: httpx.Client) -> None:
    task = create(http)
    changed = update(http, task, worker_id="s", title="T").json()
    assert (changed["title"], "worker_id" in changed) == ("T", False)
    with worker(http) as w:
        assert w.task()["id"] == task["id"]


def test_adding_to_a_thread_says_where_its_task_stands(http: httpx.Client) -> None:
    task, thread_id = create(http), begin(http)
    claim(http, task)
    headers = {"x_xpander_execution_id": task["id"], "x_execution_attempt": "1"}
    assert extend(http, thread_id, said("1"), **headers).headers[STATUS] == "executing"
    late = extend(http, thread_id, said("x"), **{**headers, "x_execution_attempt": "0"})
    assert late.status_code == 409
    http.delete(f"/agent-execution/{task['id']}")
    stopped = extend(http, thread_id, said("2"), after=1, **headers)
    assert (stopped.status_code, stopped.headers[STATUS]) == (200, "stopped")
    assert (stopped.headers[LENGTH], texts(stopped.json())) == ("2", ["2"])
    unknown = extend(http, thread_id, said("x"), x_xpander_execution_id="unknown")
    assert unknown.status_code == 404
    assert texts(view(http, thread_id)) == ["1", "2"]


def test_a_task_is_finished_by_its_holder(http: httpx.Client) -> None:
    task = create(http)
    claim(http, task)
    path = f"/agent-execution/{task['id']}/finish"
    body = {"status": "completed", "result": "r"}
    late = http.patch(path, json=body, headers={"x-execution-attempt": "0"})
    assert late.status_code == 409
    for _ in range(2):
        done = http.patch(path, json=body, headers={"x-execution-attempt": "1"})
        assert done.status_code == 200
        assert (done.json()["status"], done.json()["result"]) == ("completed", "r")
    other = http.patch(path, json={"status": "error"}, headers={"x-execution-attempt": "1"})
    assert other.status_code == 409
    assert http.patch(path, json={"result": "r"}).status_code == 422
    assert http.patch("/agent-execution/unknown/finish", json=body).status_code == 404


def test_only_the_end_of_a_task_is_set_by_finishing_it(http: httpx.Client) -> None:
    task = create(http, title="T")
    path = f"/agent-execution/{task['id']}/finish"
    done = http.patch(path, json={"status": "failed", "result": {"a": 1}, "title": "other"})
    assert (done.json()["title"], json.loads(done.json()["result"])) == ("T", {"a": 1})


def test_a_script_asks_for_the_tasks_that_its_tasks_started(http: httpx.Client) -> None:
    parent = create(http, worker_id="s")
    assert http.get("/agent-execution/pending-executions/s").json() is None
    child = create(
        http, "mail", worker_id="s", parent_execution_id=parent["id"], tool_call_name="n"
    )
    assert http.get("/agent-execution/pending-executions/s").json() == child
    assert (child["parent_execution"], child["tool_call_name"]) == (parent["id"], "n")
    assert status(http, parent)["sub_executions"] == [child["id"]]
    assert claim(http, child).status_code == 200
    assert http.get("/agent-execution/pending-executions/s").json() is None
    status_named = create(http, worker_id="status", parent_execution_id=parent["id"])
    assert http.get("/agent-execution/pending-executions/status").json() == status_named
    refused = http.post(
        "/agent-execution/mail", json={"input": {"text": "x"}, "parent_execution_id": "unknown"}
    )
    assert (refused.status_code, refused.json()["path"]) == (422, "$.parent_execution_id")


def test_a_lost_script_is_told_so_and_a_worker_gets_the_task(short_loops: httpx.Client) -> None:
    http = short_loops
    task, thread_id = create(http), begin(http)
    claim(http, task)
    headers = {"x_xpander_execution_id": task["id"], "x_execution_attempt": "1"}
    assert extend(http, thread_id, said("1"), **headers).status_code == 200
    with worker(http) as w:
        given = w.task()  # when the lease is over
        assert (given["id"], given["execution_attempts"]) == (task["id"], 2)
        assert extend(http, thread_id, said("late"), **headers).status_code == 409
        assert w.finish(given).status_code == 200
    eventually(lambda: status(http, task)["status"] == "completed", "it is completed")
    assert texts(view(http, thread_id)) == ["1"]
