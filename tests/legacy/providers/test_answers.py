"""What is read from models' answers, and what is no answer."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessage

from tests.legacy.providers.goldens import golden
from xpander_client.core.serialization import dumps, unstructure
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import (
    LLMProvider,
    Reply,
    make_stored_messages,
    read_reply,
    tool_calls_in,
)


def chat(*messages: Any, **rest: Any) -> dict[str, Any]:
    return {"choices": [{"message": message} for message in messages], **rest}


def calling(*ids: Any, name: str | None = "t") -> dict[str, Any]:
    function = {"name": name, "arguments": "{}"}
    calls = [{"id": one, "type": "function", "function": function} for one in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def text_of(answer: Any) -> str | None:
    [reply] = read_reply(answer)
    return reply.text


def test_all_choices_are_read() -> None:
    replies = read_reply(chat({"content": "a"}, calling("1"), calling("2", "3")))
    assert [reply.text for reply in replies] == ["a", None, None]
    assert [[c.tool_call_id for c in reply.calls] for reply in replies] == [[], ["1"], ["2", "3"]]


def test_no_choices_are_no_replies() -> None:
    assert read_reply({"choices": []}) == ()
    assert tool_calls_in({"choices": []}) == []


def test_bedrocks_parallel_calls_and_texts_are_all_kept() -> None:
    content = [
        {"text": "One "},
        {"text": "and two."},
        {"toolUse": {"toolUseId": "1", "name": "a", "input": {}}},
        {"text": "And three."},
        {"toolUse": {"toolUseId": "2", "name": "b", "input": {}}},
    ]
    answer = {"output": {"message": {"role": "assistant", "content": content}}}
    [stored] = make_stored_messages(answer)
    assert stored.content == "One and two.\nAnd three."
    assert [call.tool_call_id for call in stored.tool_calls or ()] == ["1", "2"]
    assert [call.tool_call_id for call in tool_calls_in(answer)] == ["1", "2"]


@pytest.mark.parametrize("missing", [None, ""])
def test_ids_that_are_missing_are_the_same_for_the_thread_and_for_the_tools(
    missing: str | None,
) -> None:
    answer = chat(calling(missing, missing), calling(missing))
    found = [call.tool_call_id for call in tool_calls_in(answer)]
    stored = [
        call.tool_call_id for m in make_stored_messages(answer) for call in m.tool_calls or ()
    ]
    assert found == stored
    assert len(set(found)) == 3


def test_two_answers_in_one_second_have_calls_of_their_own() -> None:
    one, other = (chat(calling("", name=name), created=1741570283) for name in ("a", "b"))
    assert tool_calls_in(one)[0].tool_call_id != tool_calls_in(other)[0].tool_call_id


def test_ids_do_not_depend_on_the_order_of_keys() -> None:
    answer = chat(calling(""), model="m")
    turned = dict(reversed(answer.items()))
    assert list(turned) != list(answer)
    assert tool_calls_in(turned) == tool_calls_in(answer)


def test_of_two_calls_with_one_id_the_second_gets_another() -> None:
    first, second = tool_calls_in(chat(calling("1", "1")))
    assert first.tool_call_id == "1"
    assert second.tool_call_id.startswith("call_")


@pytest.mark.parametrize("arguments", [None, {}])
def test_ollamas_calls_without_arguments_are_not_left_out(arguments: Any) -> None:
    answer = {"message": {"role": "assistant", "tool_calls": [{"function": {"name": "now"}}]}}
    answer["message"]["tool_calls"][0]["function"]["arguments"] = arguments  # type: ignore[index]
    assert [call.name for call in tool_calls_in(answer, LLMProvider.OLLAMA)] == ["now"]


def test_a_text_in_parts_is_one_text() -> None:
    content = [{"type": "text", "text": "Rome "}, {"type": "text", "text": "is clear."}]
    assert text_of({"type": "message", "model": "m", "role": "assistant", "content": content}) == (
        "Rome is clear."
    )


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (chat({"content": None}), None),
        (chat({"content": ""}), ""),
        (chat({"content": None, "refusal": "I can't."}), "I can't."),
        (chat({"content": None, "audio": {"id": "a", "data": "x", "transcript": "Hi"}}), "Hi"),
        ({"candidates": [{"content": {"parts": [{"text": "a", "thought": True}]}}]}, None),
        ({"candidates": [{"content": {"parts": [{"text": "a", "inlineData": None}]}}]}, "a"),
        ({"type": "ai", "content": ["a", {"type": "text", "text": "b"}]}, "a\nb"),
        ({"type": "ai", "data": {"content": "a", "tool_calls": []}}, "a"),
        ({"output": {"message": {"content": [{"reasoningContent": {"a": 1}}]}}}, None),
        (
            {
                "output": {
                    "message": {"content": [{"citationsContent": {"content": [{"text": "a"}]}}]}
                }
            },
            "a",
        ),
        ({"output": [{"type": "message", "content": [{"type": "output_text", "text": "a"}]}]}, "a"),
    ],
)
def test_what_the_model_said_is_found(answer: Any, text: str | None) -> None:
    assert text_of(answer) == text


def test_tools_that_the_provider_ran_by_itself_are_not_run_again() -> None:
    content = [
        {"type": "server_tool_use", "id": "1", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "1", "content": []},
        {"type": "text", "text": "Found."},
    ]
    answer = {"type": "message", "role": "assistant", "content": content, "stop_reason": "end"}
    assert read_reply(answer) == (Reply("Found."),)


def test_langchains_calls_are_not_read_twice() -> None:
    call = {"name": "t", "args": {}, "id": "1", "type": "tool_call"}
    block = {"type": "tool_use", "id": "1", "name": "t", "input": {}}
    bad = {"name": "u", "args": "{", "id": "2", "error": None, "type": "invalid_tool_call"}
    answer = {
        "type": "ai",
        "content": [block],
        "tool_calls": [call],
        "invalid_tool_calls": [bad],
    }
    found = tool_calls_in(answer, LLMProvider.LANG_CHAIN)
    assert [(one.name, one.malformed is None) for one in found] == [("t", True), ("u", False)]


def test_a_candidate_that_gemini_stopped_is_no_reply() -> None:
    assert read_reply({"candidates": [{"finishReason": "SAFETY"}]}) == ()
    assert read_reply({"promptFeedback": {"blockReason": "SAFETY"}}) == ()


def test_a_realtime_response_is_read_with_and_without_its_event() -> None:
    event = golden("realtimeopenai/response.json")["response"]
    calls = tool_calls_in(event["response"], LLMProvider.REAL_TIME_OPEN_AI)
    assert calls == tool_calls_in(event)
    assert len(calls) == 2


@pytest.mark.parametrize(
    "chunk",
    [
        {"object": "chat.completion.chunk", "choices": []},
        {"choices": [{"delta": {"content": "a"}}]},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
        {"type": "message_start", "message": {"role": "assistant", "content": []}},
        {"type": "response.function_call_arguments.delta", "delta": "{"},
        {"type": "AIMessageChunk", "content": "a"},
        {"model": "m", "message": {"role": "assistant", "content": "a"}, "done": False},
        {"ResponseMetadata": {}, "stream": []},
        ChatCompletionChunk(
            id="a", choices=[], created=1, model="m", object="chat.completion.chunk"
        ),
    ],
)
def test_parts_of_a_stream_are_refused(chunk: Any) -> None:
    with pytest.raises(ArgumentError, match="collect the stream and give the whole answer"):
        read_reply(chunk)
    with pytest.raises(ArgumentError, match="collect the stream"):
        make_stored_messages(chunk)


def test_a_stream_is_refused_and_not_read() -> None:
    stream: Iterator[Any] = iter([{"choices": []}])
    with pytest.raises(ArgumentError, match=r"whole answer.* got list_iterator"):
        read_reply(stream)
    assert next(stream) == {"choices": []}


def test_a_langchain_message_made_of_all_its_chunks_is_whole() -> None:
    answer = {"type": "AIMessageChunk", "content": "a", "chunk_position": "last"}
    assert text_of(answer) == "a"


@pytest.mark.parametrize(
    ("value", "described"),
    [
        (None, "NoneType"),
        ("text", "str"),
        (3, "int"),
        ([], "list"),
        ([chat({"content": "a"})], "list"),
        ({}, "dict with nothing in it"),
        ({"error": {}, "code": 4}, "dict with code, error"),
        ({"choices": "a"}, "dict with choices"),
        ({"choices": [{"text": "a"}]}, "dict with choices"),
        (object(), "object"),
        (ChatCompletion, "ModelMetaclass|type"),
    ],
)
def test_what_is_no_answer_is_refused_with_what_it_is(value: Any, described: str) -> None:
    with pytest.raises(ArgumentError, match=rf"expected a model's .* got \w*({described})"):
        read_reply(value)


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"provider \(gpt\) not found"):
        tool_calls_in(chat(), "gpt")


class Finish(enum.Enum):
    STOP = "stop"


@dataclasses.dataclass
class DataChoice:
    message: Any
    finish_reason: Finish = Finish.STOP


@attrs.define
class AttrsAnswer:
    choices: list[Any]


class DictAnswer:
    def to_dict(self) -> dict[str, Any]:
        return chat({"content": "a"})


@pytest.mark.parametrize(
    "answer",
    [
        AttrsAnswer([DataChoice({"content": "a"})]),
        DictAnswer(),
        {"choices": [{"message": ChatCompletionMessage(role="assistant", content="a")}]},
        {"choices": ({"message": {"content": "a"}},)},
        {"choices": [{"message": {"content": "a"}}], "raw": b"\xff", "client": object()},
    ],
)
def test_objects_of_any_kind_are_read(answer: Any) -> None:
    assert text_of(answer) == "a"


def test_ids_are_made_the_same_way_whatever_else_the_answer_carries() -> None:
    answers = [chat(calling(""), client=object(), raw=b"\xff") for _ in range(2)]
    first, second = (tool_calls_in(answer) for answer in answers)
    assert first == second


def test_an_answer_that_breaks_its_own_types_gives_no_warning() -> None:
    made = ChatCompletion.model_construct(choices=[{"message": {"content": 3}}], created="a")
    assert read_reply(made) == (Reply(None),)


def test_ids_that_are_numbers_are_read_as_texts_and_answered_under_these() -> None:
    answer = {"output": {"message": {"content": [{"toolUse": {"toolUseId": 7, "name": "t"}}]}}}
    for one in (chat(calling(7)), answer):
        [call] = tool_calls_in(one)
        assert call.tool_call_id == "7"
    told = [{"role": "tool", "tool_call_id": 7, "content": "x"}]
    [_, result] = make_stored_messages([calling(7), *told])
    assert result.tool_call_id == "7"


@pytest.mark.parametrize("odd", [["1"], {"a": 1}, True, 1.5])
def test_what_can_be_no_id_is_replaced(odd: Any) -> None:
    [call] = tool_calls_in(chat(calling(odd)))
    assert call.tool_call_id.startswith("call_")


def test_a_call_that_is_written_in_two_forms_is_one() -> None:
    use = {"type": "tool_use", "id": "1", "name": "t", "input": {}}
    old = {"name": "t", "arguments": "{ }"}
    stored = {"toolCalls": [{"toolCallId": "1", "name": "t", "payload": "{}"}]}
    for more in ({"content": [use]}, {"function_call": old}, stored):
        [call] = tool_calls_in(chat({**calling("1"), **more}))
        assert call.tool_call_id == "1"


def test_the_id_of_a_call_in_two_forms_is_that_of_the_form_that_has_one() -> None:
    part = {"functionCall": {"name": "t", "args": {}}}
    [call] = tool_calls_in(chat({**calling("1"), "content": [part]}))
    assert call.tool_call_id == "1"


def test_calls_that_are_alike_in_one_form_are_several() -> None:
    assert len(tool_calls_in(chat(calling("1", "2")))) == 2
    other = {"name": "t", "arguments": '{"a": 1}'}
    assert len(tool_calls_in(chat({**calling("1"), "function_call": other}))) == 2


def test_a_call_without_a_name_is_a_call_all_the_same() -> None:
    item = {"type": "function_call", "call_id": "1", "arguments": "{}"}
    nameless = calling("1", name=None)
    for answer in ({"type": "response.done", "response": {"output": [item]}}, chat(nameless)):
        [call] = tool_calls_in(answer)
        assert (call.name, call.tool_call_id) == ("", "1")


def test_half_characters_that_would_keep_an_answer_from_its_thread_are_replaced() -> None:
    half = "\ud83d"
    function = {"name": f"t{half}", "arguments": f'{{"a": "{half}"}}'}
    call = {"id": half, "type": "function", "function": function}
    answer = chat({"content": f"a{half}", "reasoning_content": half, "tool_calls": [call]})
    [message] = make_stored_messages(answer)
    assert dumps(unstructure(message))
    [read] = tool_calls_in(answer)
    assert message.tool_calls is not None
    assert (read.name, read.tool_call_id) == ("t\ufffd", "\ufffd")
    assert (read.name, read.tool_call_id) == (
        message.tool_calls[0].name,
        message.tool_calls[0].tool_call_id,
    )
    assert "can't be sent on" in str(read.malformed)
    [whole] = make_stored_messages(chat({"content": "\ud83d\ude00"}))
    assert whole.content == "\N{GRINNING FACE}"
