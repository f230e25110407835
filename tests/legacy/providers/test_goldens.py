"""Each provider's golden files, both ways, and its own package's opinion of them."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion
from openai.types.realtime import ResponseDoneEvent

from tests.legacy.providers.accepted import ACCEPTED
from tests.legacy.providers.goldens import FOLDER, golden, thread, tools
from xpander_client.core.serialization import unstructure
from xpander_client.legacy.providers import (
    LLMProvider,
    make_stored_messages,
    messages_for,
    read_reply,
    system_for,
    tool_calls_in,
    tools_for,
)
from xpander_client.legacy.providers.tool_call import ToolCall

MADE = re.compile(r"call_[0-9a-f]{24}")
TYPES: dict[LLMProvider, Any] = {
    LLMProvider.OPEN_AI: ChatCompletion,
    LLMProvider.GEMINI_OPEN_AI: ChatCompletion,
    LLMProvider.NVIDIA_NIM: ChatCompletion,
    LLMProvider.FRIENDLI_AI: ChatCompletion,
    LLMProvider.ANTHROPIC: Message,
    LLMProvider.REAL_TIME_OPEN_AI: ResponseDoneEvent,
}


@pytest.mark.parametrize("provider", LLMProvider)
def test_tools_have_the_providers_form(provider: LLMProvider) -> None:
    assert tools_for(tools(), provider) == golden(f"{provider}/tools.json")


@pytest.mark.parametrize("provider", LLMProvider)
def test_a_thread_has_the_providers_form(provider: LLMProvider) -> None:
    expected = golden(f"{provider}/messages.json")
    assert messages_for(thread(), provider) == expected["messages"]
    assert system_for(thread(), provider) == expected["system"]


@pytest.mark.parametrize("provider", ACCEPTED)
def test_the_providers_package_accepts_tools_and_messages(provider: LLMProvider) -> None:
    expected = golden(f"{provider}/messages.json")
    ACCEPTED[provider](golden(f"{provider}/tools.json"), expected["messages"], expected["system"])


@pytest.mark.parametrize("provider", LLMProvider)
def test_the_calls_of_an_answer_are_found(provider: LLMProvider) -> None:
    file = golden(f"{provider}/response.json")
    before = copy.deepcopy(file["response"])
    found = tool_calls_in(file["response"], provider)
    expected = [ToolCall(**call) for call in with_ids(file["calls"], found)]
    assert found == expected
    assert file["response"] == before


@pytest.mark.parametrize("provider", LLMProvider)
def test_an_answer_is_stored_without_the_rest_of_it(provider: LLMProvider) -> None:
    file = golden(f"{provider}/response.json")
    [expected] = file["stored"]
    expected["tool_calls"] = with_ids(
        expected["tool_calls"], tool_calls_in(file["response"], provider)
    )
    assert [unstructure(m) for m in make_stored_messages(file["response"])] == [expected]


@pytest.mark.parametrize("provider", LLMProvider)
def test_the_form_of_an_answer_decides_whatever_provider_is_named(provider: LLMProvider) -> None:
    response = golden(f"{provider}/response.json")["response"]
    assert len({read_reply(response, other) == read_reply(response) for other in LLMProvider}) == 1


@pytest.mark.parametrize("provider", TYPES)
def test_an_object_of_the_package_reads_as_its_dict_does(provider: LLMProvider) -> None:
    file = golden(f"{provider}/response.json")
    made = TYPES[provider].model_validate(file["response"])
    from_object = tool_calls_in(made, provider)
    assert from_object == tool_calls_in(made.model_dump(), provider)
    assert [(c.name, c.payload) for c in from_object] == [
        (c["name"], c["payload"]) for c in file["calls"]
    ]


def test_no_golden_file_is_left_unread() -> None:
    read = {"conversation.json"} | {
        f"{provider}/{name}.json"
        for provider in LLMProvider
        for name in ("tools", "messages", "response")
    }
    assert {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*.json")} == read


def with_ids(expected: list[dict[str, Any]], found: list[ToolCall]) -> list[dict[str, Any]]:
    """What is expected, with the ids that had to be made where the file has none."""
    for call, one in zip(expected, found, strict=True):
        if call["tool_call_id"] is None:
            assert MADE.fullmatch(one.tool_call_id)
            call["tool_call_id"] = one.tool_call_id
    return expected
