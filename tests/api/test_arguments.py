"""What is wrong with an argument is told by the argument's name, and before anything is sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from xpander_client import AgentExecutionStatus, ArgumentError, OutputFormat, Task
from xpander_client.api.requests import agents, organization, tasks, threads, workers
from xpander_client.core.requests import RequestSpec

# What is right for the arguments that a call can't do without, by their annotations.
RIGHT: dict[str, Any] = {
    "str": "a",
    "int": 1,
    "float": 1.0,
    "bool": True,
    "Any": {},
    "dict[str, Any]": {},
    "ExecutionTokens": {},
}


def _right(parameter: inspect.Parameter) -> Any:
    kind = str(parameter.annotation)
    if kind.startswith("builtins.list["):
        return []
    for known, value in RIGHT.items():
        if known in kind.split(" | "):
            return value
    return next(iter(AgentExecutionStatus)) if "Status" in kind else "worker-heartbeat"


def _arguments() -> Iterator[Any]:
    for module in (agents, organization, tasks, threads, workers):
        for name, request in inspect.getmembers(module, inspect.isfunction):
            if request.__module__ != module.__name__ or name.endswith("_fields"):
                continue
            for argument in inspect.signature(request).parameters:
                called = f"{module.__name__.rpartition('.')[2]}.{name}"
                yield pytest.param(request, argument, id=f"{called}-{argument}")


@pytest.mark.parametrize(("request_of", "argument"), list(_arguments()))
def test_a_wrong_argument_is_named_as_the_caller_named_it(
    request_of: Callable[..., RequestSpec], argument: str
) -> None:
    parameters = inspect.signature(request_of).parameters.values()
    given = {each.name: _right(each) for each in parameters if each.default is each.empty}
    with pytest.raises(ArgumentError, match=rf"^{argument}\b"):
        request_of(**{**given, argument: object()})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"file_urls": "a.csv"}, "file_urls: expected a list, got the string 'a.csv'"),
        ({"file_urls": ["a", 5]}, "file_urls[1]: expected a string, got the number 5"),
        ({"attachments": [{"url": 5}]}, "attachments[0].url: expected a string, got the number 5"),
        (
            {"tool_call_payload_extension": {"a": [float("nan")]}},
            "tool_call_payload_extension.a[0]: the number nan has no JSON form",
        ),
        (
            {"output_format": "jsn"},
            "output_format: expected one of 'text', 'markdown', 'json', 'voice', got 'jsn' (what "
            "the platform knows and this client does not: OutputFormat('jsn'))",
        ),
    ],
)
def test_the_place_within_an_argument_is_told(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        tasks.create(agent_id="agent-1", **arguments)
    assert str(caught.value) == told


def test_the_text_of_a_value_is_as_good_as_the_member() -> None:
    by_text = tasks.create(agent_id="agent-1", output_format="json", think_mode="harder")
    assert by_text.body is not None
    assert b'"output_format":"json"' in by_text.body
    assert tasks.list_user_tasks(user_id="ann", status="completed").query == (
        ("status", "completed"),
    )


def test_a_value_that_only_the_platform_knows_is_sent_when_it_is_made_on_purpose() -> None:
    asked = tasks.create(agent_id="agent-1", output_format=OutputFormat("pdf"), source="by fax")
    assert asked.body is not None
    assert b'"output_format":"pdf"' in asked.body
    assert b'"source":"by fax"' in asked.body
    fields = {"status": AgentExecutionStatus("resting")}
    assert tasks.update_fields(task_id="task-1", fields=fields).body == b'{"status":"resting"}'


def test_a_wrong_text_is_refused_where_fields_are_changed_and_objects_made() -> None:
    with pytest.raises(ArgumentError, match=r"^status: expected one of 'pending', .*got 'done'"):
        tasks.update_fields(task_id="task-1", fields={"status": "done"})
    with pytest.raises(ArgumentError, match=r"^Task\.status: expected one of .*got 'done'"):
        Task(
            id="task-1",
            agent_id="agent-1",
            organization_id="org",
            input={"text": "hello"},  # type: ignore[arg-type]  # a dict becomes the model
            created_at="2026-01-31T00:00:00Z",  # type: ignore[arg-type]  # and a text the moment
            status="done",  # type: ignore[arg-type]  # what is tested
        )


def test_an_unknown_value_that_is_received_still_parses() -> None:
    task = Task.from_dict(
        {
            "id": "task-1",
            "agent_id": "agent-1",
            "organization_id": "org",
            "input": {"text": "hello"},
            "created_at": "2026-01-31T00:00:00Z",
            "status": "resting",
        }
    )
    assert task.status == "resting"
