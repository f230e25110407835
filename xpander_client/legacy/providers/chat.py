"""OpenAI's Chat Completions, and everything that speaks like it.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from xpander_client.legacy.providers.family import Family, no_chunk
from xpander_client.legacy.providers.gemini_schema import gemini_schema
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.names import wire_name
from xpander_client.legacy.providers.tool import (
    Tool,
    close_schema,
    write_description,
    write_parameters,
)
from xpander_client.legacy.providers.turns import BLANK, SIGNATURE, ThreadCall, ThreadTurn

_REASONING = ("reasoning_content", "reasoning_details", "thinking_blocks")
"""Fields of a message that go back as they came."""


@attrs.frozen
class _Dialect:
    """In what one provider of the family differs from the others."""

    provider: LLMProvider
    closes_objects: bool = False
    """Whether every object of a schema says that it takes nothing else."""
    is_gemini: bool = False
    """Schemas are those of Gemini, no message is empty; signatures go with the calls, and nothing
    that it does not know."""
    silence: str | None = None
    """The content of a message that has only calls."""
    is_langchain: bool = False
    """A content may be blocks, of which Anthropic's reasoning is the first."""


def chat(
    provider: LLMProvider,
    *,
    closes_objects: bool = False,
    is_gemini: bool = False,
    silence: str | None = None,
    is_langchain: bool = False,
) -> Family:
    """Return the family's member; the arguments say in what it differs."""
    dialect = _Dialect(provider, closes_objects, is_gemini, silence, is_langchain=is_langchain)
    return Family(
        tools=lambda tools: [_tool(tool, dialect) for tool in tools],
        messages=lambda turns: [m for turn in turns for m in _messages(turn, dialect)],
        is_one_by_one=not (is_gemini or is_langchain),
    )


def function(tool: Tool, provider: LLMProvider, *, closes_objects: bool = False) -> dict[str, Any]:
    """Return what OpenAI calls a function: name, description and the schema of its parameters."""
    parameters = write_parameters(tool)
    parameters.setdefault("additionalProperties", False)
    return {
        "name": wire_name(tool.name, provider),
        "description": write_description(tool),
        "parameters": close_schema(parameters) if closes_objects else parameters,
    }


def answers(response: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the messages of a chat completion, or None if it is none."""
    choices = response.get("choices")
    if not isinstance(choices, Sequence) or isinstance(choices, str):
        return None
    no_chunk(
        response.get("object") == "chat.completion.chunk"
        or any(isinstance(c, Mapping) and c.get("delta") is not None for c in choices),
        "a chunk of a chat completion",
    )
    messages = [c.get("message") if isinstance(c, Mapping) else None for c in choices]
    return [m for m in messages if isinstance(m, Mapping)] if all(messages) else None


def _tool(tool: Tool, dialect: _Dialect) -> dict[str, Any]:
    made = function(tool, dialect.provider, closes_objects=dialect.closes_objects)
    if dialect.is_gemini:
        parameters = gemini_schema(made.pop("parameters"), spelled=str.lower)
        if parameters.get("properties"):
            made["parameters"] = parameters
    return {"type": "function", "function": made}


def _messages(turn: ThreadTurn, dialect: _Dialect) -> Iterator[dict[str, Any]]:
    reasoning = {} if dialect.is_gemini else turn.reasoning
    besides = {key: copy.deepcopy(reasoning[key]) for key in _REASONING if key in reasoning}
    if not turn.calls:
        if turn.text or not dialect.is_gemini:
            yield {"role": turn.role, "content": _content(turn, turn.text, dialect), **besides}
        elif turn.role == "user":
            yield {"role": "user", "content": BLANK}
        return
    yield {
        "role": "assistant",
        "content": _content(turn, turn.text or dialect.silence, dialect),
        "tool_calls": [_call(call, dialect) for call in turn.calls],
        **besides,
    }
    for call in turn.calls:
        yield {"role": "tool", "tool_call_id": call.id, "content": call.answer}


def _content(turn: ThreadTurn, text: str | None, dialect: _Dialect) -> Any:
    blocks = turn.reasoning.get("content") if dialect.is_langchain else None
    if not blocks:
        return text
    copied = [dict(block) for block in blocks]
    return [*copied, {"type": "text", "text": text}] if text else copied


def _call(call: ThreadCall, dialect: _Dialect) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }
    if dialect.is_gemini and call.signature:
        made["extra_content"] = {"google": {SIGNATURE: call.signature}}
    return made
