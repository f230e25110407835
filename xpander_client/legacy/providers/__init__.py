"""How threads, tools and models' answers look for each provider of language models.

Pure functions over plain values: nothing here sends anything, and no provider's package is needed.
One module for each family of APIs; `of_provider` has the table.
"""

from __future__ import annotations

from .answer import Reply, read_reply, tool_calls_in
from .arguments import MalformedError, grouped
from .llm_provider import LLMProvider, provider
from .names import wire_name
from .of_provider import messages_for, system_for, tools_for
from .stored import stored_messages
from .tool import Tool

__all__ = [
    "LLMProvider",
    "MalformedError",
    "Reply",
    "Tool",
    "grouped",
    "messages_for",
    "provider",
    "read_reply",
    "stored_messages",
    "system_for",
    "tool_calls_in",
    "tools_for",
    "wire_name",
]
