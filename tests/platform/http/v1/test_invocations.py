"""Invoking agents as the official documentation shows it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import httpx
import pytest

from tests.platform.conftest import QUICK, client
from tests.platform.dispatch.test_other_servers import server
from tests.platform.http.v1.invoking import AGENT, TEXT, beside, invoke, work_off
from tests.platform.wire import event, eventually, frames, push, status, worker
from xpander_client.platform import LocalPlatform
from xpander_client.platform.foundation.ids import new_task_id

pytestmark = pytest.mark.all_engines


def test_a_task_is_created_worked_on_and_read(http: httpx.Client) -> None:
    made = invoke(http)
    assert (made["status"], made["result"], made["source"]) == ("pending", None, "api")
    with worker(http) as w:
        assert work_off(w, '{"sum": 4}')["id"] == made["id"]
    read = http.get(f"/v1/tasks/{made['id']}").json()
    assert (read["status"], read["result"]) == ("completed", '{"sum": 4}')
    assert made.keys() <= read.keys() | {"updated_at"}


def test_a_blocking_call_waits_for_the_end(http: httpx.Client) -> None:
    with worker(http) as w, beside(lambda: invoke(http, "")) as answer:
        work_off(w, "4")
        assert (answer.result()["status"], answer.result()["result"]) == ("completed", "4")


def test_a_blocking_call_returns_when_the_task_pauses(http: httpx.Client) -> None:
    with worker(http) as w, beside(lambda: invoke(http, "")) as answer:
        task = w.task()
        w.begin(task)
        w.write(task, status="paused")
        assert answer.result()["status"] == "paused"


def test_a_blocking_call_does_not_wait_for_ever() -> None:
    for http in client(None, attrs.evolve(QUICK, invoke_wait=0.0)):
        assert invoke(http, "")["status"] == "pending"


def waiting(platform: LocalPlatform) -> int:
    """How many requests wait for what comes of a task."""
    assert platform._server is not None
    return len(platform._server._platform._outcomes._waiting)


def test_nobody_waits_for_a_caller_who_is_gone(platform: LocalPlatform, http: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        http.post(f"{AGENT}/invoke", json=TEXT, timeout=0.3)
    eventually(lambda: waiting(platform) == 0, "the wait is over")
    assert [item["status"] for item in http.get("/v1/tasks").json()["items"]] == ["pending"]


def test_a_platform_that_stops_answers_those_who_wait(
    platform: LocalPlatform, http: httpx.Client
) -> None:
    with beside(lambda: invoke(http, "")) as answer:
        eventually(lambda: waiting(platform) == 1, "somebody waits")
        platform.close()
        assert answer.result()["status"] == "pending"


def test_an_id_of_the_callers_choice_names_a_conversation(http: httpx.Client) -> None:
    first = invoke(http, id="conversation-thread-123")
    assert (first["id"], first["conversation_id"]) == (("conversation-thread-123",) * 2)
    with worker(http) as w:
        task = work_off(w, "Hello, Alice")
        with beside(lambda: invoke(http, "", id="conversation-thread-123")) as answer:
            assert work_off(w, "Alice")["id"] == task["id"], "workers know one task"
        again = answer.result()
    assert (again["id"], again["result"]) == ("conversation-thread-123", "Alice")
    assert http.get("/v1/tasks/conversation-thread-123").json()["id"] == again["id"]
    assert status(http, first)["id"] == task["id"], "other routes find it by the same name"


def test_a_task_is_followed_as_it_is_worked_on(http: httpx.Client) -> None:
    with (
        worker(http) as w,
        http.stream("POST", f"{AGENT}/invoke/stream", json={**TEXT, "id": "chät"}) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        task = w.task()
        w.begin(task)
        push(http, task, event("chunk", task["id"], "fo"), event("chunk", task["id"], "ur"))
        w.finish(task, "four")
        seen = [frame.data for frame in frames(response) if not frame.comment]
    kinds = ["task_created", "task_updated", "chunk", "chunk", "task_finished"]
    assert [each["type"] for each in seen] == kinds
    assert {each["task_id"] for each in seen} == {"chät"}
    assert (seen[-1]["data"]["id"], seen[-1]["data"]["result"]) == ("chät", "four")


def test_a_conversation_that_goes_on_is_followed_from_its_last_turn(http: httpx.Client) -> None:
    invoke(http, id="c")
    with worker(http) as w:
        work_off(w, "first")
        with http.stream("POST", f"{AGENT}/invoke/stream", json={**TEXT, "id": "c"}) as response:
            work_off(w, "second")
            seen = [frame.data for frame in frames(response) if not frame.comment]
    assert [each["data"]["result"] for each in seen[-1:]] == ["second"]
    assert [each["type"] for each in seen].count("task_created") == 1


def test_an_id_that_only_the_platform_gives_is_not_chosen(http: httpx.Client) -> None:
    answer = http.post(f"{AGENT}/invoke/async", json={**TEXT, "id": new_task_id()})
    assert (answer.status_code, "there is no task" in answer.json()["detail"]) == (404, True)


def test_a_conversation_that_is_under_way_is_not_continued(http: httpx.Client) -> None:
    invoke(http, id="c")
    answer = http.post(f"{AGENT}/invoke/async", json={**TEXT, "id": "c"})
    assert (answer.status_code, "pending" in answer.json()["detail"]) == (409, True)


def test_an_id_whose_task_was_deleted_is_not_chosen_while_late_writes_may_come(
    http: httpx.Client,
) -> None:
    invoke(http, id="c")
    http.delete("/v1/tasks/c")
    answer = http.post(f"{AGENT}/invoke/async", json={**TEXT, "id": "c"})
    assert (answer.status_code, "was deleted" in answer.json()["detail"]) == (409, True)


def test_the_clients_route_continues_and_creates_nothing_under_a_name(http: httpx.Client) -> None:
    answer = http.post("/agent-execution/sales", json={**TEXT, "id": "conversation-thread-123"})
    assert answer.status_code == 404


def test_whoever_claims_a_name_that_is_not_the_tasks_is_not_believed(http: httpx.Client) -> None:
    made = invoke(http, chosen_id="somebody-elses")
    assert made["id"] == http.get(f"/v1/tasks/{made['id']}").json()["id"] != "somebody-elses"


def test_a_repeated_request_creates_one_task(http: httpx.Client) -> None:
    key = {"idempotency-key": "k"}
    made = [http.post(f"{AGENT}/invoke/async", json=TEXT, headers=key).json() for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]


def test_any_source_and_a_version_are_taken(http: httpx.Client) -> None:
    answer = http.post(
        f"{AGENT}/invoke/async", params={"version": "7"}, json={**TEXT, "source": "mobile-app"}
    ).json()
    assert (answer["source"], answer["agent_version"]) == ("mobile-app", "7")


def test_tokens_of_users_are_for_the_worker_alone(http: httpx.Client) -> None:
    secret: dict[str, Any] = {"user_oidc_token": "t-1", "user_tokens": {"server": "t-2"}}
    made = invoke(http, **secret)
    assert "t-1" not in str(made)
    assert "t-2" not in http.get(f"/v1/tasks/{made['id']}").text
    with worker(http) as w:
        assert secret.items() <= w.task().items()


def test_users_have_a_name_to_show(http: httpx.Client) -> None:
    user = {"email": "a@b.c", "first_name": "Ada", "last_name": "Byron"}
    shown = invoke(http, input={"text": "x" * 10_000, "user": user})["input"]
    assert (shown["user"]["display_name"], shown["files"]) == ("Ada Byron", [])
    user = {"email": "a@b.c"}
    assert invoke(http, input={"user": user})["input"]["user"]["display_name"] == "a@b.c"


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        (b"{", ["body"], "json_invalid"),
        (b"[]", ["body"], "value_error"),
        (b'{"input": {"files": ["a", 1]}}', ["body", "input", "files", 1], "value_error"),
        (b'{"input": {}, "output_format": "x"}', ["body", "output_format"], "value_error"),
        (
            b'{"input": {}, "parent_execution_id": "x"}',
            ["body", "parent_execution_id"],
            "value_error",
        ),
    ],
)
def test_what_is_wrong_is_said_by_its_place(
    http: httpx.Client, body: bytes, loc: list[Any], kind: str
) -> None:
    answer = http.post(f"{AGENT}/invoke", content=body)
    [fault] = answer.json()["detail"]
    assert (answer.status_code, fault["loc"], fault["type"]) == (422, loc, kind)
    assert fault["msg"]


def test_a_call_at_one_server_waits_for_a_worker_at_another(postgres: str) -> None:
    with server(postgres) as one, server(postgres) as two, worker(one) as w:
        with beside(lambda: invoke(two, "", id="chat")) as answer:
            work_off(w, "4")
            assert (answer.result()["id"], answer.result()["result"]) == ("chat", "4")
        assert one.get("/v1/tasks/chat").json()["result"] == "4"


def test_of_first_requests_with_one_id_at_two_servers_one_creates_the_task(postgres: str) -> None:
    with server(postgres) as one, server(postgres) as two, ThreadPoolExecutor(8) as threads:

        def call(number: int) -> list[int]:
            body = {**TEXT, "id": f"chat-{number // 8}"}
            http = (one, two)[number % 2]
            return [number // 8, http.post(f"{AGENT}/invoke/async", json=body).status_code]

        answers = sorted(threads.map(call, range(80)))
    assert answers == sorted([chat, code] for chat in range(10) for code in [200] + [409] * 7)
