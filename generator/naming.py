"""Names in the specification, as names in Python."""

from __future__ import annotations

import keyword
import re

from openapi_python_client.strings import snake_case

# Names that annotations inside a generated class body refer to: a field of such a name would hide
# them from type checkers.
_USED_IN_ANNOTATIONS = frozenset(
    {"Any", "bool", "builtins", "datetime", "dict", "float", "int", "list", "object", "str"}
)
_TAKEN = frozenset({"additional_properties", "cls", "self"})
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


def name_attribute(wire: str) -> str:
    """Return the Python name of a field or a parameter: `x-agent-version` is `agent_version`.

    Example:
        >>> name_attribute("userId"), name_attribute("Last-Event-ID"), name_attribute("x-worker-id")
        ('user_id', 'last_event_id', 'worker_id')
    """
    if _IDENTIFIER.fullmatch(wire):
        return wire
    return snake_case(wire.removeprefix("x-").removeprefix("X-"))


def name_member(value: str) -> str:
    """Return the Python name of an enumeration's value: `tool_call_request` is `ToolCallRequest`.

    Example:
        >>> name_member("task_finished"), name_member("worker-heartbeat"), name_member("a2a")
        ('TaskFinished', 'WorkerHeartbeat', 'A2a')
    """
    words = re.split(r"[^0-9A-Za-z]+", value)
    return "".join(word[:1].upper() + word[1:] for word in words)


def name_event_kind(value: str) -> str:
    """Return the class of the events that say this: `tool_call_request` is `ToolCallRequestEvent`.

    Example:
        >>> name_event_kind("chunk"), name_event_kind("agent-execution")
        ('ChunkEvent', 'AgentExecutionEvent')
    """
    return f"{name_member(value)}Event"


def name_module(class_name: str) -> str:
    """Return the module that a class is printed to.

    Example:
        >>> name_module("TasksListItem"), name_module("MCPServerDetails")
        ('tasks_list_item', 'mcp_server_details')
    """
    return snake_case(class_name)


def find_name_fault(name: str) -> str | None:
    """Say why something can't be called so in Python, or None."""
    if not name.isidentifier():
        return f"{name!r} is no Python name"
    if keyword.iskeyword(name):
        return f"{name!r} is a Python keyword"
    if name.startswith("_"):
        return f"{name!r} begins with an underscore"
    if name in _TAKEN or name in _USED_IN_ANNOTATIONS:
        return f"{name!r} is a name that generated code needs"
    return None
