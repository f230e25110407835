"""Anthropic's Messages API.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xpander_client.legacy.providers.chat import function
from xpander_client.legacy.providers.family import Family, no_chunk
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.tool import Tool
from xpander_client.legacy.providers.turns import BLANK, ThreadTurn, alternating

_Blocks = list[dict[str, Any]]
_EVENTS = ("message_start", "message_delta", "message_stop", "content_block_")


def answers(response: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the answer, which is a message itself, or None if it is none."""
    kind = response.get("type")
    no_chunk(isinstance(kind, str) and kind.startswith(_EVENTS), f"an event ({kind}) of a stream")
    is_answer = kind == "message" and isinstance(response.get("content"), list)
    # A message of a Realtime conversation has the same type.
    return [response] if is_answer and ("stop_reason" in response or "model" in response) else None


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    found = []
    for tool in tools:
        made = function(tool, LLMProvider.ANTHROPIC)
        made["input_schema"] = made.pop("parameters")
        found.append(made)
    return found


def _blocks(turn: ThreadTurn) -> tuple[_Blocks, _Blocks]:
    # A text that ends in white space is refused at the end of the model's own messages.
    text = turn.text.rstrip() if turn.role == "assistant" else turn.text
    said: _Blocks = [{"type": "text", "text": text}] if text.strip() else []
    if said or turn.calls:  # a message may not end with reasoning
        said = [dict(block) for block in turn.reasoning.get("content", ())] + said
    for call in turn.calls:
        use = {"id": call.id, "name": call.name, "input": call.arguments_object}
        said.append({"type": "tool_use", **use})
    results: _Blocks = [
        {
            "type": "tool_result",
            "tool_use_id": call.id,
            "content": call.answer if call.answer.strip() else BLANK,
        }
        for call in turn.calls
    ]
    return said, results


def _message(role: str, blocks: _Blocks) -> dict[str, Any]:
    return {"role": role, "content": blocks}


ANTHROPIC = Family(
    tools=_tools,
    messages=lambda turns: alternating(turns, _message, _blocks),
    system="\n\n".join,
)
