"""A task as the text that a model is given, and where its plan stands."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Any

import attrs
import pytest

from xpander_client import (
    AgentExecutionInput,
    AttachmentRef,
    Configuration,
    DeepPlanning,
    DeepPlanningItem,
    Task,
)
from xpander_client.core.prompts.data_files import DataFile
from xpander_client.core.prompts.deep_plan import is_unfinished, list_completed, open_items
from xpander_client.transport import Transport
from xpander_client.transport.tracked_object import fence

STEPS = [
    DeepPlanningItem(id="step-1", title="Read the sales", completed=True),
    DeepPlanningItem(id="step-2", title="Sum them up"),
    DeepPlanningItem(id="step-3", title="Write the report", completed=None),
]
PLAN = DeepPlanning(enabled=True, started=True, enforce=True, tasks=STEPS)


def task(text: str | None = "Sum up the sales", /, **fields: Any) -> Task:
    given = {name: fields.pop(name) for name in ("files", "attachments") if name in fields}
    return Task(
        id="task-1",
        agent_id="agent-sales",
        organization_id="acme",
        input=AgentExecutionInput(text=text, **given),
        created_at=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        **fields,
    )


def test_a_prompt_alone_stays_as_it_is() -> None:
    prompt = '  {"keep": "me"}\n'
    assert task(prompt).to_message() == prompt


@pytest.mark.parametrize("text", ["", None])
def test_a_task_without_a_prompt_says_the_rest(text: str | None) -> None:
    assert task(text).to_message() == ""
    assert task(text, files=["a.csv"]).to_message() == "Files:\n- a.csv"


def test_each_file_is_named_once_with_what_is_known_of_it() -> None:
    known = [
        AttachmentRef(url="https://x/b.csv", name="b.csv", mime="text/csv"),
        AttachmentRef(url="https://x/c.pdf"),
    ]
    files = ["https://x/a.csv", "https://x/b.csv", "https://x/a.csv"]
    assert task(files=files, attachments=known).to_message() == (
        "Sum up the sales\n\n"
        "Files:\n"
        "- https://x/a.csv\n"
        "- https://x/b.csv (b.csv, text/csv)\n"
        "- https://x/c.pdf"
    )


def test_the_text_of_files_is_there_unless_it_is_to_be_kept_out() -> None:
    known = [AttachmentRef(url="https://x/b.mp3", name="b.mp3", transcript="Good morning")]
    said = task(attachments=known)
    assert said.to_message().endswith("- https://x/b.mp3 (b.mp3)\n\nText of b.mp3:\nGood morning")
    said.disable_attachment_injection = True
    assert said.to_message().endswith("- https://x/b.mp3 (b.mp3)")


def test_files_that_came_with_the_task_are_named_and_their_texts_read() -> None:
    files = [
        DataFile("sales.csv", "text/csv", b"north,120").url,
        DataFile("scan.png", "image/png", b"\x89PNG").url,
    ]
    listed = "Files:\n- sales.csv (text/csv, 9 bytes)\n- scan.png (image/png, 4 bytes)"
    read = f"Sum up the sales\n\n{listed}\n\nText of sales.csv:\nnorth,120"
    assert task(files=files).to_message() == read
    kept_out = task(files=files, disable_attachment_injection=True).to_message()
    assert kept_out == f"Sum up the sales\n\n{listed}"


def test_context_instructions_and_the_expected_output_follow_in_this_order() -> None:
    said = task(
        expected_output="A table", instructions_override="Be brief", additional_context="It is June"
    )
    assert said.to_message() == (
        "Sum up the sales\n\n"
        "Context:\nIt is June\n\n"
        "Instructions for this task:\nBe brief\n\n"
        "Expected output:\nA table"
    )


def test_an_unfinished_plan_says_what_is_done_what_is_open_and_what_is_next() -> None:
    message = task(deep_planning=PLAN, additional_context="What was found so far").to_message()
    assert message.startswith("Sum up the sales\n\nContext:\nWhat was found so far\n\n")
    assert "1 of the 3 steps" in message
    assert message.endswith(
        "Done:\n- Read the sales (id: step-1)\n\n"
        "Open:\n- Sum them up (id: step-2)\n- Write the report (id: step-3)\n\n"
        "Next: Sum them up (id: step-2)"
    )


def test_a_model_that_stopped_before_is_told_which_attempt_this_is() -> None:
    assert "\n\nThis is attempt 3.\n\nDone:" in task(deep_planning=PLAN).to_message(retry_count=2)
    assert task().to_message(2) == "Sum up the sales"


def test_the_time_of_the_task_stands_last_if_it_is_asked_for() -> None:
    created = datetime.datetime.fromisoformat("2026-01-02T05:04+02:00")
    said = task(expected_output="A table")
    said.created_at = created
    assert said.to_message(with_timestamp=True).endswith(
        "A table\n\nSent at 2026-01-02 03:04 (UTC)"
    )


def test_a_plan_of_which_nothing_is_done_yet_has_no_such_part() -> None:
    message = task(deep_planning=attrs.evolve(PLAN, tasks=STEPS[1:])).to_message()
    assert "0 of the 2 steps" in message
    assert "Done:" not in message


@pytest.mark.parametrize(
    "plan",
    [
        None,
        DeepPlanning(),
        attrs.evolve(PLAN, enabled=False),
        attrs.evolve(PLAN, started=None),
        attrs.evolve(PLAN, enforce=False),
        attrs.evolve(PLAN, tasks=STEPS[:1]),
        attrs.evolve(PLAN, tasks=[]),
        attrs.evolve(PLAN, tasks=None),
    ],
)
def test_a_plan_that_keeps_nothing_going_is_not_mentioned(plan: DeepPlanning | None) -> None:
    assert not is_unfinished(plan)
    assert task(deep_planning=plan).to_message() == "Sum up the sales"


def test_steps_are_open_or_completed_in_the_plans_order() -> None:
    assert is_unfinished(PLAN)
    assert open_items(PLAN) == STEPS[1:]
    assert list_completed(PLAN) == STEPS[:1]
    assert open_items(None) == list_completed(None) == []


def test_a_stop_is_requested_when_the_worker_says_so() -> None:
    said = [False, True, True]
    nowhere = Transport.of(Configuration("key", "http://127.0.0.1:9", "acme"))
    running = fence(task(), nowhere, b"", {}, lambda: said.pop(0))
    assert [running.is_stop_requested, running.is_stop_requested] == [False, True]
    assert copy.copy(running).is_stop_requested


def test_where_no_worker_runs_a_task_no_stop_is_requested() -> None:
    assert task().is_stop_requested is False
    assert pickle.loads(pickle.dumps(task())).is_stop_requested is False


def test_whether_a_stop_is_requested_is_not_for_handlers_to_say() -> None:
    with pytest.raises(AttributeError):
        task().is_stop_requested = True  # type: ignore[misc]  # that is what is tested
