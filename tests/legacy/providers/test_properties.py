"""What holds for every thread and for every answer."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.legacy.providers.accepted import ACCEPTED
from xpander_client.api.models import ThreadMessage, ThreadToolCall
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import (
    LLMProvider,
    Tool,
    make_stored_messages,
    messages_for,
    read_reply,
    system_for,
    tools_for,
)

texts = st.text(max_size=12)
ids = st.sampled_from(["1", "2", "3", "", "an id/that:is.long " * 4])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, json_values, max_size=3)
payloads = objects.map(json.dumps) | texts | st.sampled_from(["", "{", "[]", "null", "NaN"])
calls = st.builds(ThreadToolCall, name=texts, payload=payloads, tool_call_id=ids)
messages = st.one_of(
    st.builds(
        ThreadMessage,
        role=st.sampled_from(["system", "user", "assistant", "developer", "other"]),
        content=st.none() | texts,
    ),
    st.builds(
        ThreadMessage,
        role=st.just("assistant"),
        content=st.none() | texts,
        tool_calls=st.lists(calls, max_size=3),
    ),
    st.builds(
        ThreadMessage,
        role=st.just("tool"),
        content=st.none() | texts,
        tool_call_id=st.none() | ids,
    ),
)
schemas = st.none() | st.fixed_dictionaries(
    {"type": st.just("object")},
    optional={
        "properties": st.dictionaries(
            st.sampled_from(["bodyParams", "pathParams", "headers", "a"]),
            st.sampled_from(
                [
                    {"type": "object", "properties": {}},
                    {"type": "object", "properties": {"x": {"type": "string"}}},
                    {"type": ["integer", "null"], "enum": [1]},
                    {"type": "array", "items": {"type": "object"}},
                ]
            ),
        )
    },
)
tools = st.lists(st.builds(Tool, name=texts, description=texts, parameters=schemas), max_size=3)


@pytest.mark.parametrize("provider", ACCEPTED)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(thread=st.lists(messages, max_size=8), offered=tools)
def test_every_thread_is_a_request_that_the_provider_accepts(
    provider: LLMProvider, thread: list[ThreadMessage], offered: list[Tool]
) -> None:
    ACCEPTED[provider](
        tools_for(offered, provider), messages_for(thread, provider), system_for(thread, provider)
    )


Call = tuple[str, dict[str, Any], str]
names = st.text("abc_", min_size=1, max_size=8)
written_calls = st.lists(
    st.tuples(names, objects, st.text("abc123", min_size=1, max_size=8)),
    max_size=3,
    unique_by=lambda call: call[2],
)


def openai(text: str, made: list[Call]) -> dict[str, Any]:
    found = [
        {"id": one, "type": "function", "function": {"name": name, "arguments": json.dumps(args)}}
        for name, args, one in made
    ]
    return {"choices": [{"message": {"role": "assistant", "content": text, "tool_calls": found}}]}


def anthropic(text: str, made: list[Call]) -> dict[str, Any]:
    uses = [{"type": "tool_use", "id": one, "name": n, "input": args} for n, args, one in made]
    content = [{"type": "text", "text": text}, *uses]
    return {"type": "message", "role": "assistant", "content": content, "stop_reason": "tool_use"}


def bedrock(text: str, made: list[Call]) -> dict[str, Any]:
    uses = [{"toolUse": {"toolUseId": one, "name": n, "input": args}} for n, args, one in made]
    return {"output": {"message": {"role": "assistant", "content": [{"text": text}, *uses]}}}


def gemini(text: str, made: list[Call]) -> dict[str, Any]:
    uses = [{"functionCall": {"id": one, "name": n, "args": args}} for n, args, one in made]
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}, *uses]}}]}


def langchain(text: str, made: list[Call]) -> dict[str, Any]:
    found = [{"name": name, "args": args, "id": one} for name, args, one in made]
    return {"type": "ai", "content": text, "tool_calls": found, "invalid_tool_calls": []}


def realtime(text: str, made: list[Call]) -> dict[str, Any]:
    items = [
        {"type": "function_call", "call_id": one, "name": n, "arguments": json.dumps(args)}
        for n, args, one in made
    ]
    said = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    return {"type": "response.done", "response": {"output": [said, *items]}}


@pytest.mark.parametrize("form", [openai, anthropic, bedrock, gemini, langchain, realtime])
@given(text=texts, made=written_calls)
def test_what_is_read_from_an_answer_is_what_it_was_made_of(
    form: Any, text: str, made: list[Call]
) -> None:
    answer = form(text, made)
    [reply] = read_reply(answer)
    assert reply.text == text
    assert [(c.name, json.loads(c.payload), c.tool_call_id) for c in reply.raw_calls] == made
    assert [(c.name, c.tool_call_id) for c in reply.calls] == [(n, one) for n, _, one in made]
    [stored] = make_stored_messages(answer)
    assert (stored.content or "") == text
    assert tuple(stored.tool_calls or ()) == reply.raw_calls


@given(value=json_values)
def test_whatever_is_given_is_read_or_refused_and_never_breaks(value: Any) -> None:
    for function in (read_reply, make_stored_messages):
        # Anything but a refusal is a failure.
        with contextlib.suppress(ArgumentError):
            assert isinstance(function(value), tuple | list)
