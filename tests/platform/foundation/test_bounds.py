"""What can't be kept is refused at the door, with its place, whatever engine keeps the tasks."""

import collections
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.platform.conftest import HASTY
from tests.platform.wire import Clock, OpenStore, create, event, push, replay, status, update
from xpander_client.platform.foundation.bounds import ID, KEY, LOOKED_UP
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http import bodies
from xpander_client.platform.rules.records import IdempotencyKey
from xpander_client.platform.stores.addresses import store_at

pytestmark = pytest.mark.all_engines

SPEC = yaml.safe_load((Path(__file__).parents[3] / "openapi.yaml").read_text())


def resolved(node: Any) -> Any:
    while "$ref" in node:
        found = SPEC
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def beyond(schema: Any) -> Iterator[Any]:
    """Values just out of a schema's bounds."""
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if "\\u0000" in schema.get("pattern", ""):
        yield "a\0b"
    elif "pattern" in schema:
        yield "not like this"
    if "minLength" in schema:
        yield ""
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "maxItems" in schema:
        yield [None] * (schema["maxItems"] + 1)
    if "minimum" in schema:
        yield schema["minimum"] - 1


def bounded(schema: Any, path: str = "$", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The places in a body that have bounds, and values beyond each."""
    schema = resolved(schema)
    for value in beyond(schema):
        yield path, value
    if depth < 5:
        for name, inner in schema.get("properties", {}).items():
            if "x-data-types" in schema and name == schema["x-data-types"]["field"]:
                continue  # kept as it comes
            yield from bounded(inner, f"{path}.{name}", depth + 1)
        for inner in schema.get("anyOf", []):
            yield from bounded(inner, path, depth + 1)
        if "items" in schema:
            yield from bounded(schema["items"], f"{path}[0]", depth + 1)


def placed(body: Any, steps: list[str], value: Any) -> Any:
    """The body with a value at a place; what is missing on the way is made up."""
    if not steps:
        return value
    step, *rest = steps
    if step.isdigit():
        first, *others = body or [None]
        return [placed(first, rest, value), *others]
    there = body if isinstance(body, dict) else {"email": "what a user has to have"}
    return {**there, step: placed(there.get(step), rest, value)}


def requests(path: str, item: Any, method: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests of an operation that are right but for one value, each with that value's place."""
    operation, body = item[method], None
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        [body, *_] = (each["value"] for each in media["examples"].values())
        for place, value in bounded(media["schema"]):
            yield place, {"json": placed(body, re.findall(r"\w+", place), value)}
    for parameter in map(resolved, item.get("parameters", []) + operation.get("parameters", [])):
        name, schema = parameter["name"], resolved(parameter["schema"])
        for value in beyond(schema):
            if parameter["in"] == "query":
                yield name, {"params": {name: value}, "json": body}
            elif parameter["in"] == "header" and str(value).isprintable():
                yield name.lower(), {"headers": {name: str(value)}, "json": body}


def test_the_platform_keeps_to_the_bounds_of_the_contract(http: httpx.Client) -> None:
    task, thread = create(http)["id"], http.post("/memory", json={}).json()["id"]
    ids = collections.defaultdict(
        lambda: "sales", task_id=task, execution_id=task, thread_id=thread, strategy="full"
    )
    tried = 0
    for path, item in SPEC["paths"].items():
        for method in item.keys() - {"parameters"}:
            for place, request in requests(path, item, method):
                if path.endswith("/push"):
                    for each in filter(None, request["json"]):
                        each |= {"task_id": task, "organization_id": "acme"}
                if path.startswith("/events/"):
                    request["params"] = {"agent_id": "sales"} | request.get("params", {})
                answer = http.request(method, path.format_map(ids), **request)
                assert answer.status_code == 422, (method, path, place, answer.text)
                said = answer.json()
                assert said.get("path") == place or place in said["detail"], said
                tried += 1
    assert tried > 100


def widest(bounds: Any) -> str:
    """As much as fits in, of characters that take four bytes and can't be compressed."""
    draw = random.Random(bounds["maxLength"])
    return "".join(chr(draw.randrange(0x20000, 0x2A6D0)) for _ in range(bounds["maxLength"]))


async def test_every_engine_keeps_the_longest_texts_that_are_taken(
    address: str, clock: Clock
) -> None:
    wide, looked_up = widest(ID), widest(LOOKED_UP)
    body = {
        "input": {"user": {"id": looked_up}},
        "parent_execution_id": wide,
        "triggering_agent_id": wide,
        "worker_id": wide,
        "worker_pool": wide,
        "internal_status": looked_up,
    }
    key = IdempotencyKey("\xff" * KEY["maxLength"], b"1")
    async with OpenStore(store_at(address, HASTY, clock=clock)) as store:
        await store.put(wide, wide, body, task_id=wide, key=key)
        begin = {"status": "executing", "worker_id": wide, "internal_status": looked_up}
        await store.patch(wide, wide, begin, attempt=None)
        clock.now += 10_000
        assert (await store.sweep()).requeued
        lost = await store.get(wide, wide)
        assert len(lost.internal_status or "") <= LOOKED_UP["maxLength"]
        [claimed] = await store.claim(wide, wide, [wide], {wide: wide})
        ended = {"status": "error", "internal_status": looked_up}
        await store.patch(wide, wide, ended, attempt=claimed.attempt)
        thread = {"user_details": {"id": looked_up}, "metadata": {"agent_id": wide}}
        await store.threads.create(wide, thread, thread_id=wide)
        said = {"role": looked_up, "content": "x"}
        await store.threads.extend(wide, wide, [said], task_id=wide, key=key)


@pytest.mark.parametrize(
    "document",
    [
        b'{"a": [0, 18446744073709551615, -9223372036854775808, 1e300, -0.5]}',
        b'{"a": [1.123456789012345678901234567890, 12345678901234567890.5, 1E20]}',
        b'{"a": "[98765432109876543210987, 1]", "98765432109876543210987": null}',
        b'["\\", 98765432109876543210987 ,"]',
    ],
)
def test_numbers_come_out_as_they_went_in(document: bytes) -> None:
    assert bodies.parse(document) == json.loads(document)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (b"18446744073709551616", "$"),
        (b"[1,-9223372036854775809]", "$[1]"),
        (b'{"a": {"b": [0, {"c": \n 99999999999999999999\n}]}}', "$.a.b[1].c"),
        (b'["1, 98765432109876543210987, 2", %b]' % (b"9" * 300), "$[1]"),
    ],
)
def test_whole_numbers_beyond_64_bits_are_refused_with_their_place(
    document: bytes, path: str
) -> None:
    with pytest.raises(HttpError) as refused:
        bodies.parse(document)
    assert (refused.value.status, refused.value.path) == (422, path)


