"""What our data writes by pydantic's names: what the official models write, of what both have."""

from __future__ import annotations

import json
from typing import Any

import pytest
import xpander_sdk
from xpander_sdk.models.deep_planning import DeepPlanning, DeepPlanningItem
from xpander_sdk.models.events import ToolCallRequest, ToolCallResult
from xpander_sdk.models.shared import ExecutionTokens
from xpander_sdk.modules.tasks.models.task import AgentExecutionInput, AttachmentRef
from xpander_sdk.modules.tasks.models.tasks_list import TasksListItem

import xpander_client

TASK: dict[str, Any] = {
    "id": "task-1",
    "agent_id": "agent-1",
    "organization_id": "org-1",
    "input": {
        "text": "Sum up ünïcode",
        "files": ["https://files.test/a.csv"],
        "attachments": [{"url": "https://files.test/a.csv", "kind": "text", "size": 3}],
        "user": {"id": "u1", "email": "ada@example.com", "additional_attributes": {"a": [1, None]}},
    },
    "created_at": "2026-11-30T10:00:00.120000+00:00",
    "started_at": "2026-11-30T12:00:00+02:00",
    "finished_at": None,
    "status": "completed",
    "source": "sdk",
    "output_format": "json",
    "output_schema": {"type": "object"},
    "tokens": {"completion_tokens": 2, "prompt_tokens": 1},
    "deep_planning": {"enabled": True, "tasks": [{"id": "s", "title": "Read", "completed": True}]},
    "mcp_servers": [{"name": "files", "type": "local", "transport": "stdio", "command": "serve"}],
}
CALL = {"request_id": "r", "operation_id": "o", "tool_call_id": "c", "tool_name": "t"}
MODELS: list[tuple[Any, str, dict[str, Any]]] = [
    (xpander_sdk.Task, "Task", TASK),
    (TasksListItem, "TasksListItem", {**TASK, "task_id": "task-1", "updated_at": None}),
    (xpander_sdk.User, "User", TASK["input"]["user"]),
    (xpander_sdk.Tokens, "Tokens", TASK["tokens"]),
    (xpander_sdk.MCPServerDetails, "MCPServerDetails", TASK["mcp_servers"][0]),
    (ExecutionTokens, "ExecutionTokens", {"worker": TASK["tokens"]}),
    (AgentExecutionInput, "AgentExecutionInput", TASK["input"]),
    (AttachmentRef, "AttachmentRef", TASK["input"]["attachments"][0]),
    (DeepPlanning, "DeepPlanning", TASK["deep_planning"]),
    (DeepPlanningItem, "DeepPlanningItem", TASK["deep_planning"]["tasks"][0]),
    (ToolCallRequest, "ToolCallRequest", {**CALL, "payload": {"a": 1}}),
    (ToolCallResult, "ToolCallResult", {**CALL, "result": {"a": [1.5, None]}, "is_error": False}),
    (
        xpander_sdk.TaskUpdateEvent,
        "TaskUpdateEvent",
        {
            "type": "chunk",
            "task_id": "task-1",
            "organization_id": "org-1",
            "time": TASK["created_at"],
            "data": "text",
        },
    ),
]


def keep_shared(ours: Any, theirs: Any) -> tuple[Any, Any]:
    """Leave out of two values the fields that only one has, at any depth.

    A field that nobody gave may be another here: the official client fills in defaults of its own.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = {name: keep_shared(ours[name], theirs[name]) for name in ours.keys() & theirs}
        pairs = {name: pair for name, pair in pairs.items() if pair[0] is not None}
        return (
            {name: pair[0] for name, pair in pairs.items()},
            {name: pair[1] for name, pair in pairs.items()},
        )
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        items = [keep_shared(*pair) for pair in zip(ours, theirs, strict=True)]
        return [item[0] for item in items], [item[1] for item in items]
    return ours, theirs


@pytest.mark.parametrize(("official", "name", "values"), MODELS, ids=[each[1] for each in MODELS])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"exclude_none": True},
        {"mode": "json"},
        {"mode": "json", "exclude_none": True},
        {"exclude": {"id", "input"}},
    ],
    ids=str,
)
def test_the_same_values_are_written(
    theirs: xpander_sdk.Configuration,
    official: Any,
    name: str,
    values: dict[str, Any],
    options: dict[str, Any],
) -> None:
    bound = {"configuration": theirs} if "configuration" in official.model_fields else {}
    other = official.model_validate({**values, **bound})
    made = getattr(xpander_client, name, None) or getattr(xpander_client.api, name)
    mine = made.model_validate(values)
    if bound:
        options = {**options, "exclude": {*options.get("exclude", ()), "configuration"}}
    left, right = keep_shared(mine.model_dump(**options), other.model_dump(**options))
    assert left == right
    given = {name for name in values.keys() & official.model_fields if values[name] is not None}
    assert given - {*options.get("exclude", ())} <= left.keys()
    options.pop("mode", None)
    texts = mine.model_dump_json(**options), other.model_dump_json(**options)
    left, right = keep_shared(*map(json.loads, texts))
    assert left == right


@pytest.mark.parametrize(("official", "name", "values"), MODELS, ids=[each[1] for each in MODELS])
def test_what_one_wrote_the_other_reads(
    theirs: xpander_sdk.Configuration, official: Any, name: str, values: dict[str, Any]
) -> None:
    bound = {"configuration": theirs} if "configuration" in official.model_fields else {}
    made = getattr(xpander_client, name, None) or getattr(xpander_client.api, name)
    mine = made.model_validate(values)
    read = official.model_validate({**mine.model_dump(exclude_none=True), **bound})
    again = made.model_validate_json(read.model_dump_json(exclude={"configuration"}))
    before, after = keep_shared(mine.model_dump(), again.model_dump())
    assert before == after
    assert before.keys() >= mine.model_dump(exclude_none=True).keys() & official.model_fields
