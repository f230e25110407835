"""What a model asks for, and what came of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs

from xpander_client.core.plain_values import PlainValues

FINISH_TOOL = "xpfinish-agent-execution-finished"
LOCAL_PREFIX = "xpLocal_"
GROUPS = {
    "bodyParams": "body_params",
    "queryParams": "query_params",
    "pathParams": "path_params",
    "headers": "headers",
}


class ToolCallType(StrEnum):
    """Where a tool runs: on the platform, or in the process that drives the model."""

    XPANDER = "xpander"
    LOCAL = "local"


def empty_payload() -> dict[str, Any]:
    """Return the arguments of a call that has none: its four groups, all empty, made afresh.

    Example:
        >>> empty_payload()
        {'bodyParams': {}, 'queryParams': {}, 'pathParams': {}, 'headers': {}}
    """
    return {group: {} for group in GROUPS}


def extend(payload: Mapping[str, Any], extension: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the payload with an extension merged into it: objects deeply, lists put together.

    Example:
        >>> extend({"bodyParams": {"a": 1, "tags": ["x"]}}, {"bodyParams": {"tags": ["y"]}})
        {'bodyParams': {'a': 1, 'tags': ['x', 'y']}}
    """
    made = copy.deepcopy(dict(payload))
    for name, value in (extension or {}).items():
        before = made.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            made[name] = extend(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            made[name] = [*before, *copy.deepcopy(value)]
        else:
            made[name] = copy.deepcopy(value)
    return made


@attrs.frozen
class ToolCall(PlainValues):
    """A tool that a model called.

    The payload of a tool on the platform has the groups `bodyParams`, `queryParams`, `pathParams`
    and `headers`. That of a local tool is its arguments, and the name has no `xpLocal_` in front.

    Example:
        >>> ToolCall("get_weather", tool_call_id="call_1").payload["bodyParams"]
        {}
    """

    name: str
    type: ToolCallType = ToolCallType.XPANDER
    payload: dict[str, Any] = attrs.field(factory=empty_payload)
    tool_call_id: str = ""
    graph_approved: bool = False
    malformed: str | None = attrs.field(default=None, kw_only=True)
    """Why the arguments could not be read. Such a call must not be run: its payload is empty."""
    written: dict[str, Any] | None = attrs.field(default=None, kw_only=True, eq=False, repr=False)
    """The arguments as the model wrote them, before they were put into groups."""


@attrs.define
class ToolCallResult(PlainValues):
    """What came of a call. Its fields can be set: whoever ran the tool fills them in.

    Example:
        >>> result = ToolCallResult("get_weather", "call_1", {})
        >>> result.result, result.is_success = "sunny", True
        >>> result.status_code
        0
    """

    function_name: str
    tool_call_id: str
    payload: Any
    status_code: int = 0
    result: Any = None
    is_success: bool = False
    is_error: bool = False
    is_local: bool = False
    graph_approved: bool = False
