"""Models over HTTP: the provider's real client speaks with a server on this machine."""

from __future__ import annotations

import asyncio
import base64
import gc
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import pytest
from pydantic_ai.models.test import TestModel

from tests.openai_server import Fails, OpenAIServer, Pauses, Refuses, Says
from xpander_client.agents.llm import client, model_loop
from xpander_client.agents.llm.models import LLM, connect_llm
from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.types.errors import LLMCallError, ResponseParseError
from xpander_client.agents.types.messages import Image, Message
from xpander_client.agents.types.tokens import TokenChunk
from xpander_client.errors import ConfigurationError, ModuleException

ROOT = Path(__file__).resolve().parents[3]
ANSWER = """<TITLE>Compute</TITLE>
<THINKING>Six by seven.</THINKING>
<PYTHON>
x = 6 * 7
task_success(x)
</PYTHON>"""
RESPONSE = LLMResponse("Compute", "Six by seven.", "x = 6 * 7\ntask_success(x)")
ASKED = (Message("system", ["You compute."]), Message("user", ["6 * 7?"]))


def model_of(server: OpenAIServer, **options: Any) -> LLM:
    return connect_llm("openai", "gpt-x", base_url=server.base_url, api_key="key", **options)


def joined(chunks: list[TokenChunk], section: str) -> str:
    return "".join(chunk.content for chunk in chunks if chunk.type == section)


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_comes_alike_in_both_worlds_whole_and_in_pieces(streamed: bool) -> None:
    with OpenAIServer(Says(ANSWER), Says(ANSWER)) as server:
        model = model_of(server)
        for is_async in (False, True):
            chunks: list[TokenChunk] = []
            on_token = chunks.append if streamed else None
            if is_async:
                response = await model.acomplete(ASKED, on_token)
            else:
                response = await asyncio.to_thread(model.complete, ASKED, on_token)
            assert response == RESPONSE
            assert bool(chunks) is streamed
            if streamed:
                assert joined(chunks, "title") == RESPONSE.title
                assert joined(chunks, "thinking") == RESPONSE.thinking
                assert joined(chunks, "python") == RESPONSE.code
                assert [chunk.type for chunk in chunks if chunk.done] == [
                    "title",
                    "thinking",
                    "python",
                ]
                assert len(chunks) > 8
        assert [request.get("stream", False) for request in server.requests] == [streamed] * 2
        assert server.keys == ["Bearer key"] * 2


