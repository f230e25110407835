"""What other systems send to the webhook, as the official documentation has it."""

import base64
import logging
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from tests.platform.dispatch.test_other_servers import server
from tests.platform.http.v1.invoking import beside, work_off
from tests.platform.wire import worker
from xpander_client.platform import LocalPlatform
from xpander_client.platform.http.v1 import forms

SALES = {"agent_id": "sales"}


def send(http: httpx.Client, query: Mapping[str, str] = SALES, **said: Any) -> dict[str, Any]:
    """Call the webhook, and return the task that comes of it as its worker gets it."""
    with worker(http) as w:
        answer = http.post("/", params={"asynchronous": "true", **query}, **said)
        assert (answer.status_code, answer.text) == (200, '{"status":"Started"}')
        return w.task()


def test_what_is_not_for_the_webhook_is_for_the_agent(http: httpx.Client) -> None:
    task = send(http, json={"prompt": "Process this order", "order": {"id": 12345}})
    assert task["input"]["text"] == 'Process this order\n\n{"order":{"id":12345}}'
    assert (task["source"], task["input"].get("user")) == ("webhook", None)
    assert send(http, json={"message": "Hi"})["input"]["text"] == '{"message":"Hi"}'
    assert send(http, json=[1, 2])["input"]["text"] == "[1,2]"
    assert send(http, {**SALES, "prompt": "Hi"})["input"]["text"] == "Hi"


def test_a_form_is_taken_and_so_is_json_that_curl_calls_one(http: httpx.Client) -> None:
    task = send(http, data={"prompt": "Analyze", "rating": "5", "tag": ["a", "b"]})
    assert task["input"]["text"] == 'Analyze\n\n{"rating":"5","tag":["a","b"]}'
    headers = {"content-type": "application/x-www-form-urlencoded"}
    task = send(http, content=b' {"prompt": "Analyze"}', headers=headers)
    assert task["input"]["text"] == "Analyze"


def test_files_come_with_the_task_byte_by_byte(http: httpx.Client) -> None:
    scan = b"\r\n--" + random.Random(1).randbytes(100_000) + b"\r\n"
    files = {
        "file1": ('plän, "1";2.pdf', scan, "application/pdf"),
        "file2": ("empty.txt", b"", "text/plain; charset=utf-8"),
        "file3": ("x.bin", b"x", "no media type"),
    }
    task = send(http, data={"prompt": "Read", "priority": "high"}, files=files)
    assert task["input"]["text"] == 'Read\n\n{"priority":"high"}'
    first, second, third = task["input"]["files"]
    head, _, content = first.partition(",")
    assert base64.b64decode(content) == scan
    assert unquote(head) == 'data:application/pdf;name=plän, "1";2.pdf;base64'
    assert second == "data:text/plain;name=empty.txt;base64,"
    assert third == "data:application/octet-stream;name=x.bin;base64,eA=="


def test_the_query_goes_before_the_body(http: httpx.Client) -> None:
    task = send(http, {**SALES, "prompt": "query"}, json={"prompt": "body", "agent_id": "mail"})
    assert (task["agent_id"], task["input"]["text"]) == ("sales", "query")


def test_parameters_are_found_where_the_payload_has_them(http: httpx.Client) -> None:
    message = {"chat": {"id": 123456789}, "from": [{"email": "a@b.c", "name": "John"}], "text": "?"}
    mapping = {
        "task_id": "message.chat.id",
        "user_email": "message.from.0.email",
        "user_first_name": "message.from.0.name",
        "user_last_name": "message.from.1.name",
        "prompt": "message.text",
    }
    task = send(http, json={"message": message, "params_mapping": mapping})
    assert task["input"]["user"] == {"email": "a@b.c", "first_name": "John"}
    assert task["input"]["text"].startswith('?\n\n{"message":')
    assert http.get("/v1/tasks/123456789").json()["id"] == "123456789"


def test_who_the_user_is_and_the_users_tokens_are_taken(http: httpx.Client) -> None:
    user = {"user_id": "u", "user_email": "a@b.c", "user_first_name": "A", "user_last_name": "B"}
    said = {**user, "user_tokens": '{"node": "secret"}', "disable_attachment_injection": "true"}
    task = send(http, data=said)
    shown = {"id": "u", "email": "a@b.c", "first_name": "A", "last_name": "B"}
    assert (task["input"]["user"], task["input"]["text"]) == (shown, "")
    assert (task["user_tokens"], task["disable_attachment_injection"]) == ({"node": "secret"}, True)
    assert "secret" not in http.get(f"/v1/tasks/{task['id']}").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"getter": "result.summary.0"}, "up"),
        ({"getter": "result"}, '{"summary": ["up"]}'),
        ({"getter": "result.nothing"}, None),
        ({"getter": "result", "json": "true"}, {"summary": ["up"]}),
    ],
)
def test_a_getter_takes_what_is_wanted_of_the_task(
    http: httpx.Client, query: dict[str, str], expected: Any
) -> None:
    with worker(http) as w, beside(lambda: http.post("/", params={**SALES, **query})) as answer:
        work_off(w, '{"summary": ["up"]}')
        assert answer.result().json() == expected


DEEP = "[" * 300 + "]" * 300


@pytest.mark.parametrize(
    ("flag", "result", "expected"),
    [("false", "[1]", "[1]"), ("true", "[1]", [1]), ("true", "1 + 1", "1 + 1"), ("1", DEEP, DEEP)],
)
def test_the_task_is_the_answer_with_its_result_as_a_text_or_as_json(
    http: httpx.Client, flag: str, result: str, expected: Any
) -> None:
    query = {**SALES, "json": flag}
    with worker(http) as w, beside(lambda: http.post("/", params=query)) as answer:
        work_off(w, result)
        task = answer.result().json()
        assert (task["status"], task["result"]) == ("completed", expected)


