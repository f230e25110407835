"""The routes, over real sockets, with keys that a real platform knows."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import validate

from tests.worker.http.conftest import AGENT, TASK, Runs, raw_invocation, serving
from xpander_client import AgentExecutionStatus, Task, worker
from xpander_client.platform import LocalPlatform
from xpander_client.worker.http import InvocationFailed, InvocationRefused

LIMIT = 10 * 1024 * 1024


async def shout(task: Task) -> Task:
    task.result = (task.input.text or "").upper()
    task.status = AgentExecutionStatus.Completed
    return task


async def test_health_is_ok_for_everybody(platform: LocalPlatform) -> None:
    async with serving(Runs(shout), platform) as client:
        del client.headers["x-api-key"]
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_regular_handlers_task_comes_back_as_json(platform: LocalPlatform) -> None:
    text = "größe \u2028 文字 \U0001f600"
    async with serving(runs := Runs(shout), platform) as client:
        body = {**TASK, "input": {"text": text}, "from_the_future": {"a": [1]}, "result": None}
        answer = await client.post("/invoke", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    task = answer.json()
    assert (task["id"], task["status"], task["result"]) == ("task-1", "completed", text.upper())
    assert task["from_the_future"] == {"a": [1]}
    assert runs.tasks[0].input.text == text


async def test_a_handler_that_raised_is_500_with_its_text(platform: LocalPlatform) -> None:
    async def fail(task: Task) -> Task:
        raise InvocationFailed("no such région")

    async with serving(Runs(fail), platform) as client:
        answer = await client.post("/invoke", json=TASK)
    assert (answer.status_code, answer.json()) == (500, {"error": "no such région"})


async def test_a_task_that_the_worker_refuses_has_the_workers_status(
    platform: LocalPlatform,
) -> None:
    async def refuse(task: Task) -> Task:
        raise InvocationRefused(409, "the task is another attempt's")

    async with serving(Runs(refuse), platform) as client:
        answer = await client.post("/invoke", json=TASK)
    assert (answer.status_code, answer.json()) == (409, {"detail": "the task is another attempt's"})


async def test_a_fault_of_the_worker_is_logged_and_not_shown(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_down(task: Task) -> Task:
        raise KeyError("inner workings")

    async with serving(Runs(break_down), platform) as client:
        answer = await client.post("/invoke", json=TASK)
    assert answer.status_code == 500
    assert answer.json() == {"error": "the worker failed; its log says more"}
    assert "inner workings" in caplog.text


@pytest.mark.parametrize("key", [None, ""])
async def test_without_a_key_it_is_401(platform: LocalPlatform, key: str | None) -> None:
    async with serving(runs := Runs(shout), platform) as client:
        del client.headers["x-api-key"]
        headers = {} if key is None else {"x-api-key": key}
        answer = await client.post("/invoke", json=TASK, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, "the header x-api-key is missing")
    assert runs.tasks == []


async def test_two_keys_are_400(platform: LocalPlatform) -> None:
    async with serving(runs := Runs(shout), platform) as client:
        twice = [("x-api-key", platform.api_key), ("x-api-key", "another")]
        del client.headers["x-api-key"]
        answer = await client.post("/invoke", json=TASK, headers=twice)
    assert (answer.status_code, "more than once" in answer.json()["detail"]) == (400, True)
    assert runs.tasks == []


@pytest.mark.parametrize("key", [b"another", "schlüssel".encode(), b"\xff\xfe"])
async def test_with_a_key_that_may_not_use_the_agent_it_is_403(
    platform: LocalPlatform, key: bytes
) -> None:
    async with serving(runs := Runs(shout), platform) as client:
        del client.headers["x-api-key"]
        answer = await client.post("/invoke", json=TASK, headers={b"x-api-key": key})
    assert answer.status_code == 403
    assert AGENT in answer.json()["detail"]
    assert runs.tasks == []


async def test_the_key_of_the_platform_is_no_key_for_an_agent_that_it_does_not_know(
    platform: LocalPlatform,
) -> None:
    runs = Runs(shout)
    runs.agent_id = "agent-of-others"
    async with serving(runs, platform) as client:
        answer = await client.post("/invoke", json=TASK)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "$"),
        (b"{", "$"),
        (b"\xff", "$"),
        (b"[" * 5000, "$"),
        (b"[]", "$"),
        (b'{"id": "x"}', "$.agent_id"),
        (json.dumps({**TASK, "input": {"text": 7}}).encode(), "$.input.text"),
        (json.dumps({**TASK, "input": {"files": ["a", None]}}).encode(), "$.input.files[1]"),
        (json.dumps({**TASK, "created_at": "yesterday"}).encode(), "$.created_at"),
        (json.dumps({**TASK, "agent_id": "agent-of-others"}).encode(), "$.agent_id"),
    ],
)
async def test_a_body_that_is_no_task_of_the_agent_is_400_with_the_place(
    platform: LocalPlatform, body: bytes, path: str
) -> None:
    async with serving(runs := Runs(shout), platform) as client:
        answer = await client.post("/invoke", content=body)
    assert (answer.status_code, answer.json()["path"]) == (400, path)
    assert "Traceback" not in answer.text
    assert runs.tasks == []


async def test_a_body_of_some_megabytes_is_taken(platform: LocalPlatform) -> None:
    text = "ä" * 4_000_000
    async with serving(runs := Runs(shout), platform) as client:
        answer = await client.post("/invoke", json={**TASK, "input": {"text": text}})
    assert answer.status_code == 200
    assert runs.tasks[0].input.text == text


async def test_a_body_over_the_limit_is_413(platform: LocalPlatform) -> None:
    async with serving(runs := Runs(shout), platform) as client:
        answer = await client.post("/invoke", content=b" " * (LIMIT + 1))
        assert answer.status_code == 413
        assert str(LIMIT) in answer.json()["detail"]
        assert (await client.get("/health")).status_code == 200
    assert runs.tasks == []


async def test_a_body_over_the_limit_is_413_also_when_it_does_not_say_its_length(
    platform: LocalPlatform,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * (1024 * 1024)

    async with serving(runs := Runs(shout), platform) as client:
        answer = await client.post("/invoke", content=chunks())
    assert answer.status_code == 413
    assert runs.tasks == []


async def test_unknown_routes_and_methods_are_404_and_405(platform: LocalPlatform) -> None:
    async with serving(Runs(shout), platform) as client:
        unknown = await client.get("/nowhere")
        wrong = await client.get("/invoke")
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "there is no such route"})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert "detail" in wrong.json()


async def test_a_regular_handler_runs_on_when_its_caller_goes_away(platform: LocalPlatform) -> None:
    begun, left, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(task: Task) -> Task:
        begun.set()
        await left.wait()
        ended.set()
        return task

    async with serving(Runs(slow), platform) as client:
        connection = await asyncio.to_thread(raw_invocation, client, json.dumps(TASK).encode())
        await asyncio.wait_for(begun.wait(), 20)
        connection.close()
        # By the time that this is answered, the server has seen the other connection close.
        assert (await client.get("/health")).status_code == 200
        left.set()
        await asyncio.wait_for(ended.wait(), 20)


async def test_a_caller_that_goes_away_in_the_middle_of_its_body_is_no_error(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(runs := Runs(shout), platform) as client:
        assert client.base_url.port is not None
        _, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        head = f"POST /invoke HTTP/1.1\r\nhost: x\r\nx-api-key: {platform.api_key}\r\n"
        writer.write(head.encode() + b"content-length: 100\r\n\r\nhalf of it")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await client.get("/health")).status_code == 200
    assert runs.tasks == []
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_the_page_shows_a_call_that_works(platform: LocalPlatform) -> None:
    async with serving(Runs(shout), platform) as client:
        del client.headers["x-api-key"]
        answer = await client.get("/docs")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "src=" not in answer.text
        assert "//" not in answer.text.replace(str(client.base_url), "")
        _, _, rest = answer.text.partition("<pre>")
        command = shlex.split(html.unescape(rest.partition("</pre>")[0]))
        url = next(word for word in command if word.startswith("http"))
        assert httpx.URL(url) == client.base_url.join("/invoke")
        headers = {"x-api-key": platform.api_key, "content-type": "application/json"}
        called = await client.post(url, content=command[-1], headers=headers)
    assert called.json()["result"] == "SUMMARIZE THE REPORT"


async def test_the_page_shows_names_as_text(platform: LocalPlatform) -> None:
    runs = Runs(shout)
    runs.agent_id = "<script>alert('1')</script>"
    async with serving(runs, platform) as client:
        page = (await client.get("/docs", headers={"host": "<script>"})).text
    assert "<script>" not in page


async def test_pages_of_other_sites_are_told_nothing_and_change_nothing(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XPANDER_ALLOWED_HOSTS", "worker.test, Other.test")
    async with serving(Runs(shout), platform) as client:
        for path in ("/health", "/docs", "/openapi.json"):
            for host, status in (("evil.test", 421), ("worker.test:80", 200), ("other.test", 200)):
                assert (await client.get(path, headers={"host": host})).status_code == status
        for origin, status in (("https://evil.test", 403), ("https://worker.test", 200)):
            headers = {"origin": origin, "host": "anything.test"}
            assert (await client.post("/invoke", json=TASK, headers=headers)).status_code == status


@pytest.mark.parametrize("is_streaming", [False, True])
async def test_the_description_for_programs_is_openapi(
    platform: LocalPlatform, is_streaming: bool
) -> None:
    runs = Runs(shout)
    runs.is_streaming = is_streaming
    async with serving(runs, platform) as client:
        document = (await client.get("/openapi.json")).json()
    validate(document)
    kinds = document["paths"]["/invoke"]["post"]["responses"]["200"]["content"].keys()
    assert kinds == {"text/event-stream" if is_streaming else "application/json"}


async def test_the_description_for_programs_is_what_the_routes_do(platform: LocalPlatform) -> None:
    async with serving(Runs(shout), platform) as client:
        document = (await client.get("/openapi.json")).json()
        for path, methods in document["paths"].items():
            for method in methods:
                answer = await client.request(method, path, json=TASK)
                assert answer.status_code == 200
        required = document["components"]["schemas"]["Task"]["required"]
        for name in required:
            body = {key: value for key, value in TASK.items() if key != name}
            assert (await client.post("/invoke", json=body)).status_code == 400, name
        answer = await client.post("/invoke", json={name: TASK[name] for name in required})
        assert answer.status_code == 200
    described = document["paths"]["/invoke"]["post"]["responses"].keys()
    room = Path(worker.__file__).parent
    raised = {
        status
        for file in room.rglob("*.py")
        for status in re.findall(r"InvocationRefused\(\s*(\d+)", file.read_text())
    }
    # 421 is for what a page in a browser may ask for, which is not to invoke.
    assert raised - {"421"} <= described
