"""Ollama's chat API: arguments are objects, answers name their tool.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xpander_client.legacy.providers.arguments import json_text
from xpander_client.legacy.providers.chat import chat
from xpander_client.legacy.providers.family import Family, no_chunk
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.tool import Tool
from xpander_client.legacy.providers.turns import ThreadTurn

_CHAT = chat(LLMProvider.OLLAMA)
_FIELDS = ("properties", "required", "anyOf")


def answers(response: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the message of an answer, or None if it is not Ollama's."""
    message = response.get("message")
    if not isinstance(message, Mapping) or "role" in response:
        return None
    no_chunk(response.get("done") is False, "a part of a streamed answer")
    return [message]


def _messages(turn: ThreadTurn) -> Iterator[dict[str, Any]]:
    message: dict[str, Any] = {"role": turn.role, "content": turn.text}
    if "thinking" in turn.reasoning:
        message["thinking"] = turn.reasoning["thinking"]
    if turn.calls:
        message["tool_calls"] = [
            {"function": {"name": call.name, "arguments": call.arguments_object}}
            for call in turn.calls
        ]
    yield message
    for call in turn.calls:
        yield {"role": "tool", "tool_name": call.name, "content": call.answer}


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """OpenAI's form, in which what parameters consist of is also described in words.

    Ollama's own package sends what kind of value a parameter is and its description; what is
    inside of an object, where all parameters of the platform's tools are, and alternatives it
    leaves out.
    """
    found = _CHAT.tools(tools)
    for made in found:
        properties = made["function"]["parameters"]["properties"]
        for name, part in properties.items():
            if isinstance(part, dict):
                properties[name] = _write_message(part)
    return found


def _write_message(part: dict[str, Any]) -> dict[str, Any]:
    options = [one for one in part.get("anyOf") or () if one != {"type": "null"}]
    if len(options) == 1:  # that it may be left out says `required`
        part = {**options[0], **{key: value for key, value in part.items() if key != "anyOf"}}
    fields = {key: part[key] for key in _FIELDS if key in part}
    kind = "object" if part.get("properties") else "value" if "anyOf" in part else None
    if kind is None:
        return part
    words = (part.get("description"), f"A JSON {kind} with {json_text(fields)}")
    return {**part, "description": " ".join(word for word in words if word)}


OLLAMA = Family(
    tools=_tools,
    messages=lambda turns: [message for turn in turns for message in _messages(turn)],
)
