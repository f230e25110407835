"""What each part of the package calls the providers of language models.

The names came with the interfaces that the parts serve, so one provider may have three.
"""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class ModelProvider:
    """A provider's names; empty where a part has no such provider."""

    scripts: str = ""
    """A value of `LLMProvider`, by which a script says whose messages and tools it wants."""
    agents: str = ""
    """What an `Agent` is given for the provider of its model."""
    platform: str = ""
    """An agent's `model_provider` on the platform, which a worker loads a model of agno by."""


ANTHROPIC = ModelProvider(scripts="anthropic", agents="anthropic", platform="anthropic")
BEDROCK = ModelProvider(scripts="amazonBedrock", agents="bedrock", platform="amazon_bedrock")
FIREWORKS = ModelProvider(platform="fireworks")
_FRIENDLI = ModelProvider(scripts="friendliai")
_GEMINI_OPENAI = ModelProvider(scripts="gemini-openai")
GOOGLE = ModelProvider(scripts="gemini", agents="google", platform="google_ai_studio")
_LANGCHAIN = ModelProvider(scripts="langchain")
NVIDIA = ModelProvider(scripts="nvidiaNim", platform="nim")
_OLLAMA = ModelProvider(scripts="ollama")
OPENAI = ModelProvider(scripts="openai", agents="openai", platform="openai")
OPENAI_COMPATIBLE = ModelProvider(agents="openai-compatible", platform="openai_compatible")
OPENROUTER = ModelProvider(platform="open_router")
_REALTIME = ModelProvider(scripts="realtimeopenai")
