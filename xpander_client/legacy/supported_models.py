"""Names of models that early releases of version 1.x had constants for."""

from __future__ import annotations

from enum import StrEnum


class OpenAISupportedModels(StrEnum):
    """Models of OpenAI."""

    GPT_4 = "gpt-4"
    GPT_4_O = "gpt-4o"
    GPT_4_O_MINI = "gpt-4o-mini"


class RealTimeOpenAISupportedModels(StrEnum):
    """Models of OpenAI's real-time API."""

    GPT_4_O_REALTIME_PREVIEW = "gpt-4o-realtime-preview"
    GPT_4_O_AUDIO_PREVIEW = "gpt-4o-audio-preview"
    WHISPER_1 = "whisper-1"


class FriendliAISupportedModels(StrEnum):
    """Models of FriendliAI."""

    META_LLAMA_3_1_8_B_INSTRUCT = "meta-llama-3.1-8b-instruct"
    META_LLAMA_3_1_70_B_INSTRUCT = "meta-llama-3.1-70b-instruct"
    MISTRAL_8_X_7_B_INSTRUCT = "mixtral-8x7b-instruct-v0-1"


class NvidiaNIMSupportedModels(StrEnum):
    """Models of NVIDIA NIM."""

    LLAMA_3_1_70_B_INSTRUCT = "meta/llama-3.1-70b-instruct"


class AmazonBedrockSupportedModels(StrEnum):
    """Models of Amazon Bedrock."""

    ANTHROPIC_CLAUDE_3_HAIKU_20240307 = "anthropic.claude-3-haiku-20240307-v1:0"
    ANTHROPIC_CLAUDE_3_5_SONNET_20240620 = "anthropic.claude-3-5-sonnet-20240620-v1:0"
    COHERE_COMMAND_R = "cohere.command-r-v1:0"
    COHERE_COMMAND_R_PLUS = "cohere.command-r-plus-v1:0"
    META_LLAMA3_1_8_B_INSTRUCT = "meta.llama3-1-8b-instruct-v1:0"
    META_LLAMA3_1_70_B_INSTRUCT = "meta.llama3-1-70b-instruct-v1:0"
    META_LLAMA3_1_405_B_INSTRUCT = "meta.llama3-1-405b-instruct-v1:0"
    MISTRAL_MISTRAL_LARGE_2402 = "mistral.mistral-large-2402-v1:0"
    MISTRAL_MISTRAL_LARGE_2407 = "mistral.mistral-large-2407-v1:0"
    MISTRAL_MISTRAL_SMALL_2402 = "mistral.mistral-small-2402-v1:0"