@pytest.mark.parametrize("value", [b"1", b'"a"', b'"\\", ["', b"{}", b"[[]]"])
def test_a_body_holds_as_many_values_as_may_be_and_no_more(value: bytes) -> None:
    commas_in_a_text = b'"' + b'\\",' * bodies.MOST_VALUES + b'"'
    each = 1 + value.count(b"[") + value.count(b"{") if value[:1] != b'"' else 1
    most = bodies.MOST_VALUES // each - 2
    document = b"[" + b",".join([value] * most) + b"," + commas_in_a_text + b"]"
    assert len(bodies.parse(document)) == most + 1
    with pytest.raises(HttpError) as refused:
        bodies.parse(b"[" + b",".join([value] * (most + 3)) + b"," + commas_in_a_text + b"]")
    assert refused.value.status == 422


def test_texts_without_an_index_may_hold_whatever_json_may(http: httpx.Client) -> None:
    text = "a\0b" + "x" * 6_000
    task = create(http, title=text, input={"text": text, "user": {"email": text}})
    assert push(http, task, event("chunk", task["id"], text)).status_code == 200
    ended = update(http, task, status="completed", result=text, tokens={"prompt_tokens": -1})
    assert ended.json()["result"] == text
    assert status(http, task)["title"] == text
    assert replay(http, task)[1].data["data"] == text


def test_nothing_is_found_by_an_id_that_nothing_has(http: httpx.Client) -> None:
    for method, path in (
        ("GET", "/agent-execution/a%00b/status"),
        ("DELETE", "/agent-execution/a%00b"),
        ("PATCH", "/agent-execution/a%00b/update"),
        ("POST", "/events/a%00b?agent_id=sales"),
        ("GET", "/memory/a%00b"),
        ("GET", "/memory/threads/a%00b"),
        ("GET", "/agents/a%00b"),
        ("GET", f"/agent-execution/{'x' * 6_000}/status"),
        ("GET", f"/agents/{'x' * 6_000}"),
    ):
        body = {"id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11", "event": "worker-heartbeat"}
        answer = http.request(method, path, json=body if method in ("POST", "PATCH") else None)
        assert answer.status_code in (404, 422), (method, path, answer.text)
