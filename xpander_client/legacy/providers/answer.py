"""What a model answered: its text and its calls, whichever provider's form the answer has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from xpander_client.api.models import ThreadToolCall
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import (
    anthropic,
    bedrock,
    chat,
    gemini,
    langchain,
    ollama,
    realtime,
)
from xpander_client.legacy.providers.arguments import json_text, read_call
from xpander_client.legacy.providers.llm_provider import LLMProvider, provider as provider_of
from xpander_client.legacy.providers.plain import make_id_source, mend, plain
from xpander_client.legacy.providers.reading import Parts, WrittenCall, read_message
from xpander_client.legacy.providers.tool_call import ToolCall
from xpander_client.legacy.providers.turns import REASONING, SIGNATURE

# The forms exclude one another, so the order says nothing.
_RECOGNISERS = (chat, bedrock, anthropic, gemini, ollama, langchain, realtime)
_EXPECTED = (
    "a model's whole answer, as a dict or as the object of its package: OpenAI's (choices), "
    "Bedrock's (output.message), Anthropic's (content), Gemini's (candidates), Ollama's (message), "
    "LangChain's (an AIMessage) or Realtime's (response.done)"
)


@attrs.frozen
class Reply:
    """One reply of a model; an answer with several choices has one for each."""

    text: str | None
    calls: tuple[ToolCall, ...] = ()
    raw_calls: tuple[ThreadToolCall, ...] = ()
    """The calls as a thread keeps them: the arguments are what the model wrote."""
    reasoning: Mapping[str, Any] = attrs.field(factory=dict)
    """What the provider wants back of the model's reasoning."""


def read_reply(response: Any, provider: LLMProvider | str | None = None) -> tuple[Reply, ...]:
    """Read the replies in a model's answer, of which the form says whose it is.

    Args:
        response: the answer, as a dict or as an object of the provider's package.
        provider: whose answer it should be; it only has to exist, the answer's form decides.

    Raises:
        ArgumentError: it is no answer of a model, or a part of one that was streamed.

    Example:
        >>> answer = {"choices": [{"message": {"role": "assistant", "content": "Hello"}}]}
        >>> read_reply(answer)[0].text
        'Hello'
    """
    if provider is not None:
        provider_of(provider)
    value = plain(response)
    messages = _messages(value)
    if messages is None:
        raise ArgumentError(f"expected {_EXPECTED}; got {_shape(response, value)}")
    replies = [read_message(message) for message in messages]
    give_ids(replies, value)
    return tuple(
        Reply(
            mend(parts.text),
            tuple(read_call(call.name, call.arguments, call.id or "") for call in parts.calls),
            tuple(raw_call(call) for call in parts.calls),
            mend(parts.reasoning),
        )
        for parts in replies
    )


def tool_calls_in(
    response: Any, provider: LLMProvider | str | None = LLMProvider.OPEN_AI
) -> list[ToolCall]:
    """Read the calls in a model's answer, those of all its choices.

    Raises:
        ArgumentError: as `read_reply`.
    """
    return [call for reply in read_reply(response, provider) for call in reply.calls]


def is_answer(value: Any) -> bool:
    """Tell whether plain values are a model's whole answer.

    Raises:
        ArgumentError: they are a part of one that was streamed.
    """
    return _messages(value) is not None


def give_ids(replies: Iterable[Parts], value: Any) -> None:
    """Give the calls that have no id, or one that an earlier call has, an id made from `value`.

    Names and ids can be sent after that.
    """
    generated = make_id_source(value)
    taken: set[str] = set()
    position = 0
    for parts in replies:
        for at, call in enumerate(parts.calls):
            given = mend(call.id)
            identity = given if given and given not in taken else generated(position)
            parts.calls[at] = attrs.evolve(call, id=identity, name=mend(call.name))
            taken.add(identity)
            position += 1


def raw_call(call: WrittenCall) -> ThreadToolCall:
    """Return the call as a thread keeps it."""
    extra = {SIGNATURE: call.signature} if call.signature else {}
    return ThreadToolCall(
        name=call.name,
        payload=mend(json_text(call.arguments)),
        tool_call_id=call.id or "",
        additional_properties=extra,
    )


def beside(reasoning: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a thread keeps of the reasoning, beside the message's own fields."""
    return {REASONING: dict(reasoning)} if reasoning else {}


def _messages(value: Any) -> list[Mapping[str, Any]] | None:
    if not isinstance(value, Mapping):
        return None
    found = (recogniser.answers(value) for recogniser in _RECOGNISERS)
    return next((messages for messages in found if messages is not None), None)


def _shape(given: Any, value: Any) -> str:
    name = type(given).__name__
    if not isinstance(value, Mapping):
        return name
    keys = sorted(value)
    shown = ", ".join(keys[:12]) + (", …" if len(keys) > 12 else "")
    return f"{name} with {shown or 'nothing in it'}"
