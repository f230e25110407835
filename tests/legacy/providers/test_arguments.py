"""Arguments as models write them, and what becomes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from xpander_client.legacy.providers import LLMProvider, tool_calls_in
from xpander_client.legacy.providers.tool_call import (
    FINISH_TOOL,
    ToolCall,
    ToolCallType,
    empty_payload,
)


def call(arguments: Any, name: str = "t") -> ToolCall:
    written = {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}
    [found] = tool_calls_in({"choices": [{"message": {"tool_calls": [written]}}]})
    return found


def payload(**groups: Any) -> dict[str, Any]:
    return empty_payload() | groups


FULL = payload(
    bodyParams={"a": 1}, queryParams={"b": [2]}, pathParams={"c": "3"}, headers={"d": ""}
)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (FULL, FULL),
        (
            {"body_params": {"a": 1}, "query_params": {"b": 2}, "path_params": {"c": 3}},
            payload(bodyParams={"a": 1}, queryParams={"b": 2}, pathParams={"c": 3}),
        ),
        ({"bodyParams": {"a": 1}, "queryParams": None}, payload(bodyParams={"a": 1})),
        ({"city": "Rome"}, payload(bodyParams={"city": "Rome"})),
        (
            {"pathParams": {"city": "Rome"}, "unit": "C"},
            payload(pathParams={"city": "Rome"}, bodyParams={"unit": "C"}),
        ),
        (
            {"bodyParams": {"a": 1}, "body_params": {"a": 2, "b": 3}},
            payload(bodyParams={"a": 1, "b": 3}),
        ),
        ({"bodyParams": '{"a": 1}'}, payload(bodyParams={"a": 1})),
        ({"headers": "a,b"}, payload(bodyParams={"headers": "a,b"})),
        ({"headers": {"X-A": "1"}}, payload(headers={"X-A": "1"})),
        ({}, payload()),
    ],
)
def test_arguments_stand_in_their_groups(
    arguments: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert call(arguments).payload == expected
    assert call(json.dumps(arguments)).payload == expected
    assert call(arguments).malformed is None


@pytest.mark.parametrize("arguments", [None, "", "  ", {}, "{}"])
def test_no_arguments_are_not_malformed(arguments: Any) -> None:
    assert call(arguments) == ToolCall("t", tool_call_id="1")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ('{"a": 1', "the arguments are not JSON: .*line 1 column 8"),
        ("{'a': 1}", "the arguments are not JSON: .*line 1 column 2"),
        ('{"a": NaN}', "the arguments are not JSON: NaN is no JSON number"),
        ("[1]", "the arguments are an array, not a JSON object"),
        ([1], "the arguments are an array, not a JSON object"),
        ('"{}"', "the arguments are a text, not a JSON object"),
        ("null", "the arguments are null, not a JSON object"),
        ("true", "the arguments are true or false, not a JSON object"),
        ("12", "the arguments are a number, not a JSON object"),
        ('{"a": 123456789012345678901234567890}', "the arguments can't be sent on: .*64"),
        ('{"a": "\\ud800"}', "the arguments can't be sent on: "),
        ('{"a":' * 100_000, "the arguments are n"),
        ('{"bodyParams": "oops"}', "bodyParams: the arguments are not JSON: .*line 1 column 1"),
        ('{"path_params": 3}', "path_params is not a JSON object"),
        ('{"queryParams": [1]}', "queryParams is not a JSON object"),
    ],
)
def test_malformed_arguments_are_told_and_the_payload_is_empty(arguments: Any, reason: str) -> None:
    found = call(arguments)
    assert found.payload == empty_payload()
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.malformed)


def test_a_local_call_has_its_arguments_as_they_are_and_its_own_name() -> None:
    found = call('{"bodyParams": 1, "a": [2]}', "xpLocal_note")
    assert found == ToolCall("note", ToolCallType.LOCAL, {"bodyParams": 1, "a": [2]}, "1")


def test_a_local_call_can_be_malformed_too() -> None:
    found = call("{", "xpLocal_note")
    assert (found.name, found.type) == ("note", ToolCallType.LOCAL)
    assert found.malformed


SLIP = '<parameter name="is_success">true</parameter>\n<parameter name="result">all <b>well</b>'


@pytest.mark.parametrize(
    ("arguments", "is_success", "result"),
    [
        ({"bodyParams": {"is_success": True, "result": "done"}}, True, "done"),
        ({"bodyParams": {"is_success": False, "result": "no"}}, False, "no"),
        ({"body_params": {"is_success": True, "result": "done"}}, True, "done"),
        ({"is_success": True, "result": "flat"}, True, "flat"),
        ({"bodyParams": {"is_success": "true", "result": "a"}}, True, "a"),
        ({"bodyParams": {"is_success": "False", "result": "a"}}, False, "a"),
        ({"bodyParams": SLIP}, True, "all <b>well</b>"),
        ({"bodyParams": SLIP.replace("true", "false")}, False, "all <b>well</b>"),
        ({"bodyParams": '<parameter name="is_success">true <parameter name="result">x'}, True, "x"),
        ({"bodyParams": '{"is_success": true, "result": "twice JSON"}'}, True, "twice JSON"),
        ({"bodyParams": {"is_success": True}}, True, ""),
        ({"bodyParams": {"is_success": True, "result": None}}, True, ""),
        ({"bodyParams": {"result": "only this"}}, True, "only this"),
        ({"bodyParams": {"is_success": True, "result": {"a": "ä"}}}, True, '{"a":"ä"}'),
        ({"bodyParams": {"is_success": True, "result": [1]}}, True, "[1]"),
        ({"bodyParams": {"is_success": True, "result": 0}}, True, "0"),
        ({"bodyParams": {"is_success": True}, "result": "half flat"}, True, "half flat"),
        (
            {"bodyParams": {"is_success": True, "result": "a", "more": 1}, "queryParams": {"b": 1}},
            True,
            "a",
        ),
    ],
)
def test_the_finish_call_has_exactly_its_two_arguments(
    arguments: dict[str, Any], is_success: bool, result: str
) -> None:
    expected = payload(bodyParams={"is_success": is_success, "result": result})
    assert call(arguments, FINISH_TOOL) == ToolCall(FINISH_TOOL, payload=expected, tool_call_id="1")
    assert call(json.dumps(arguments), FINISH_TOOL).payload == expected


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        "{",
        "done",
        {},
        {"bodyParams": {}},
        {"bodyParams": {"result": ""}},
        {"bodyParams": {"is_success": "perhaps", "result": "a"}},
        {"bodyParams": {"is_success": 2, "result": "a"}},
        {"bodyParams": "well done"},
    ],
)
def test_a_finish_call_that_says_nothing_is_malformed(arguments: Any) -> None:
    found = call(arguments, FINISH_TOOL)
    assert found.malformed
    assert found.payload == empty_payload()


def test_two_calls_never_share_a_payload() -> None:
    one, other = call(None), call(None)
    one.payload["bodyParams"]["a"] = 1
    assert other.payload == ToolCall("t").payload == empty_payload()


@pytest.mark.parametrize("provider", LLMProvider)
def test_dicts_that_were_given_are_not_the_payload(provider: LLMProvider) -> None:
    given = {"bodyParams": {"list": [1]}}
    answer = {
        "output": {
            "message": {"content": [{"toolUse": {"name": "t", "toolUseId": "1", "input": given}}]}
        }
    }
    [found] = tool_calls_in(answer, provider)
    found.payload["bodyParams"]["list"].append(2)
    assert given == {"bodyParams": {"list": [1]}}
