"""A task that is created and followed with one request."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.platform.wire import Sse, create, event, frames, push, replay, status, update

pytestmark = pytest.mark.all_engines

EVENTS = "text/event-stream, application/json"
BODY = {"input": {"text": "sum up"}, "events_streaming": True}


@contextmanager
def creating(
    http: httpx.Client, body: Mapping[str, Any], **headers: str
) -> Iterator[Iterator[Sse]]:
    asking = {"accept": EVENTS, **headers}
    with http.stream("POST", "/agent-execution/sales", json=dict(body), headers=asking) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["stream-ends"] == "terminal"
        assert answer.headers["idempotency-keys"] == "honored"
        yield (frame for frame in frames(answer) if not frame.comment)


def test_the_answer_is_the_tasks_events_from_the_first_to_the_last(http: httpx.Client) -> None:
    with creating(http, BODY) as stream:
        hello, created = next(stream), next(stream)
        task = created.data["data"]
        assert (hello.id, hello.data["type"], hello.data["task_id"]) == (
            None,
            "connected",
            task["id"],
        )
        assert (created.id, created.data["type"], task["status"]) == (
            "1",
            "task_created",
            "pending",
        )
        assert status(http, task) == task
        push(http, task, event("chunk", task["id"], "a"))
        assert next(stream).data["data"] == "a"
        update(http, task, status="completed", result="r")
        ended = next(stream)
        assert (ended.id, ended.data["data"]["result"]) == ("3", "r")
        assert list(stream) == []
    assert replay(http, task)[-1] == ended


def test_a_repetition_under_the_same_key_is_answered_from_the_start_or_behind_a_place(
    http: httpx.Client,
) -> None:
    key = {"idempotency-key": "once"}
    with creating(http, BODY, **key) as stream:
        task_id = next(stream).data["task_id"]  # and the connection is lost
    task = {"id": task_id}
    with creating(http, BODY, **key) as stream:
        assert [next(stream).id for _ in range(2)] == [None, "1"]
        update(http, task, status="completed", result="r")
        assert next(stream).id == "2"
    with creating(http, BODY, **key, **{"last-event-id": "1"}) as stream:
        assert [(frame.id, frame.data["task_id"]) for frame in stream] == [
            (None, task_id),
            ("2", task_id),
        ]
    with creating(http, BODY, **key) as stream:
        assert [frame.id for frame in stream] == [None, "1", "2"]
    # What it was asked for first makes no difference.
    again = http.post("/agent-execution/sales", json=BODY, headers=key)
    assert again.json()["id"] == task_id
    assert len(http.get("/agent-execution/executions/history/sales").json()) == 1


def test_a_task_that_is_continued_is_followed_from_its_new_run_on(http: httpx.Client) -> None:
    task = create(http)
    update(http, task, status="completed", result="r")
    with creating(http, {**BODY, "id": task["id"]}) as stream:
        assert [next(stream).id for _ in range(2)] == [None, "3"]
        update(http, task, status="completed", result="s")
        assert [frame.data["data"]["result"] for frame in stream] == ["s"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/*"])
def test_who_does_not_say_that_it_reads_events_gets_the_task(
    http: httpx.Client, accept: str
) -> None:
    answer = http.post("/agent-execution/sales", json=BODY, headers={"accept": accept})
    assert answer.json()["status"] == "pending"


@pytest.mark.parametrize("streaming", [False, None])
def test_a_task_without_events_is_answered_as_always(
    http: httpx.Client, streaming: bool | None
) -> None:
    body = {**BODY, "events_streaming": streaming}
    answer = http.post("/agent-execution/sales", json=body, headers={"accept": EVENTS})
    assert answer.json()["status"] == "pending"


def test_what_is_refused_is_refused_before_a_stream_begins(http: httpx.Client) -> None:
    asking = {"accept": EVENTS}
    unknown = http.post("/agent-execution/sales", json={**BODY, "id": "nothing"}, headers=asking)
    assert unknown.status_code == 404
    wrong = http.post("/agent-execution/sales", json={"input": 3}, headers=asking)
    assert wrong.status_code == 422
