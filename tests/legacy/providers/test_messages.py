"""Threads in the forms of the providers, also threads that no provider would take as they are."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.legacy.providers.accepted import ACCEPTED
from tests.legacy.providers.goldens import thread
from xpander_client.api.models import ThreadMessage, ThreadToolCall
from xpander_client.core.serialization import structure, unstructure
from xpander_client.legacy.providers import (
    LLMProvider,
    make_stored_messages,
    messages_for,
    system_for,
)
from xpander_client.legacy.providers.tool_call import FINISH_TOOL

ALTERNATING = [LLMProvider.ANTHROPIC, LLMProvider.AMAZON_BEDROCK, LLMProvider.GEMINI]


def said(text: str | None, *calls: str, payload: str = "{}") -> ThreadMessage:
    """A model's message that calls tool `t` under these ids."""
    made = [ThreadToolCall(name="t", payload=payload, tool_call_id=one) for one in calls]
    return ThreadMessage(role="assistant", content=text, tool_calls=made or None)


def user(text: str | None) -> ThreadMessage:
    return ThreadMessage(role="user", content=text)


def answered(call_id: str | None, text: str | None) -> ThreadMessage:
    return ThreadMessage(role="tool", content=text, tool_call_id=call_id)


def accepted(messages: list[ThreadMessage], provider: LLMProvider) -> list[dict[str, Any]]:
    """The messages, after the provider's own package has agreed to them."""
    made = messages_for(messages, provider)
    ACCEPTED[provider]([], made, system_for(messages, provider))
    return made


@pytest.mark.parametrize("provider", LLMProvider)
def test_the_thread_is_neither_changed_nor_shared(provider: LLMProvider) -> None:
    given = thread()
    before = copy.deepcopy(given)
    for message in messages_for(given, provider):
        message.clear()
    assert given == before


@pytest.mark.parametrize("provider", LLMProvider)
def test_every_provider_gets_the_thread_and_none_an_empty_list(provider: LLMProvider) -> None:
    text = json.dumps(messages_for(thread(), provider))
    assert "Weather in Rome and Oslo?" in text
    assert "Rome is clear." in text


@pytest.mark.parametrize("provider", ACCEPTED)
def test_text_beside_calls_is_kept(provider: LLMProvider) -> None:
    made = accepted([user("a"), said("I look.", "1"), answered("1", "b")], provider)
    assert "I look." in json.dumps(made)


def test_bedrock_gets_the_answers_to_parallel_calls_in_one_message() -> None:
    messages = [user("a"), said(None, "1", "2"), answered("2", "two"), answered("1", "one")]
    [_, _, results] = accepted(messages, LLMProvider.AMAZON_BEDROCK)
    assert [b["toolResult"]["content"][0]["text"] for b in results["content"]] == ["one", "two"]


def test_bedrock_gets_the_systems_texts_apart() -> None:
    messages = [ThreadMessage(role="system", content="Be brief."), user("a")]
    assert accepted(messages, LLMProvider.AMAZON_BEDROCK) == [
        {"role": "user", "content": [{"text": "a"}]}
    ]
    assert system_for(messages, LLMProvider.AMAZON_BEDROCK) == [{"text": "Be brief."}]


@pytest.mark.parametrize("provider", LLMProvider)
def test_a_thread_without_system_messages_has_no_system_texts(provider: LLMProvider) -> None:
    empty: dict[LLMProvider, Any] = {LLMProvider.ANTHROPIC: "", LLMProvider.GEMINI: {"parts": []}}
    messages = [user("a"), ThreadMessage(role="system", content=" ")]
    assert system_for(messages, provider) == empty.get(provider, [])


@pytest.mark.parametrize("provider", ACCEPTED)
def test_a_call_without_an_answer_is_answered_for_the_provider(provider: LLMProvider) -> None:
    finish = ThreadToolCall(name=FINISH_TOOL, payload="{}", tool_call_id="9")
    messages = [
        user("a"),
        said(None, "1", "2"),
        answered("2", "two"),
        ThreadMessage(role="assistant", content="", tool_calls=[finish]),
        user("b"),
    ]
    assert json.dumps(accepted(messages, provider)).count("no result was recorded") == 2


@pytest.mark.parametrize("provider", ACCEPTED)
def test_an_answer_whose_call_was_cut_off_is_told_as_a_text(provider: LLMProvider) -> None:
    made = accepted([answered("gone", "sunny"), user("a"), answered(None, "wet")], provider)
    assert "A tool called earlier answered: sunny" in json.dumps(made)
    assert "A tool called earlier answered: wet" in json.dumps(made)


@pytest.mark.parametrize("provider", ACCEPTED)
def test_an_answer_that_came_late_stands_beside_its_call(provider: LLMProvider) -> None:
    messages = [user("a"), said(None, "1"), user("hurry"), answered("1", "sunny")]
    text = json.dumps(accepted(messages, provider))
    assert text.index("sunny") < text.index("hurry")
    assert "no result" not in text


