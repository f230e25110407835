"""LangChain's messages: given as OpenAI's, read as `AIMessage`.

https://python.langchain.com/api_reference/core/messages.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xpander_client.legacy.providers.chat import chat
from xpander_client.legacy.providers.family import Family, no_chunk
from xpander_client.legacy.providers.llm_provider import LLMProvider

# `convert_to_messages` and `bind_tools` take dicts in OpenAI's form; content has to be a text,
# but where reasoning goes along.
LANG_CHAIN: Family = chat(LLMProvider.LANG_CHAIN, silence="", is_langchain=True)


def answers(response: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the message, also from `messages_to_dict`, or None if it is none of a model."""
    kind = response.get("type")
    if kind not in ("ai", "AIMessageChunk"):
        return None
    data = response.get("data")
    message = data if isinstance(data, Mapping) else response
    is_part = kind == "AIMessageChunk" and message.get("chunk_position") != "last"
    no_chunk(is_part, "an AIMessageChunk")
    return [{**message, "type": "ai"}]