def test_the_conversation_arrives_with_its_roles_and_images() -> None:
    picture = Image("image/png", b"\x89PNG")
    with OpenAIServer(Says(ANSWER)) as server:
        model_of(server, temperature=0.5, max_tokens=100).complete(
            [
                *ASKED,
                Message("assistant", ["<PYTHON>view()</PYTHON>"]),
                Message("user", ["This is it:", picture]),
                Message("user", ["Go on."]),
            ]
        )
        (request,) = server.requests
    assert request["model"] == "gpt-x"
    assert request["temperature"] == 0.5
    assert [message["role"] for message in request["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
        "user",
    ]
    assert "You compute." in str(request["messages"][0])
    text, image = request["messages"][3]["content"]
    assert text["text"] == "This is it:"
    encoded = base64.b64encode(picture.data).decode()
    assert image["image_url"]["url"] == f"data:image/png;base64,{encoded}"


async def test_a_sync_call_works_inside_a_running_event_loop() -> None:
    with OpenAIServer(Says(ANSWER), Says(ANSWER)) as server:
        model = model_of(server)
        assert model.complete(ASKED) == RESPONSE
        assert model.complete(ASKED, lambda _: None) == RESPONSE


def test_one_model_serves_any_number_of_event_loops_and_threads() -> None:
    with OpenAIServer(*[Says(ANSWER)] * 12) as server:
        model = model_of(server)
        for _ in range(2):
            assert asyncio.run(model.acomplete(ASKED)) == RESPONSE
        answers: list[LLMResponse] = []
        threads = [
            threading.Thread(target=lambda: answers.append(model.complete(ASKED))) for _ in range(5)
        ]
        for thread in threads:
            thread.start()

        async def at_once() -> list[LLMResponse]:
            return await asyncio.gather(*(model.acomplete(ASKED) for _ in range(5)))

        answers += asyncio.run(at_once())
        for thread in threads:
            thread.join()
        assert answers == [RESPONSE] * 10


@pytest.mark.parametrize("is_async", [False, True])
def test_pieces_come_while_the_answer_is_written_and_where_the_caller_is(is_async: bool) -> None:
    reply = Pauses(ANSWER)
    threads = set()

    def on_token(chunk: TokenChunk) -> None:
        threads.add(threading.get_ident())
        # The rest is let through by the first piece only.
        reply.gate.set()

    with OpenAIServer(reply) as server:
        model = model_of(server, timeout_seconds=20)
        if is_async:
            response = asyncio.run(model.acomplete(ASKED, on_token))
        else:
            response = model.complete(ASKED, on_token)
    assert response == RESPONSE
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("streamed", [False, True])
async def test_no_sign_of_life_for_too_long_is_an_error(streamed: bool) -> None:
    reply = Pauses(ANSWER)
    with OpenAIServer(reply) as server:
        model = model_of(server, timeout_seconds=0.4)
        await asyncio.to_thread(connect_and_forget, model)
        began = time.monotonic()
        with pytest.raises(LLMCallError) as caught:
            await model.acomplete(ASKED, (lambda _: None) if streamed else None)
        assert time.monotonic() - began < 5
        assert caught.value.retryable
        reply.gate.set()


def connect_and_forget(model: LLM) -> None:
    """Loads the libraries, which takes longer than the test has time for."""
    connect_llm("openai", model.model, base_url="http://127.0.0.1:9/v1", timeout_seconds=20)
    with pytest.raises(LLMCallError):
        connect_llm("openai", "x", base_url="http://127.0.0.1:9/v1").complete(ASKED)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("status", "retryable"), [(400, False), (401, False), (404, False), (429, True), (500, True)]
)
def test_a_failed_request_is_made_once_and_says_whether_another_may_help(
    status: int, retryable: bool, streamed: bool
) -> None:
    with OpenAIServer(Fails(status, "of no use"), Says(ANSWER)) as server:
        model = model_of(server)
        with pytest.raises(LLMCallError, match="of no use") as caught:
            model.complete(ASKED, (lambda _: None) if streamed else None)
        assert len(server.requests) == 1
        assert (caught.value.status_code, caught.value.retryable) == (status, retryable)
        assert str(caught.value).startswith("openai gpt-x: ")
        assert model.complete(ASKED) == RESPONSE


