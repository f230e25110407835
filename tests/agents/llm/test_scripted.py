"""The model for tests."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from xpander_client.agents.llm.models import LLM
from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.llm.scripted import scripted
from xpander_client.agents.types.errors import ScriptEndedError
from xpander_client.agents.types.messages import Message
from xpander_client.agents.types.tokens import TokenChunk

ASKED = (Message("user", ["?"]),)


def test_answers_come_in_order_and_then_no_more() -> None:
    llm = scripted([LLMResponse("t", "h", "a"), "b", lambda messages: messages[0].text])
    assert isinstance(llm, LLM)
    assert llm.complete(ASKED) == LLMResponse("t", "h", "a")
    assert llm.complete(ASKED) == LLMResponse(code="b")
    assert llm.complete(ASKED).code == "?"
    with pytest.raises(ScriptEndedError, match="has 3 answers, this is request 4") as caught:
        llm.complete(ASKED)
    assert not caught.value.retryable
    assert llm.calls == [ASKED] * 4
    assert repr(llm) == "<scripted model: 4 of 3 answers given>"


async def test_errors_are_raised_whatever_way_they_are_written() -> None:
    errors: list[Any] = [ValueError("a"), ValueError, lambda _: ValueError("c")]
    llm = scripted([*errors, *errors])
    for _ in errors:
        with pytest.raises(ValueError):  # noqa: PT011  # the class is all that they share
            llm.complete(ASKED)
    for _ in errors:
        with pytest.raises(ValueError):  # noqa: PT011
            await llm.acomplete(ASKED)


async def test_functions_may_be_async_where_they_can_be_awaited() -> None:
    async def answer(messages: Any) -> str:
        await asyncio.sleep(0)
        return f"{len(messages)}"

    llm = scripted([answer, answer])
    assert (await llm.acomplete(ASKED)).code == "1"
    with pytest.raises(TypeError, match="async function"):
        llm.complete(ASKED)


async def test_on_token_sees_the_sections_of_the_answer() -> None:
    llm = scripted([LLMResponse(thinking="t", code="c"), "c"])
    chunks: list[TokenChunk] = []
    llm.complete(ASKED, chunks.append)
    await llm.acomplete(ASKED, chunks.append)
    assert [(chunk.type, chunk.content) for chunk in chunks if not chunk.done] == [
        ("thinking", "t"),
        ("python", "c"),
        ("python", "c"),
    ]


def test_each_answer_is_given_once_to_many_threads() -> None:
    class Slow(list[Any]):
        def append(self, item: Any) -> None:
            super().append(item)
            time.sleep(0.001)

    llm = scripted([str(number) for number in range(80)])
    llm.calls = Slow()
    got: list[str] = []

    def ask() -> None:
        got.extend(llm.complete(ASKED).code for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=int) == [str(number) for number in range(80)]


def test_what_is_no_answer_is_named() -> None:
    answer: Any = 7
    with pytest.raises(TypeError, match="not 7"):
        scripted([answer]).complete(ASKED)