@pytest.mark.parametrize("provider", ACCEPTED)
def test_of_two_answers_to_a_call_the_last_one_is_told(provider: LLMProvider) -> None:
    messages = [user("a"), said(None, "1"), answered("1", "old"), answered("1", "new")]
    text = json.dumps(accepted(messages, provider))
    assert "new" in text
    assert "old" not in text


@pytest.mark.parametrize("provider", ACCEPTED)
def test_an_id_that_a_model_uses_again_means_the_later_call(provider: LLMProvider) -> None:
    messages = [
        user("a"),
        said(None, "1"),
        answered("1", "first"),
        said(None, "1"),
        answered("1", "second"),
        said("x", "1", "1"),
    ]
    text = json.dumps(accepted(messages, provider))
    assert text.count("first") == text.count("second") == 1
    assert text.count("no result was recorded") == 2


@pytest.mark.parametrize("provider", ACCEPTED)
@pytest.mark.parametrize("payload", ["{bad", "[1]", "null", '"text"', "NaN", "1e", '{"a": 1'])
def test_arguments_that_are_no_object_are_shown_to_the_model_in_one(
    payload: str, provider: LLMProvider
) -> None:
    made = accepted([user("a"), said(None, "1", payload=payload)], provider)
    assert "_raw" in json.dumps(made)


@pytest.mark.parametrize("provider", ACCEPTED)
@pytest.mark.parametrize("payload", ["", " ", "{}"])
def test_no_arguments_are_an_empty_object(payload: str, provider: LLMProvider) -> None:
    made = accepted([user("a"), said(None, "1", payload=payload)], provider)
    assert "_raw" not in json.dumps(made)


def test_arguments_that_are_right_are_sent_as_the_model_wrote_them() -> None:
    payload = '{ "a":1.0, "ä": "\\u00e4" }'
    [_, message, _] = accepted([user("a"), said(None, "1", payload=payload)], LLMProvider.OPEN_AI)
    assert message["tool_calls"][0]["function"]["arguments"] == payload


@pytest.mark.parametrize("provider", ACCEPTED)
@pytest.mark.parametrize(
    "messages",
    [
        [user("")],
        [user(None)],
        [said("")],
        [said("hello ")],
        [said(None, "1"), answered("1", "")],
        [user("a"), said(" \n"), user(" ")],
        [user("a"), user("b"), said("c"), said("d")],
        [ThreadMessage(role="system", content="only this")],
        [ThreadMessage(role="developer", content="a"), ThreadMessage(role="else", content="b")],
    ],
)
def test_threads_that_begin_end_or_are_silent_as_they_like_are_accepted(
    messages: list[ThreadMessage], provider: LLMProvider
) -> None:
    accepted(messages, provider)


@pytest.mark.parametrize("provider", ALTERNATING)
def test_after_the_models_own_text_it_is_asked_to_go_on(provider: LLMProvider) -> None:
    [_, mine, go_on] = accepted([user("a"), said("b")], provider)
    assert mine["role"] in ("assistant", "model")
    assert "Continue." in json.dumps(go_on)


@pytest.mark.parametrize("provider", ALTERNATING)
def test_texts_of_one_role_become_one_message(provider: LLMProvider) -> None:
    [one] = accepted([user("a"), user("b")], provider)
    assert len(one.get("content") or one["parts"]) == 2


@pytest.mark.parametrize("provider", ACCEPTED)
def test_ids_and_names_of_another_provider_become_legal(provider: LLMProvider) -> None:
    call = ThreadToolCall(
        name="functions.get weather", payload="{}", tool_call_id="functions.get weather:0" * 4
    )
    messages = [
        user("a"),
        ThreadMessage(role="assistant", tool_calls=[call]),
        answered(call.tool_call_id, "sunny"),
    ]
    assert "sunny" in json.dumps(accepted(messages, provider))


def test_ids_that_a_server_may_read_something_into_are_left_alone() -> None:
    messages = [user("a"), said(None, "functions.get_weather:0")]
    assert "functions.get_weather:0" in json.dumps(messages_for(messages, LLMProvider.NVIDIA_NIM))


@pytest.mark.parametrize("provider", [LLMProvider.GEMINI, LLMProvider.GEMINI_OPEN_AI])
def test_gemini_gets_its_signature_back_with_the_call(provider: LLMProvider) -> None:
    message = said(None, "1")
    assert message.tool_calls
    message.tool_calls[0].additional_properties["thought_signature"] = "c2ln"
    assert "c2ln" in json.dumps(messages_for([user("a"), message], provider))
    assert "c2ln" not in json.dumps(messages_for([user("a"), message], LLMProvider.OPEN_AI))


def test_an_empty_thread_is_an_empty_list_where_the_provider_can_be_asked_with_one() -> None:
    assert messages_for([], LLMProvider.OPEN_AI) == []
    assert accepted([], LLMProvider.ANTHROPIC)[0]["role"] == "user"


