"""Each provider's real client, against a server on this machine that speaks its language."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from tests.agents.llm.provider_servers import serving
from xpander_client.agents.llm.models import connect_llm
from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.types.errors import LLMCallError, ResponseParseError
from xpander_client.agents.types.messages import Image, Message
from xpander_client.agents.types.tokens import TokenChunk

ANSWER = "<PYTHON>\nx = 6 * 7\ntask_success(x)\n</PYTHON>"
CODE = "x = 6 * 7\ntask_success(x)"
MESSAGES = (
    Message("system", ["You compute."]),
    Message("user", ["6 * 7?", Image("image/png", b"\x89PNG\r\n\x1a\n")]),
    Message("assistant", ["<PYTHON>x</PYTHON>"]),
    Message("user", ["Go on."]),
)
OPTIONS: dict[str, dict[str, Any]] = {
    "anthropic": {"api_key": "key"},
    "google": {"api_key": "key"},
    "bedrock": {
        "region_name": "us-east-1",
        "aws_access_key_id": "id",
        "aws_secret_access_key": "secret",
    },
}
MODELS = {"anthropic": "claude-x", "google": "gemini-x", "bedrock": "us.amazon.nova-pro-v1:0"}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("provider", OPTIONS)
def test_an_answer_comes_in_both_worlds(provider: str, streamed: bool) -> None:
    with serving(provider, ANSWER) as served:
        model = connect_llm(
            provider,
            MODELS[provider],
            base_url=served.base_url,
            max_tokens=100,
            **OPTIONS[provider],
        )
        chunks: list[TokenChunk] = []
        on_token = chunks.append if streamed else None
        first = model.complete(MESSAGES, on_token)
        second = asyncio.run(model.acomplete(MESSAGES, on_token))
        assert first == second
        assert first.code == CODE
        python = [chunk.content for chunk in chunks if chunk.type == "python"]
        assert "".join(python) == CODE * 2 * streamed
        assert len(python) > 5 or not streamed
        assert len(served.requests) == 2
        asked = str(served.requests[0])
        assert "You compute." in asked
        assert "Go on." in asked
        assert "iVBOR" in asked  # how the picture begins, in base64
        del model
    gc.collect()


def test_thoughts_that_a_provider_sends_apart_are_the_thinking_of_the_answer() -> None:
    with serving("anthropic", ANSWER) as served:
        model = connect_llm("anthropic", "claude-x", base_url=served.base_url, api_key="key")
        chunks: list[TokenChunk] = []
        assert model.complete(MESSAGES, chunks.append) == LLMResponse("", "Deep thoughts.", CODE)
    thinking = [chunk for chunk in chunks if chunk.type == "thinking"]
    assert thinking == [
        TokenChunk("thinking", "Deep "),
        TokenChunk("thinking", "thoughts."),
        TokenChunk("thinking", "", True),
    ]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("provider", "reason", "error", "text"),
    [
        ("anthropic", "refusal", LLMCallError, "the model refused to answer"),
        ("anthropic", "max_tokens", ResponseParseError, "cut off at the limit"),
        ("google", "SAFETY", LLMCallError, "content filter"),
        ("google", "MAX_TOKENS", ResponseParseError, "cut off at the limit"),
        ("bedrock", "guardrail_intervened", LLMCallError, "content filter"),
        ("bedrock", "max_tokens", ResponseParseError, "cut off at the limit"),
    ],
)
def test_why_an_answer_ended_is_told_in_the_words_of_no_provider(
    provider: str, reason: str, error: type[LLMCallError], text: str, streamed: bool
) -> None:
    with serving(provider, "<PYTHON>\ndelete(all", reason) as served:
        model = connect_llm(
            provider, MODELS[provider], base_url=served.base_url, **OPTIONS[provider]
        )
        with pytest.raises(error, match=text) as caught:
            model.complete(MESSAGES, (lambda _: None) if streamed else None)
    assert type(caught.value) is error
    assert caught.value.retryable is (error is ResponseParseError)
    assert len(served.requests) == 1
