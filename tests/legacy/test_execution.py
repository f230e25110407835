"""Both vocabularies: the loop's words and the platform's."""

from __future__ import annotations

import datetime

import pytest

from xpander_client import AgentExecutionInput, AgentExecutionStatus, Task
from xpander_client.legacy.execution import Execution

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


def execution(status: str, result: str | None = None) -> Execution:
    return Execution(
        Task(
            id="task-1",
            agent_id="agent-1",
            organization_id="acme",
            input=AgentExecutionInput(text="sum up", files=["https://example.com/a"]),
            created_at=NOW,
            status=AgentExecutionStatus(status),
            result=result,
            memory_thread_id="thread-1",
        )
    )


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("pending", "PENDING"),
        ("executing", "RUNNING"),
        ("paused", "RUNNING"),
        ("completed", "COMPLETED"),
        ("error", "FAILED"),
        ("failed", "FAILED"),
        ("stopped", "FAILED"),
        ("of-the-future", "of-the-future"),
    ],
)
def test_a_status_reads_in_both_words(raw: str, status: str) -> None:
    made = execution(raw)
    assert made.status == status
    assert made.raw_status == raw


def test_a_result_is_there_when_completed_and_an_error_when_failed() -> None:
    assert (execution("completed", "42").result, execution("completed", "42").error) == ("42", None)
    assert (execution("error", "no").result, execution("error", "no").error) == (None, "no")
    assert execution("stopped").error == "the execution ended as stopped"
    assert (execution("executing", "half").result, execution("executing").error) == (None, None)


def test_both_names_of_everything() -> None:
    made = execution("completed", "42")
    assert made.id == made.execution_id == "task-1"
    assert made.thread_id == made.memory_thread_id == "thread-1"
    assert made.input == made.input.text == "sum up"
    assert made.input.files == ["https://example.com/a"]
    assert made.input_message == {"role": "user", "content": "sum up"}
    assert made.updated_at == made.created_at == NOW
