"""Names and ids as each provider takes them."""

from __future__ import annotations

import functools
import hashlib
import re

import attrs

from xpander_client.legacy.providers.llm_provider import LLMProvider, provider as provider_of

_DIGEST = 8
"""Hex digits behind a name that had to be changed, so that two never become one."""


@attrs.frozen
class _Rule:
    refused: str
    """The characters that are replaced, as a class of a regular expression; may be empty."""
    length: int
    start: str = ""
    """What the first character has to be, as an expression; anything, if empty."""

    def apply(self, text: str) -> str:
        """Return `text` if it is legal, otherwise a legal text made from it alone."""
        legal = re.sub(self.refused, "_", text) if self.refused else text
        if not legal or (self.start and not re.match(self.start, legal)):
            legal = f"a{legal}"
        if legal == text and len(legal) <= self.length:
            return text
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        return f"{legal[: self.length - _DIGEST - 1]}_{digest}"


_OPENAI = _Rule("[^A-Za-z0-9_-]", 64)
_GEMINI = _Rule("[^A-Za-z0-9_.-]", 64, "[A-Za-z_]")


@attrs.frozen
class _Rules:
    """What a provider takes. Without a rule for `ids` they are not touched: other models read
    something into theirs ("functions.get_weather:0").
    """

    names: _Rule = _OPENAI
    ids: _Rule | None = None
    refuses_repeated_ids: bool = False
    """Whether an id may occur only once in a conversation."""


_RULES: dict[LLMProvider, _Rules] = {
    LLMProvider.LANG_CHAIN: _Rules(),
    LLMProvider.OPEN_AI: _Rules(ids=_Rule("", 40)),
    LLMProvider.GEMINI_OPEN_AI: _Rules(_GEMINI),
    LLMProvider.REAL_TIME_OPEN_AI: _Rules(ids=_Rule("", 32)),
    LLMProvider.NVIDIA_NIM: _Rules(),
    LLMProvider.AMAZON_BEDROCK: _Rules(
        # The API itself takes a digit or a dash in front; the Claude and Mistral models behind it
        # did not always.
        _Rule("[^A-Za-z0-9_-]", 64, "[A-Za-z]"),
        _Rule("[^A-Za-z0-9_.:-]", 64),
        refuses_repeated_ids=True,
    ),
    LLMProvider.OLLAMA: _Rules(),
    LLMProvider.FRIENDLI_AI: _Rules(),
    LLMProvider.ANTHROPIC: _Rules(ids=_Rule("[^A-Za-z0-9_-]", 64), refuses_repeated_ids=True),
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
