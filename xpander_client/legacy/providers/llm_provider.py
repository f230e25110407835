"""The providers of language models."""

from __future__ import annotations

from enum import StrEnum

from xpander_client.errors import ArgumentError


class LLMProvider(StrEnum):
    """Whose API a model is called through: the form of tools, messages and answers."""

    LANG_CHAIN = "langchain"
    OPEN_AI = "openai"
    GEMINI_OPEN_AI = "gemini-openai"
    REAL_TIME_OPEN_AI = "realtimeopenai"
    NVIDIA_NIM = "nvidiaNim"
    AMAZON_BEDROCK = "amazonBedrock"
    OLLAMA = "ollama"
    FRIENDLI_AI = "friendliai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


def provider(value: LLMProvider | str) -> LLMProvider:
    """Return the provider that a value or the name of a member means.

    Raises:
        ArgumentError: there is none.

    Example:
        >>> provider("amazonBedrock") is provider("AMAZON_BEDROCK") is LLMProvider.AMAZON_BEDROCK
        True
    """
    if str(value) in LLMProvider.__members__:
        return LLMProvider[str(value)]
    try:
        return LLMProvider(value)
    except ValueError:
        known = ", ".join(LLMProvider)
        raise ArgumentError(f"provider ({value}) not found; there are {known}") from None
