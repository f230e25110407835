"""The figures of all providers' answers."""

from __future__ import annotations

from typing import Any

import pytest

from xpander_client.errors import ArgumentError
from xpander_client.legacy.usage import LLMTokens, Tokens, read_usage


@pytest.mark.parametrize(
    "answer",
    [
        {
            "model": "m",
            "choices": [{"finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        },
        {
            "model": "m",
            "stop_reason": "stop",
            "usage": {"input_tokens": 100, "output_tokens": 20},
        },
        {
            "model": "m",
            "stopReason": "stop",
            "usage": {"inputTokens": 100, "outputTokens": 20},
        },
        {
            "modelVersion": "m",
            "candidates": [{"finishReason": "stop"}],
            "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 20},
        },
        {"model": "m", "done_reason": "stop", "prompt_eval_count": 100, "eval_count": 20},
        {
            "response": {"model": "m", "usage": {"input_tokens": 100, "output_tokens": 20}},
            "status": "stop",
        },
    ],
)
def test_usage_is_found_in_every_family(answer: dict[str, Any]) -> None:
    usage = read_usage(answer)
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (100, 20, 120)
    assert (usage.model, usage.finish_reason) == ("m", "stop")


@pytest.mark.parametrize("answer", [{}, {"usage": None}, {"usage": {"prompt_tokens": "many"}}, 3])
def test_an_answer_without_usage_is_refused(answer: Any) -> None:
    with pytest.raises(ArgumentError, match=r"usage|should be an object"):
        read_usage(answer)


def test_tokens_as_the_platform_has_them() -> None:
    made = Tokens(inner=LLMTokens(1, 2), worker=LLMTokens(3, 4)).on_the_wire()
    assert made.inner is not None
    assert made.worker is not None
    assert (made.inner.completion_tokens, made.worker.prompt_tokens) == (1, 4)
