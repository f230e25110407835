"""Both vocabularies: the loop's words and the platform's."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from xpander_client import AgentExecutionInput, AgentExecutionStatus, Task
from xpander_client.legacy import ExecutionStatus, LLMTokens, Tokens
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


def sent(**more: Any) -> Execution:
    """An execution as the platform sends it."""
    task = {"id": "task-1", "agent_id": "a", "organization_id": "acme", "input": {"text": "go"}}
    return Execution(Task.from_dict({**task, "created_at": NOW.isoformat(), **more}))


def test_tokens_are_those_that_a_worker_or_the_platform_has_said() -> None:
    said = {"worker": {"completion_tokens": 3, "prompt_tokens": 4, "total_tokens": 7}}
    by_platform = sent(llm_tokens=said, worker_id="worker-1")
    assert by_platform.llm_tokens == Tokens(worker=LLMTokens(3, 4, 7))
    assert by_platform.worker_id == "worker-1"
    by_worker = sent(tokens={"completion_tokens": 1, "prompt_tokens": 2})
    assert by_worker.llm_tokens == Tokens(worker=LLMTokens(1, 2, 3))
    assert sent().llm_tokens == Tokens()
    assert sent().worker_id is None


def test_statuses_have_the_words_of_version_1_as_well() -> None:
    assert {ExecutionStatus.EXECUTING, ExecutionStatus.RUNNING} == {ExecutionStatus("RUNNING")}
    assert sent(status="error").status == ExecutionStatus.ERROR
