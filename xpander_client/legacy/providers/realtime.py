"""OpenAI's Realtime API: a conversation is items, each message, call and answer one of its own.

https://platform.openai.com/docs/api-reference/realtime-client-events/conversation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xpander_client.legacy.providers.chat import function
from xpander_client.legacy.providers.family import Family, no_chunk
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.tool import Tool
from xpander_client.legacy.providers.turns import ThreadTurn


def answers(response: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the output of a `response.done` event, or of the response itself, as one message.

    OpenAI's Responses API answers with the same items.
    """
    kind = response.get("type")
    no_chunk(
        isinstance(kind, str) and kind.startswith("response.") and kind != "response.done",
        f"an event ({kind}) of a response that goes on",
    )
    inner = response.get("response") if kind == "response.done" else response
    if not isinstance(inner, Mapping) or not isinstance(output := inner.get("output"), list):
        return None
    blocks: list[Any] = []
    for item in output:
        if isinstance(item, Mapping) and item.get("type") == "message":
            blocks += item.get("content") or []
        elif isinstance(item, Mapping) and item.get("type") == "function_call":
            blocks.append(item)
    return [{"role": "assistant", "content": blocks}]


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            **function(tool, LLMProvider.REAL_TIME_OPEN_AI, closes_objects=True),
        }
        for tool in tools
    ]


def _items(turn: ThreadTurn) -> Iterator[dict[str, Any]]:
    if turn.text or not turn.calls:
        kind = "output_text" if turn.role == "assistant" else "input_text"
        content = [{"type": kind, "text": turn.text}]
        yield {"type": "message", "role": turn.role, "content": content}
    for call in turn.calls:
        yield {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
    for call in turn.calls:
        yield {"type": "function_call_output", "call_id": call.id, "output": call.answer}


REALTIME = Family(
    tools=_tools, messages=lambda turns: [item for turn in turns for item in _items(turn)]
)
