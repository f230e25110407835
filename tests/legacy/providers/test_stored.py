"""What `add_messages` takes, and what the thread gets of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessage

from tests.legacy.providers.goldens import golden, thread
from xpander_client.api.models import ThreadMessage, ThreadToolCall
from xpander_client.core.serialization import unstructure
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import LLMProvider, make_stored_messages, messages_for


def stored(value: Any) -> list[Any]:
    """What is stored of a value, which itself stays as it was."""
    before = copy.deepcopy(value)
    found = [unstructure(message) for message in make_stored_messages(value)]
    assert value == before
    return found


CALL: dict[str, Any] = {"name": "t", "payload": '{"a": 1}', "tool_call_id": "1"}


def test_an_empty_list_is_nothing_to_store() -> None:
    assert stored([]) == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_message_alone_is_taken_as_a_list_of_it(whole: bool) -> None:
    message = {"role": "user", "content": "a"}
    assert stored([message] if whole else message) == [message]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {
                "role": "assistant",
                "content": "a",
                "toolCalls": [{"name": "t", "payload": '{"a": 1}', "toolCallId": "1"}],
                "nodeName": "n",
            },
            {"role": "assistant", "content": "a", "tool_calls": [CALL], "node_name": "n"},
        ),
        (
            {"role": "assistant", "tool_calls": [{**CALL, "payload": {"a": 1}}]},
            {"role": "assistant", "tool_calls": [{**CALL, "payload": '{"a":1}'}]},
        ),
        (
            {"role": "tool", "content": "x", "toolCallId": "1"},
            {"role": "tool", "content": "x", "tool_call_id": "1"},
        ),
        (
            {"role": "user", "content": "look", "files": ["https://example.com/a.csv"]},
            {"role": "user", "content": "look\nAttached file: https://example.com/a.csv"},
        ),
        (
            {"role": "user", "files": ["https://example.com/a.csv"]},
            {"role": "user", "content": "Attached file: https://example.com/a.csv"},
        ),
        ({"role": "user", "content": ""}, {"role": "user", "content": ""}),
        ({"role": "assistant", "content": None}, {"role": "assistant", "content": ""}),
    ],
)
def test_messages_in_the_threads_own_form(message: Any, expected: Any) -> None:
    assert stored(message) == [expected]


OPENAI_CALL = {"id": "1", "type": "function", "function": {"name": "t", "arguments": '{"a": 1}'}}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
            {"role": "assistant", "tool_calls": [CALL]},
        ),
        (
            {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "x"}]},
            {"role": "tool", "tool_call_id": "1", "content": "x"},
        ),
        (
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
            {"role": "user", "content": "What is this?\n[image: https://example.com/a.png]"},
        ),
        ({"role": "developer", "content": "a"}, {"role": "system", "content": "a"}),
        (
            ChatCompletionMessage(role="assistant", content="a"),
            {"role": "assistant", "content": "a"},
        ),
    ],
)
def test_messages_in_openais_form(message: Any, expected: Any) -> None:
    assert stored(message) == [expected]


def test_a_history_in_openais_form_is_understood_when_it_is_shown_again() -> None:
    history = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
        {"role": "tool", "tool_call_id": "1", "content": "x"},
    ]
    assert messages_for(make_stored_messages(history), LLMProvider.OPEN_AI) == history


def test_an_image_inside_of_its_address_is_not_stored() -> None:
    url = "data:image/png;base64," + "A" * 100_000
    [message] = stored({"role": "user", "content": [{"type": "image_url", "image_url": url}]})
    assert message["content"].startswith("[image: data:image/png;base64,")
    assert len(message["content"]) < 100


@pytest.mark.parametrize(
    "block",
    [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "A" * 99},
        },
        {"image": {"format": "png", "source": {"bytes": b"A" * 99}}},
        {"inlineData": {"mimeType": "image/png", "data": "A" * 99}},
    ],
)
def test_an_image_is_a_word(block: Any) -> None:
    [message] = stored({"role": "user", "content": [block]})
    assert message["content"] in ("[image]", "[inlineData]")


def test_messages_in_anthropics_form() -> None:
    use = {"type": "tool_use", "id": "1", "name": "t", "input": {"a": 1}}
    results = [
        {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "x"}]},
        {"type": "tool_result", "tool_use_id": "2", "content": "y", "is_error": True},
        {"type": "text", "text": "Go on."},
    ]
    assert stored(
        [{"role": "assistant", "content": [use]}, {"role": "user", "content": results}]
    ) == [
        {"role": "assistant", "tool_calls": [{**CALL, "payload": '{"a":1}'}]},
        {"role": "tool", "tool_call_id": "1", "content": "x"},
        {"role": "tool", "tool_call_id": "2", "content": "y"},
        {"role": "user", "content": "Go on."},
    ]


def test_messages_in_bedrocks_form() -> None:
    use = {"toolUse": {"toolUseId": "1", "name": "t", "input": {"a": 1}}}
    result = {"toolResult": {"toolUseId": "1", "content": [{"json": {"b": 2}}, {"text": "x"}]}}
    assert stored(
        [
            {"role": "assistant", "content": [{"text": "I look."}, use]},
            {"role": "user", "content": [result]},
        ]
    ) == [
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [{**CALL, "payload": '{"a":1}'}],
        },
        {"role": "tool", "tool_call_id": "1", "content": '{"b":2}\nx'},
    ]


@pytest.mark.parametrize("provider", LLMProvider)
def test_a_thread_comes_back_from_the_providers_form(provider: LLMProvider) -> None:
    found = make_stored_messages(messages_for(thread(), provider))
    calls = [call for message in found for call in message.tool_calls or ()]
    assert [call.name.split("_")[0] for call in calls] == ["get", "get", "now"]
    answers = {m.tool_call_id: m.content for m in found if m.role == "tool"}
    assert [answers[call.tool_call_id] for call in calls] == [
        '{"sky":"clear"}',
        "the arguments are not JSON",
        "no result was recorded",
    ]


def test_answers_that_name_only_their_tool_are_matched_in_order() -> None:
    message = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "t"}}] * 2}
    tool = {"role": "tool", "tool_name": "t"}
    asked, one, two = make_stored_messages(
        [message, {**tool, "content": "one"}, {**tool, "content": "two"}]
    )
    assert [c.tool_call_id for c in asked.tool_calls or ()] == [one.tool_call_id, two.tool_call_id]
    assert (one.content, two.content) == ("one", "two")


def test_langchains_messages() -> None:
    call = {"name": "t", "args": {"a": 1}, "id": "1", "type": "tool_call"}
    assert stored(
        [
            {"type": "system", "content": "s"},
            {"type": "human", "data": {"content": "a"}},
            {"type": "ai", "content": "", "tool_calls": [call]},
            {"type": "tool", "content": "x", "tool_call_id": "1"},
        ]
    ) == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "tool_calls": [{**CALL, "payload": '{"a":1}'}]},
        {"role": "tool", "content": "x", "tool_call_id": "1"},
    ]


def test_messages_that_are_ready_are_copied_with_all_that_they_carry() -> None:
    given = ThreadMessage(
        role="assistant",
        content=None,
        tool_calls=[ThreadToolCall(**CALL)],
        completion_response={"id": "kept"},
    )
    [found] = make_stored_messages(given)
    assert found == given
    assert found is not given
    assert found.tool_calls is not given.tool_calls


@pytest.mark.parametrize("provider", LLMProvider)
def test_no_answer_is_lost_whichever_provider_is_selected(provider: LLMProvider) -> None:
    for own in LLMProvider:
        response = golden(f"{own}/response.json")["response"]
        [message] = make_stored_messages(response, provider)
        assert len(message.tool_calls or ()) == 2
        assert message.completion_response is None


def test_answers_and_messages_can_be_in_one_list() -> None:
    answer = golden("openai/response.json")["response"]
    found = stored([{"role": "user", "content": "a"}, answer])
    assert [message["role"] for message in found] == ["user", "assistant"]


def test_a_choice_and_its_message_are_taken_too() -> None:
    choice = golden("openai/response.json")["response"]["choices"][0]
    assert stored(choice) == stored(choice["message"])


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ("hello", "got str"),
        (None, "got NoneType"),
        ([3], "got int"),
        ([[]], "got list"),
        ({}, "a role of None and the keys nothing"),
        ({"role": "user"}, "a role of 'user' and the keys role"),
        ({"role": "robot", "content": "a"}, "a role of 'robot' and the keys content, role"),
        ({"role": ["user"], "content": "a"}, "a role of"),
        ({"content": "a"}, "a role of None and the keys content"),
        ([{"role": "user", "content": "a"}, {"error": "x"}], "the keys error"),
    ],
)
def test_what_is_no_message_is_refused(value: Any, described: str) -> None:
    with pytest.raises(ArgumentError, match=described):
        make_stored_messages(value)
