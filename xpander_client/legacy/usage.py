"""What model calls took, read from the answers of all providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from xpander_client.api.models import ExecutionTokens, Tokens as WireTokens
from xpander_client.api.resources import Task
from xpander_client.core.plain_values import PlainValues
from xpander_client.errors import ArgumentError


@attrs.define
class LLMTokens(PlainValues):
    """Tokens that a model wrote and read."""

    completion_tokens: int = 0
    prompt_tokens: int = 0
    total_tokens: int = 0


@attrs.define
class Tokens(PlainValues):
    """What models took for a task: on the platform (`inner`) and in this script (`worker`).

    Example:
        >>> Tokens(worker=LLMTokens(completion_tokens=20, prompt_tokens=100)).worker.prompt_tokens
        100
    """

    inner: LLMTokens = attrs.field(factory=LLMTokens)
    worker: LLMTokens = attrs.field(factory=LLMTokens)

    def on_the_wire(self) -> ExecutionTokens:
        """Return the same as the platform has it."""
        return ExecutionTokens(inner=_wire(self.inner), worker=_wire(self.worker))


@attrs.frozen
class Usage:
    """What one answer of a model took, and how it ended."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    model: str
    finish_reason: str


# Where each family of providers puts its figures: the object, the tokens read, those written.
_PLACES = (
    (("usage",), "prompt_tokens", "completion_tokens"),
    (("usage",), "input_tokens", "output_tokens"),
    (("usage",), "inputTokens", "outputTokens"),
    (("usageMetadata",), "promptTokenCount", "candidatesTokenCount"),
    (("usage_metadata",), "prompt_token_count", "candidates_token_count"),
    (("usage_metadata",), "input_tokens", "output_tokens"),
    (("response", "usage"), "input_tokens", "output_tokens"),
    ((), "prompt_eval_count", "eval_count"),
)
_REASONS = ("finish_reason", "stop_reason", "stopReason", "done_reason", "finishReason", "status")


def read_usage(response: Any) -> Usage:
    """Return the usage in a model's answer, a dict or an object of the provider's SDK.

    Raises:
        ArgumentError: there is none in it.

    Example:
        >>> read_usage({"model": "gpt-5", "usage": {"prompt_tokens": 100, "completion_tokens": 20}})
        Usage(prompt_tokens=100, completion_tokens=20, total_tokens=120, model='gpt-5', \
finish_reason='')
    """
    given = response if isinstance(response, Mapping) else _as_mapping(response)
    for path, read, wrote in _PLACES:
        at: Any = given
        for name in path:
            at = at.get(name) if isinstance(at, Mapping) else None
        if isinstance(at, Mapping) and isinstance(at.get(read), int):
            prompt, completion = at[read], at.get(wrote) or 0
            total = at.get("total_tokens") or prompt + completion
            return Usage(prompt, completion, total, _model(given), _reason(given))
    raise ArgumentError(
        "llm response must include usage (with prompt_tokens and completion_tokens, or what the "
        f"provider calls them); it has {', '.join(map(str, given)) or 'nothing'}"
    )


def read_tokens(task: Task) -> Tokens:
    """Return what models took for a task; what nobody has said is 0."""
    given = task.additional_properties.get("llm_tokens")
    if isinstance(given, Mapping):
        return Tokens(_read_counts(given.get("inner")), _read_counts(given.get("worker")))
    said = task.tokens or WireTokens()
    counts = said.completion_tokens or 0, said.prompt_tokens or 0, said.total_tokens
    return Tokens(worker=LLMTokens(*counts))


def _read_counts(given: object) -> LLMTokens:
    counts = given if isinstance(given, Mapping) else {}
    return LLMTokens(*(counts.get(field.name) or 0 for field in attrs.fields(LLMTokens)))


def _as_mapping(response: Any) -> Mapping[str, Any]:
    for name in ("model_dump", "to_dict", "dict"):
        convert = getattr(response, name, None)
        if callable(convert):
            made = convert()
            if isinstance(made, Mapping):
                return made
    raise ArgumentError(f"LLM response should be an object, got {type(response).__name__}")


def _model(given: Mapping[str, Any]) -> str:
    nested = given.get("response")
    for at in (given, nested if isinstance(nested, Mapping) else {}):
        for name in ("model", "modelVersion", "model_version"):
            if isinstance(at.get(name), str):
                return str(at[name])
    return "unknown"


def _reason(given: Mapping[str, Any]) -> str:
    """Return why the model ended its answer; providers with several answers say it of each."""
    answers = given.get("choices") or given.get("candidates") or ()
    for at in (given, *(each for each in answers if isinstance(each, Mapping))):
        for name in _REASONS:
            if isinstance(at.get(name), str):
                return str(at[name])
    return ""


def _wire(tokens: LLMTokens) -> WireTokens:
    # The total is the platform's to say.
    return WireTokens(
        completion_tokens=tokens.completion_tokens, prompt_tokens=tokens.prompt_tokens
    )
