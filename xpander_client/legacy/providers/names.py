"""Names and ids as each provider takes them."""

from __future__ import annotations

import functools

import attrs

from xpander_client.legacy.providers.llm_provider import LLMProvider, provider as provider_of
from xpander_client.tools.functions.wire_names import WIRE_NAMES, WireNames

_GEMINI = WireNames("[^A-Za-z0-9_.-]", 64, "[A-Za-z_]")


@attrs.frozen
class _Rules:
    """What a provider takes. Without a rule for `ids` they are not touched: other models read
    something into theirs ("functions.get_weather:0").
    """

    names: WireNames = WIRE_NAMES
    ids: WireNames | None = None
    refuses_repeated_ids: bool = False
    """Whether an id may occur only once in a conversation."""


_RULES: dict[LLMProvider, _Rules] = {
    LLMProvider.LANG_CHAIN: _Rules(),
    LLMProvider.OPEN_AI: _Rules(ids=WireNames("", 40)),
    LLMProvider.GEMINI_OPEN_AI: _Rules(_GEMINI),
    LLMProvider.REAL_TIME_OPEN_AI: _Rules(ids=WireNames("", 32)),
    LLMProvider.NVIDIA_NIM: _Rules(),
    LLMProvider.AMAZON_BEDROCK: _Rules(
        # The API itself takes a digit or a dash in front; the Claude and Mistral models behind it
        # did not always.
        WireNames("[^A-Za-z0-9_-]", 64, "[A-Za-z]"),
        WireNames("[^A-Za-z0-9_.:-]", 64),
        refuses_repeated_ids=True,
    ),
    LLMProvider.OLLAMA: _Rules(),
    LLMProvider.FRIENDLI_AI: _Rules(),
    LLMProvider.ANTHROPIC: _Rules(ids=WireNames("[^A-Za-z0-9_-]", 64), refuses_repeated_ids=True),
    LLMProvider.GEMINI: _Rules(_GEMINI),
}


@functools.lru_cache(maxsize=4096)  # a thread is shown once in each turn
def wire_name(name: str, provider: LLMProvider | str) -> str:
    """Return a tool's name as the provider takes it: the same for the same name, always.

    A legal name is not changed. In others `_` stands for what is refused, and a short digest of
    the whole name is behind it, so that two names stay two.

    Example:
        >>> wire_name("get_weather", LLMProvider.OPEN_AI)
        'get_weather'
        >>> wire_name("get weather", LLMProvider.OPEN_AI)
        'get_weather_dce3870e'
    """
    return _RULES[provider_of(provider)].names.apply(name)


@functools.lru_cache(maxsize=8192)
def wire_id(call_id: str, provider: LLMProvider) -> str:
    """Return the id of a call as the provider takes it; a call and its answer get the same."""
    rule = _RULES[provider].ids
    return rule.apply(call_id) if rule else call_id or "a"


def refuses_repeated_ids(provider: LLMProvider) -> bool:
    """Tell whether a call's id may occur only once in a conversation."""
    return _RULES[provider].refuses_repeated_ids