def test_a_server_that_is_not_there_is_an_error_of_this_package() -> None:
    model = connect_llm("openai", "gpt-x", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(LLMCallError) as caught:
        model.complete(ASKED)
    assert caught.value.retryable
    assert isinstance(caught.value, ModuleException)


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_in_another_form_is_told_apart(streamed: bool) -> None:
    with (
        OpenAIServer(Says("I can't do that.")) as server,
        pytest.raises(ResponseParseError, match="no <PYTHON>"),
    ):
        model_of(server).complete(ASKED, (lambda _: None) if streamed else None)


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_that_is_mended_comes_whole_in_pieces_too(streamed: bool) -> None:
    with OpenAIServer(Says("So: ```python\nx\n```"), Says("<PYTHON>x")) as server:
        model = model_of(server)
        for _ in range(2):
            chunks: list[TokenChunk] = []
            assert model.complete(ASKED, chunks.append if streamed else None).code == "x"
            assert joined(chunks, "python") == "x" * streamed
            assert chunks[-1:] == [TokenChunk("python", "", True)] * streamed


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_that_was_cut_off_says_so_and_is_not_run(streamed: bool) -> None:
    with (
        OpenAIServer(Says("<PYTHON>delete(all", "length")) as server,
        pytest.raises(ResponseParseError, match="cut off at the limit of its length") as caught,
    ):
        model_of(server).complete(ASKED, (lambda _: None) if streamed else None)
    assert caught.value.retryable
    assert caught.value.answer == "<PYTHON>delete(all"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Refuses("I won't."), "the model refused to answer: I won't."),
        (Says("<PYTHON>x</PYTHON>", "content_filter"), "content filter stopped the answer"),
    ],
)
def test_a_refusal_is_told_for_what_it_is_and_not_repeated(
    reply: Any, text: str, streamed: bool
) -> None:
    with OpenAIServer(reply) as server, pytest.raises(LLMCallError, match=text) as caught:
        model_of(server).complete(ASKED, (lambda _: None) if streamed else None)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "2"}, 2.0),
        (503, {"Retry-After": "0.5"}, 0.5),
        (500, {"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        (429, {"retry-after": "soon"}, None),
        (503, {}, None),
    ],
)
def test_the_wait_that_a_provider_asks_for_is_told_with_the_error(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    with OpenAIServer(Fails(status, headers=headers)) as server:
        model = model_of(server)
        with pytest.raises(LLMCallError) as caught:
            model.complete(ASKED)
    assert caught.value.retry_after == seconds


def test_an_error_in_on_token_ends_the_request_and_reaches_the_caller() -> None:
    def on_token(_: TokenChunk) -> None:
        raise ZeroDivisionError

    reply = Pauses(ANSWER)
    with OpenAIServer(reply, reply) as server:
        model = model_of(server)
        with pytest.raises(ZeroDivisionError):
            model.complete(ASKED, on_token)
        with pytest.raises(ZeroDivisionError):
            asyncio.run(model.acomplete(ASKED, on_token))
        deadline = time.monotonic() + 5
        while (under_way := requests_under_way()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert under_way == 0
        reply.gate.set()


def requests_under_way() -> int:
    async def count() -> int:
        return len(asyncio.all_tasks()) - 1

    return model_loop.submit(count()).result(5)


async def test_the_one_who_asks_first_may_give_up_without_harm_to_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Slow(TestModel):
        async def __aenter__(self) -> Self:
            opening.set()
            while not opened.is_set():  # noqa: ASYNC110  # on another loop
                await asyncio.sleep(0.01)
            return self

    opening, opened = threading.Event(), threading.Event()
    monkeypatch.setattr(
        client, "open_model", lambda _: Slow(call_tools=[], custom_output_text=ANSWER)
    )
    model = connect_llm("openai", "gpt-x")
    first = asyncio.create_task(model.acomplete(ASKED))
    await asyncio.to_thread(opening.wait, 10)
    second = asyncio.create_task(model.acomplete(ASKED))
    await asyncio.sleep(0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    opened.set()
    assert await asyncio.wait_for(second, 10) == RESPONSE


async def test_a_cancelled_call_stops_waiting_at_once_and_the_model_goes_on() -> None:
    reply = Pauses(ANSWER)
    with OpenAIServer(reply, Says(ANSWER)) as server:
        model = model_of(server)
        task = asyncio.create_task(model.acomplete(ASKED))
        while not server.requests:  # noqa: ASYNC110  # another thread fills them
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await model.acomplete(ASKED) == RESPONSE
        reply.gate.set()


def test_a_missing_key_is_an_error_that_names_where_to_set_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    model = connect_llm("openai", "gpt-x")
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        model.complete(ASKED)
    with OpenAIServer(Says(ANSWER)) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "late")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert model.complete(ASKED) == RESPONSE
        assert server.keys == ["Bearer late"]


def test_no_model_is_an_error_that_says_how_to_configure_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XPANDER_LLM_PROVIDER", raising=False)
    monkeypatch.delenv("XPANDER_LLM_MODEL", raising=False)
    with pytest.raises(ConfigurationError, match=r"connect_llm\(\"openai\".*XPANDER_LLM_PROVIDER"):
        connect_llm()
    with pytest.raises(ConfigurationError, match="there is no model"):
        connect_llm("openai")
    monkeypatch.setenv("XPANDER_LLM_PROVIDER", "anthropic")
    monkeypatch.setenv("XPANDER_LLM_MODEL", "claude")
    assert repr(connect_llm()) == "<model claude of anthropic>"
    assert connect_llm("openai").provider == "openai"


@pytest.mark.parametrize("provider", ["dummy", "OpenAI", 7])
def test_a_provider_that_is_not_there_is_refused_with_the_choices(provider: Any) -> None:
    with pytest.raises(ValueError, match=r"Unsupported provider: .* openai, anthropic, google"):
        connect_llm(provider, "m")


@pytest.mark.parametrize("timeout", [0, -1, True])
def test_a_timeout_has_to_be_a_time(timeout: Any) -> None:
    with pytest.raises(ValueError, match="timeout_seconds"):
        connect_llm("openai", "m", timeout_seconds=timeout)


@pytest.mark.parametrize(
    ("provider", "module"),
    [
        ("openai", "openai"),
        ("anthropic", "anthropic"),
        ("google", "google.genai"),
        ("gemini", "google.genai"),
        ("bedrock", "boto3"),
        ("openai", "pydantic_ai"),
    ],
)
def test_a_client_that_is_not_installed_is_named_with_its_extra(
    provider: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "xpander_client.agents.llm.providers._is_installed", lambda name: name != module
    )
    extra = "google" if provider == "gemini" else provider
    with pytest.raises(ImportError, match=rf"{module}.*xpander-client\[agents-{extra}\]") as caught:
        connect_llm(provider, "m")
    assert caught.value.name == module


def test_a_key_is_in_no_text_about_the_model() -> None:
    model = connect_llm("openai", "gpt-x", api_key="secret")
    assert "secret" not in repr(model) + repr(vars(model)) + repr(model._client.connection)  # type: ignore[attr-defined]


def test_connections_are_closed_when_the_model_is_gone() -> None:
    with OpenAIServer(Says(ANSWER)) as server:
        model = model_of(server)
        model.complete(ASKED)
        pydantic_model = model._client._opening.result()  # type: ignore[attr-defined]
        del model
        gc.collect()
        deadline = time.monotonic() + 5
        while not pydantic_model.client.is_closed() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert pydantic_model.client.is_closed()


def python(code: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", code],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_what_is_open_at_the_end_of_the_interpreter_is_closed() -> None:
    code = """
import asyncio
from xpander_client.agents.llm import model_loop
async def close(text, seconds=0):
    await asyncio.sleep(seconds)
    print(text)
async def fail():
    raise ValueError
async def work():
    try:
        await asyncio.sleep(100)
    finally:
        print("cancelled")
model_loop.submit(asyncio.sleep(0)).result()
model_loop.submit(work())
kept, forgotten = (lambda: close("closed", 0.1)), (lambda: close("forgotten"))
for closing in (kept, forgotten, fail):
    model_loop.close_at_end(closing)
model_loop.forget(forgotten)
print("end")
"""
    assert python(code) == (0, "end\ncancelled\nclosed\n", "")


@pytest.mark.slow
def test_a_model_works_on_in_a_forked_child() -> None:
    with OpenAIServer(*[Says(ANSWER)] * 3) as server:
        code = f"""
import os, sys, warnings
warnings.simplefilter("ignore")  # newer versions of Python warn of any fork
from xpander_client.agents.llm.models import (connect_llm)
from xpander_client.agents.types.messages import Message
model = connect_llm("openai", "m", base_url={server.base_url!r}, api_key="k")
ask = lambda: print(model.complete([Message("user", "?")]).title, flush=True)
ask()
opened = model._client._opening
child = os.fork()
ask()
# The child has connections of its own.
assert (model._client._opening is opened) is bool(child)
if child:
    sys.exit(os.waitpid(child, 0)[1])
"""
        assert python(code) == (0, "Compute\n" * 3, "")


@pytest.mark.slow
def test_the_interpreter_ends_cleanly_with_requests_under_way() -> None:
    code = f"""
import threading, time
from tests.openai_server import OpenAIServer, Pauses, Says
from xpander_client.agents.types.errors import LLMCallError
from xpander_client.agents.llm.models import (connect_llm)
from xpander_client.agents.types.messages import Message
server = OpenAIServer(Says({ANSWER!r}), Pauses({ANSWER!r}))
server._thread.daemon = True
server._server.daemon_threads = True
server._thread.start()
model = connect_llm("openai", "m", base_url=server.base_url, api_key="k")
print(model.complete([Message("user", ["?"])]).title)
def ask():
    try:
        model.complete([Message("user", ["?"])])
    except LLMCallError as error:
        assert "ending" in str(error)
threading.Thread(target=ask, daemon=True).start()
while len(server.requests) < 2:
    time.sleep(0.01)
"""
    for _ in range(3):
        assert python(code) == (0, "Compute\n", "")
