"""Keys are checked with the platform, as often as it takes and no more often."""

from __future__ import annotations

import asyncio
import json
import threading
from hashlib import sha256

import attrs
import pytest

from tests.platform.wire import Clock
from tests.raw_server import Connection, RawServer, Script
from tests.worker.http.conftest import AGENT, TASK, Runs, serving, transport_of
from xpander_client import RetryPolicy, Task
from xpander_client.platform import LocalPlatform
from xpander_client.worker.http.keys import KeyCheck, KeyVerdict

KEY = "secret-key"


def allowing(*agents: str) -> Script:
    def script(connection: Connection) -> None:
        assert connection.line == "POST /metadata/api_key_allowance HTTP/1.1"
        key = json.loads(connection.request.partition("\r\n\r\n")[2])["api_key"]
        body = json.dumps({"api_key": key, "agent_ids": list(agents)}).encode()
        connection.answer(body, 200, "content-type: application/json", "connection: close")

    return script


def answering(status: int) -> Script:
    return lambda connection: connection.answer(
        b'{"detail": "there is no secret-key"}',
        status,
        "content-type: application/json",
        "connection: close",
    )


@pytest.mark.parametrize(
    ("before", "first", "after", "then"),
    [
        ((AGENT, "another"), KeyVerdict.ALLOWED, ("another",), KeyVerdict.DENIED),
        (("another",), KeyVerdict.DENIED, (AGENT,), KeyVerdict.ALLOWED),
    ],
)
async def test_what_the_platform_said_is_believed_for_five_seconds(
    before: tuple[str, ...], first: KeyVerdict, after: tuple[str, ...], then: KeyVerdict
) -> None:
    clock = Clock()
    with RawServer(allowing(*before), allowing(*after)) as server:
        async with transport_of(server.configuration()) as transport:
            check = KeyCheck(transport, AGENT, clock)
            assert await check.access(KEY) is first
            clock.now += 4
            assert await check.access(KEY) is first
            assert len(server.lines) == 1
            clock.now += 2
            assert await check.access(KEY) is then


async def test_of_a_key_only_its_digest_is_kept() -> None:
    with RawServer(allowing(AGENT), allowing()) as server:
        async with transport_of(server.configuration()) as transport:
            check = KeyCheck(transport, AGENT)
            assert await check.access("right") is KeyVerdict.ALLOWED
            assert await check.access("wrong") is KeyVerdict.DENIED
            assert set(check._allowed._found) == {sha256(b"right").digest()}
            assert set(check._denied._found) == {sha256(b"wrong").digest()}
            assert not check._asking


async def test_each_key_is_checked_for_itself() -> None:
    with RawServer(allowing(AGENT), allowing()) as server:
        async with transport_of(server.configuration()) as transport:
            check = KeyCheck(transport, AGENT)
            assert await check.access("one") is KeyVerdict.ALLOWED
            assert await check.access("two") is KeyVerdict.DENIED


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_a_platform_that_cannot_tell_is_asked_again(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(*[answering(status)] * 4) as server:
        configuration = attrs.evolve(server.configuration(), timeout=30.0)
        async with transport_of(configuration) as transport:
            check = KeyCheck(transport, AGENT)
            assert await check.access(KEY) is KeyVerdict.UNKNOWN
            asked = len(server.lines)
            assert await check.access(KEY) is KeyVerdict.UNKNOWN
            assert len(server.lines) == 2 * asked
    assert str(status) in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_what_the_platform_does_not_take_for_a_key_is_denied(status: int) -> None:
    with RawServer(answering(status)) as server:
        async with transport_of(server.configuration()) as transport:
            check = KeyCheck(transport, AGENT)
            assert await check.access(KEY) is KeyVerdict.DENIED
            assert await check.access(KEY) is KeyVerdict.DENIED


async def test_an_answer_that_is_none_lets_nobody_in() -> None:
    def nonsense(connection: Connection) -> None:
        connection.answer(b'{"agent_ids": "all"}', 200, "content-type: application/json")

    with RawServer(nonsense) as server:
        async with transport_of(server.configuration()) as transport:
            assert await KeyCheck(transport, AGENT).access(KEY) is KeyVerdict.UNKNOWN


async def test_requests_with_the_same_key_make_one_check_even_if_the_first_goes_away() -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        asked.set()
        assert answer.wait(10)
        allowing(AGENT)(connection)

    with RawServer(slow) as server:
        async with transport_of(server.configuration()) as transport:
            check = KeyCheck(transport, AGENT)
            first, *others = [asyncio.create_task(check.access(KEY)) for _ in range(20)]
            assert await asyncio.to_thread(asked.wait, 10)
            first.cancel()
            answer.set()
            assert await asyncio.gather(*others) == [KeyVerdict.ALLOWED] * 19
            assert len(server.lines) == 1


async def test_a_check_that_is_given_up_leaves_nothing_behind() -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        asked.set()
        assert answer.wait(10)

    with RawServer(slow) as server:
        async with transport_of(server.configuration()) as transport:
            check = KeyCheck(transport, AGENT)
            waiting = asyncio.create_task(check.access(KEY))
            assert await asyncio.to_thread(asked.wait, 10)
            await check.aclose()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            answer.set()


@pytest.mark.slow
async def test_wrong_keys_however_many_do_not_push_out_a_right_one(
    platform: LocalPlatform,
) -> None:
    async with transport_of(platform.configuration) as transport:
        check = KeyCheck(transport, AGENT, Clock())
        assert await check.access(platform.api_key) is KeyVerdict.ALLOWED
        for start in range(0, 1100, 100):
            found = await asyncio.gather(
                *(check.access(f"wrong-{number}") for number in range(start, start + 100))
            )
            assert set(found) == {KeyVerdict.DENIED}
    unreachable = attrs.evolve(
        platform.configuration, base_url="http://127.0.0.1:9", retry=RetryPolicy(attempts=1)
    )
    async with transport_of(unreachable) as transport:
        check._transport = transport
        assert await check.access(platform.api_key) is KeyVerdict.ALLOWED
        assert await check.access("wrong-1099") is KeyVerdict.DENIED
        assert await check.access("wrong-0") is KeyVerdict.UNKNOWN  # forgotten: there were too many


async def test_while_the_platform_is_away_it_is_503_and_then_all_is_well_again() -> None:
    async def answer(task: Task) -> Task:
        task.result = "done"
        return task

    agents = [{"id": AGENT, "name": "Under test"}]
    with LocalPlatform(agents=agents) as before:
        key, port = before.api_key, int(before.url.rpartition(":")[2])
        async with serving(Runs(answer), before) as client:
            before.close()
            away = await client.post("/invoke", json=TASK)
            assert away.status_code == 503
            assert away.headers["retry-after"] == "1"
            assert "platform" in away.json()["detail"]
            assert (await client.get("/health")).status_code == 200
            with LocalPlatform(agents=agents, api_key=key, port=port):
                back = await client.post("/invoke", json=TASK)
                assert (back.status_code, back.json()["result"]) == (200, "done")
            # What is known already needs no platform.
            assert (await client.post("/invoke", json=TASK)).status_code == 200
            other = await client.post("/invoke", json=TASK, headers={"x-api-key": "another"})
            assert other.status_code == 503
