"""A thread and its tools in the form of a provider's API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xpander_client.api.models import ThreadMessage
from xpander_client.legacy.providers.anthropic import ANTHROPIC
from xpander_client.legacy.providers.bedrock import BEDROCK
from xpander_client.legacy.providers.chat import chat
from xpander_client.legacy.providers.family import Family
from xpander_client.legacy.providers.gemini import GEMINI
from xpander_client.legacy.providers.langchain import LANG_CHAIN
from xpander_client.legacy.providers.llm_provider import LLMProvider, provider as provider_of
from xpander_client.legacy.providers.ollama import OLLAMA
from xpander_client.legacy.providers.realtime import REALTIME
from xpander_client.legacy.providers.tool import Tool
from xpander_client.legacy.providers.turns import system_texts, turns

_FAMILIES: dict[LLMProvider, Family] = {
    LLMProvider.OPEN_AI: chat(LLMProvider.OPEN_AI, closes_objects=True),
    LLMProvider.GEMINI_OPEN_AI: chat(LLMProvider.GEMINI_OPEN_AI, is_gemini=True),
    LLMProvider.NVIDIA_NIM: chat(LLMProvider.NVIDIA_NIM),
    LLMProvider.FRIENDLI_AI: chat(LLMProvider.FRIENDLI_AI, closes_objects=True),
    LLMProvider.LANG_CHAIN: LANG_CHAIN,
    LLMProvider.OLLAMA: OLLAMA,
    LLMProvider.REAL_TIME_OPEN_AI: REALTIME,
    LLMProvider.AMAZON_BEDROCK: BEDROCK,
    LLMProvider.ANTHROPIC: ANTHROPIC,
    LLMProvider.GEMINI: GEMINI,
}


def tools_for(tools: Sequence[Tool], provider: LLMProvider | str) -> list[dict[str, Any]]:
    """Return the tools as the provider's API takes them; they share nothing with what was given.

    Raises:
        ArgumentError: there is no such provider, or a tool's parameters are not those of an object.

    Example:
        >>> tools_for([Tool("now", "The time")], LLMProvider.ANTHROPIC)[0]["input_schema"]
        {'type': 'object', 'properties': {}, 'additionalProperties': False}
    """
    return _FAMILIES[provider_of(provider)].tools(tools)


def messages_for(
    thread: Sequence[ThreadMessage], provider: LLMProvider | str
) -> list[dict[str, Any]]:
    """Return the thread as the provider's API takes it, always a request that it accepts.

    Calls that nothing answered are answered by a sentence that says so; the thread is not changed.

    Raises:
        ArgumentError: there is no such provider.

    Example:
        >>> thread = [ThreadMessage(role="user", content="Hello")]
        >>> messages_for(thread, "openai")
        [{'role': 'user', 'content': 'Hello'}]
        >>> messages_for(thread, "amazonBedrock")
        [{'role': 'user', 'content': [{'text': 'Hello'}]}]
    """
    found = provider_of(provider)
    return _FAMILIES[found].messages(turns(thread, found))


def is_one_by_one(provider: LLMProvider) -> bool:
    """Tell whether messages may be put behind others that were shown: none changes by that."""
    return _FAMILIES[provider].is_one_by_one


def system_for(thread: Sequence[ThreadMessage], provider: LLMProvider | str) -> Any:
    """Return the system's texts as the provider takes them apart from the messages.

    Anthropic takes a text, Gemini an object with parts; for all others it is a list of texts.

    Raises:
        ArgumentError: there is no such provider.

    Example:
        >>> system_for([ThreadMessage(role="system", content="Be brief.")], "amazonBedrock")
        [{'text': 'Be brief.'}]
    """
    return _FAMILIES[provider_of(provider)].system(system_texts(thread))