def reasoned(form: str) -> dict[str, Any]:
    """An answer with a call, and with reasoning as a provider writes it."""
    call = {"id": "1", "type": "function", "function": {"name": "t", "arguments": "{}"}}
    message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
    detail = {"type": "reasoning.encrypted", "data": "blob", "index": 0}
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    redacted = {"type": "redacted_thinking", "data": "blob"}
    use = {"type": "tool_use", "id": "1", "name": "t", "input": {}}
    signed = {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}
    match form:
        case "deepseek":
            return {"choices": [{"message": {**message, "reasoning_content": "Hm."}}]}
        case "deepseek, silent":
            return {"choices": [{"message": {**message, "reasoning_content": ""}}]}
        case "openrouter":
            return {"choices": [{"message": {**message, "reasoning_details": [detail]}}]}
        case "litellm":
            return {"choices": [{"message": {**message, "thinking_blocks": [thinking]}}]}
        case "anthropic":
            content = [{**thinking, "more": None}, redacted, use]
            return {"type": "message", "role": "assistant", "model": "c", "content": content}
        case "bedrock":
            blocks = [
                {"reasoningContent": signed},
                {"reasoningContent": {"redactedContent": b"blob"}},
                {"toolUse": {"toolUseId": "1", "name": "t", "input": {}}},
            ]
            return {"output": {"message": {"role": "assistant", "content": blocks}}}
        case "ollama":
            used = {"function": {"name": "t", "arguments": {}}}
            return {"message": {"role": "assistant", "thinking": "Hm.", "tool_calls": [used]}}
        case _:
            called = {"name": "t", "args": {}, "id": "1"}
            return {"type": "ai", "content": [thinking], "tool_calls": [called]}


@pytest.mark.parametrize(
    ("form", "provider", "expected"),
    [
        ("deepseek", LLMProvider.OPEN_AI, {"reasoning_content": "Hm."}),
        ("deepseek, silent", LLMProvider.NVIDIA_NIM, {"reasoning_content": ""}),
        (
            "openrouter",
            LLMProvider.OPEN_AI,
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "blob", "index": 0}]},
        ),
        (
            "litellm",
            LLMProvider.OPEN_AI,
            {"thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]},
        ),
        ("ollama", LLMProvider.OLLAMA, {"thinking": "Hm."}),
        (
            "langchain",
            LLMProvider.LANG_CHAIN,
            {"content": [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]},
        ),
    ],
)
def test_reasoning_that_a_provider_wants_back_is_in_the_message_as_it_came(
    form: str, provider: LLMProvider, expected: dict[str, Any]
) -> None:
    stored = make_stored_messages(reasoned(form))
    [_, mine, _] = messages_for([user("a"), *stored], provider)
    assert mine | expected == mine


@pytest.mark.parametrize(
    ("form", "provider", "expected"),
    [
        (
            "anthropic",
            LLMProvider.ANTHROPIC,
            [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "blob"},
            ],
        ),
        (
            "bedrock",
            LLMProvider.AMAZON_BEDROCK,
            [
                {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
                {"reasoningContent": {"redactedContent": b"blob"}},
            ],
        ),
    ],
)
def test_reasoning_comes_before_all_else_where_messages_are_blocks(
    form: str, provider: LLMProvider, expected: list[dict[str, Any]]
) -> None:
    stored = make_stored_messages(reasoned(form))
    [_, mine, _] = accepted([user("a"), *stored], provider)
    assert mine["content"][:-1] == expected


@pytest.mark.parametrize(
    "form", ["deepseek", "openrouter", "anthropic", "bedrock", "ollama", "langchain"]
)
def test_reasoning_is_kept_in_a_saved_thread_and_shown_to_no_other_provider(form: str) -> None:
    stored = make_stored_messages(reasoned(form))
    saved = json.loads(json.dumps(unstructure(stored)))
    loaded = [structure(message, ThreadMessage) for message in saved]
    assert loaded == stored
    assert [unstructure(message) for message in make_stored_messages(saved)] == saved
    for provider in ACCEPTED:
        shown = messages_for([user("a"), *loaded], provider)
        assert shown == messages_for([user("a"), *stored], provider)
        if provider in ALTERNATING:
            ACCEPTED[provider]([], shown, system_for(loaded, provider))
    assert "Hm." not in json.dumps(messages_for(loaded, LLMProvider.GEMINI_OPEN_AI))


def test_bedrock_is_not_given_reasoning_without_a_signature_which_it_refuses() -> None:
    block = {"reasoningContent": {"reasoningText": {"text": "Hm."}}}
    message = {"role": "assistant", "content": [block, {"text": "Yes."}]}
    stored = make_stored_messages({"output": {"message": message}})
    assert "Hm." not in json.dumps(messages_for(stored, LLMProvider.AMAZON_BEDROCK))


def test_a_message_of_nothing_but_reasoning_is_left_out_where_it_is_refused() -> None:
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    answer = {"type": "message", "role": "assistant", "model": "c", "content": [thinking]}
    shown = accepted([user("a"), *make_stored_messages(answer)], LLMProvider.ANTHROPIC)
    assert [message["role"] for message in shown] == ["user"]


def test_what_is_shown_shares_nothing_with_the_thread() -> None:
    stored = make_stored_messages(reasoned("openrouter"))
    before = copy.deepcopy(stored)
    messages_for(stored, LLMProvider.OPEN_AI)[0]["reasoning_details"][0]["data"] = "other"
    assert stored == before
