"""Gemini's own API.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xpander_client.legacy.providers.family import Family
from xpander_client.legacy.providers.gemini_schema import gemini_schema
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.names import wire_name
from xpander_client.legacy.providers.tool import Tool, write_description, write_parameters
from xpander_client.legacy.providers.turns import ThreadTurn, alternating

_Blocks = list[dict[str, Any]]


def answers(response: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the candidates' contents, or None if the answer is not Gemini's.

    A candidate that was stopped before it said anything has no content.
    """
    candidates = response.get("candidates")
    if isinstance(candidates, list):
        contents = [c.get("content") for c in candidates if isinstance(c, Mapping)]
        return [content for content in contents if isinstance(content, Mapping)]
    return [] if "promptFeedback" in response or "prompt_feedback" in response else None


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    declarations = [_declaration(tool) for tool in tools]
    return [{"function_declarations": declarations}] if declarations else []


def _declaration(tool: Tool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": wire_name(tool.name, LLMProvider.GEMINI),
        "description": write_description(tool),
    }
    schema = gemini_schema(write_parameters(tool))
    if schema.get("properties"):  # an object that lists none is refused
        made["parameters"] = schema
    return made


def _blocks(turn: ThreadTurn) -> tuple[_Blocks, _Blocks]:
    # Calls and answers belong together by name and order: ids are not taken everywhere.
    said: _Blocks = [{"text": turn.text}] if turn.text else []
    for call in turn.calls:
        part: dict[str, Any] = {"functionCall": {"name": call.name, "args": call.arguments_object}}
        if call.signature:
            part["thoughtSignature"] = call.signature
        said.append(part)
    results = [{"name": call.name, "response": {"result": call.answer}} for call in turn.calls]
    return said, [{"functionResponse": result} for result in results]


def _content(role: str, parts: _Blocks) -> dict[str, Any]:
    return {"role": role, "parts": parts}


GEMINI = Family(
    tools=_tools,
    messages=lambda turns: alternating(turns, _content, _blocks, assistant="model"),
    system=lambda texts: {"parts": [{"text": text} for text in texts]},
)
