"""Tool calls and their results, as users make and change them."""

from __future__ import annotations

import attrs
import pytest

from xpander_client.legacy.providers.tool_call import (
    ToolCall,
    ToolCallResult,
    ToolCallType,
    empty_payload,
)


def test_a_calls_fields_have_their_places() -> None:
    call = ToolCall("note", ToolCallType.LOCAL, {"a": 1}, "call_1", True)
    assert (call.name, call.type, call.payload) == ("note", "local", {"a": 1})
    assert (call.tool_call_id, call.graph_approved, call.malformed) == ("call_1", True, None)


def test_a_call_is_a_value() -> None:
    assert ToolCall("a") == ToolCall("a", ToolCallType.XPANDER, empty_payload())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ToolCall("a").name = "b"  # type: ignore[misc]


def test_each_call_has_a_payload_of_its_own() -> None:
    call = ToolCall("a")
    call.payload["bodyParams"]["city"] = "Rome"
    assert ToolCall("a").payload == empty_payload()


def test_a_results_fields_have_their_places_and_can_be_set() -> None:
    result = ToolCallResult("a", "call_1", {}, 200, "sunny", True, False, True, True)
    assert (result.function_name, result.tool_call_id, result.payload) == ("a", "call_1", {})
    assert (result.status_code, result.result, result.is_success) == (200, "sunny", True)
    assert (result.is_error, result.is_local, result.graph_approved) == (False, True, True)
    result.result = "wet"
    assert result.result == "wet"