def test_a_conversation_goes_on_under_its_task_id(http: httpx.Client) -> None:
    with worker(http) as w:
        stored = set()
        for _ in range(2):
            query = {**SALES, "asynchronous": "true", "task_id": "chat"}
            assert http.post("/acme/", params=query).is_success
            stored.add(work_off(w, "r")["id"])
    assert len(stored) == 1
    assert len(http.get("/v1/tasks/chat/thread").json()) == 4


def test_the_key_may_be_in_the_query_of_the_webhook_alone_and_is_never_shown(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = {"x-api-key": platform.api_key}
    with httpx.Client(base_url=platform.url, timeout=20, verify=False) as http:
        caplog.clear()
        for path in ("/", "/acme", "/acme/"):
            answer = http.post(path, params={**SALES, **key, "asynchronous": "true"})
            assert answer.json() == {"status": "Started"}, path
        refused = http.post("/", params={"x-api-key": "xpk_wrong", **SALES})
        assert (refused.status_code, "xpk_wrong" in refused.text) == (401, False)
        twice = http.post(f"/?x-api-key={platform.api_key}&X-Api-Key=b&agent_id=sales")
        assert (twice.status_code, platform.api_key in twice.text) == (400, False)
        assert http.get("/v1/tasks", params=key).status_code == 401
        assert http.post("/v1/agents/sales/invoke", params=key).status_code == 401
        listed = http.get("/v1/tasks", headers=key).json()["items"]
        shown = [http.get(f"/v1/tasks/{item['id']}", headers=key).text for item in listed]
    assert len(shown) == 3
    assert platform.api_key not in str(shown)
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("xpander")]
    assert not any(platform.api_key in each or "xpk_wrong" in each for each in ours)


LONG = "multipart/form-data; boundary=x" + ";a" * 2_500
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    "parameters",
    [
        *("filename*=idna''%ff", "filename*=punycode''%ff", "filename*=undefined''a"),
        *("filename*=u\0f''%ff", "filename*=unicode-escape''%5cud800"),
        *("filename*=a; filename*0=b", "name*=a; name*0=b"),
        "filename*0=punycode; filename*1*=''%ff",
        "\r\ncontent-type: text/csv; name*=punycode''%ff",
    ],
)
def test_a_form_whose_names_can_not_be_read_is_refused(http: httpx.Client, parameters: str) -> None:
    head = f"content-disposition: form-data; name=a; {parameters}"
    body = f"--x\r\n{head}\r\n\r\n1\r\n--x--\r\n".encode()
    answer = http.post("/", params=SALES, content=body, headers=MULTIPART)
    assert (answer.status_code, answer.json()["detail"]) == (400, UNREADABLE)


@pytest.mark.parametrize("boundary", ["boundary*=idna''%ff", "boundary*=a; boundary*0=b"])
def test_a_form_whose_boundary_can_not_be_read_is_refused(
    http: httpx.Client, boundary: str
) -> None:
    headers = {"content-type": f"multipart/form-data; {boundary}"}
    answer = http.post("/", params=SALES, content=b"--x--", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (400, UNREADABLE)


UNREADABLE = "a header of the form has a parameter that can't be read"


@pytest.mark.parametrize(
    ("status", "said", "detail"),
    [
        (400, {"params": {}, "json": {"prompt": "x"}}, "agent_id is required"),
        (400, {"content": b"{"}, "no JSON"),
        (400, {"content": b"x", "headers": {"content-type": "multipart/form-data"}}, "boundary"),
        (400, {"content": b"--x\r\n\r\nx", "headers": MULTIPART}, "no end"),
        (400, {"content": b"--x\r\n\r\nx\r\n--x--", "headers": MULTIPART}, "no name"),
        (400, {"content": b"--x\r\nx\r\n--x--", "headers": MULTIPART}, "no content"),
        (400, {"content": b"", "headers": {"content-type": LONG}}, "4096 characters"),
        (422, {"json": {"asynchronous": "maybe"}}, "true or false"),
        (422, {"json": {"params_mapping": "x"}}, "JSON object"),
        (422, {"json": {"params_mapping": {"agent_id": "a.b"}}}, "agent_id can't be mapped"),
        (422, {"data": {"user_tokens": '{"a":' * 201 + "1" + "}" * 201}}, "JSON object"),
        (422, {"json": {"user_tokens": [1]}}, "JSON object"),
        (422, {"json": {"task_id": "x" * 201}}, "200 characters"),
        (413, {"files": {"file": b"x" * 200_001}}, "200000 bytes"),
        (422, {"content": b"&a=" * 2_000, "headers": {"content-type": forms.URLENCODED}}, "fields"),
        (422, {"content": b"\r\n--x" * 2_000, "headers": MULTIPART}, "fields"),
    ],
)
def test_what_can_not_be_taken_is_refused_in_words(
    http: httpx.Client, status: int, said: dict[str, Any], detail: str
) -> None:
    call: dict[str, Any] = {"params": SALES, **said}
    answer = http.post("/", **call)
    assert answer.status_code == status
    assert detail in answer.json()["detail"]


def test_a_call_at_one_server_waits_for_a_worker_at_another(postgres: str) -> None:
    query = {**SALES, "getter": "result"}
    with (
        server(postgres) as one,
        server(postgres) as two,
        worker(one) as w,
        beside(lambda: two.post("/", params=query)) as answer,
    ):
        work_off(w, "4")
        assert answer.result().json() == "4"
