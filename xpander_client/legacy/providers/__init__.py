"""How threads, tools and models' answers look for each provider of language models.

Pure functions over plain values: nothing here sends anything, and no provider's package is needed.
One module for each family of APIs; `of_provider` has the table.
"""

from __future__ import annotations

from xpander_client.legacy.providers.answer import Reply, read_reply, tool_calls_in
from xpander_client.legacy.providers.arguments import MalformedError, group_arguments
from xpander_client.legacy.providers.llm_provider import LLMProvider, provider
from xpander_client.legacy.providers.names import wire_name
from xpander_client.legacy.providers.of_provider import (
    is_one_by_one,
    messages_for,
    system_for,
    tools_for,
)
from xpander_client.legacy.providers.stored import make_stored_messages
from xpander_client.legacy.providers.tool import Tool

__all__ = [
    "LLMProvider",
    "MalformedError",
    "Reply",
    "Tool",
    "group_arguments",
    "is_one_by_one",
    "make_stored_messages",
    "messages_for",
    "provider",
    "read_reply",
    "system_for",
    "tool_calls_in",
    "tools_for",
    "wire_name",
]
