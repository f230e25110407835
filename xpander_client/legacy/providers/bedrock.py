"""Amazon Bedrock's Converse API.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from xpander_client.legacy.providers.chat import function
from xpander_client.legacy.providers.family import Family, no_chunk
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.tool import Tool
from xpander_client.legacy.providers.turns import BLANK, ThreadTurn, alternating

_Blocks = list[dict[str, Any]]


def answers(response: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the message of an answer of Converse, with all its blocks; None if it is none."""
    no_chunk("stream" in response and "ResponseMetadata" in response, "a stream of Converse")
    match response:
        case {"output": {"message": Mapping() as message}}:
            return [message]
    return None


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    found = []
    for tool in tools:
        made = function(tool, LLMProvider.AMAZON_BEDROCK)
        made["inputSchema"] = {"json": made.pop("parameters")}
        found.append({"toolSpec": made})
    return found


def _blocks(turn: ThreadTurn) -> tuple[_Blocks, _Blocks]:
    said: _Blocks = [{"text": turn.text}] if turn.text.strip() else []
    if said or turn.calls:
        said = [*map(_reasoning, turn.reasoning.get("reasoningContent", ())), *said]
    for call in turn.calls:
        use = {"toolUseId": call.id, "name": call.name, "input": call.arguments_object}
        said.append({"toolUse": use})
    results = [
        {"toolUseId": call.id, "content": [{"text": call.answer if call.answer.strip() else BLANK}]}
        for call in turn.calls
    ]
    return said, [{"toolResult": result} for result in results]


def _reasoning(content: Mapping[str, Any]) -> dict[str, Any]:
    match content:
        case {"redactedContent": {"base64": str(data)}}:
            content = {"redactedContent": base64.b64decode(data)}
    return {"reasoningContent": dict(content)}


def _message(role: str, blocks: _Blocks) -> dict[str, Any]:
    return {"role": role, "content": blocks}


BEDROCK = Family(tools=_tools, messages=lambda turns: alternating(turns, _message, _blocks))
