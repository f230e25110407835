"""A task as the text that a model is given."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Protocol

from xpander_client.core.prompts.deep_plan import (
    Plan,
    PlanItem,
    is_unfinished,
    list_completed,
    open_items,
)


class _Attachment(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def mime(self) -> str | None: ...
    @property
    def transcript(self) -> str | None: ...


class _Input(Protocol):
    @property
    def text(self) -> str | None: ...
    @property
    def files(self) -> Sequence[str] | None: ...
    @property
    def attachments(self) -> Sequence[_Attachment] | None: ...


class _Task(Protocol):
    @property
    def input(self) -> _Input: ...
    @property
    def created_at(self) -> datetime.datetime: ...
    @property
    def additional_context(self) -> str | None: ...
    @property
    def instructions_override(self) -> str | None: ...
    @property
    def expected_output(self) -> str | None: ...
    @property
    def disable_attachment_injection(self) -> bool | None: ...
    @property
    def deep_planning(self) -> Plan[PlanItem] | None: ...


class TaskMessage:
    """Gives a task its `to_message`."""

    __slots__ = ()

    def to_message(self: _Task, retry_count: int = 0, with_timestamp: bool = False) -> str:
        """Return the task as the text that a model is given. Nothing is loaded for it.

        First comes the prompt, as it is; then, where there is such a thing, the addresses of the
        files (the names of those that came with the task), the text that was read from them (unless
        `disable_attachment_injection` keeps it out), the context, the instructions for this task,
        and the expected output. When a plan is enabled, started and enforced and steps are open,
        the text ends with what is done, what is open and what comes next.

        Args:
            retry_count: How often the model has stopped before; said where steps are open.
            with_timestamp: Whether to end with when the task was created.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> print(task.to_message())
            Sum up the sales by region
            <BLANKLINE>
            Files:
            - https://example.com/sales.csv
        """
        parts = [part for part in _parts(self, retry_count) if part]
        if with_timestamp:
            created = self.created_at.astimezone(datetime.UTC)
            parts.append(f"Sent at {created:%Y-%m-%d %H:%M} (UTC)")
        return "\n\n".join(parts)


def _parts(task: _Task, retry_count: int) -> Iterator[str]:
    yield task.input.text or ""
    attachments = {attachment.url: attachment for attachment in task.input.attachments or ()}
    urls = dict.fromkeys([*(task.input.files or ()), *attachments])
    from xpander_client.core.prompts.data_files import DataFile  # few tasks are read as a prompt

    inside = {url: file for url in urls if (file := DataFile.parse(url)) is not None}
    titles = [
        inside[url].title if url in inside else _file(url, attachments.get(url)) for url in urls
    ]
    yield _section("Files", "\n".join(f"- {title}" for title in titles))
    if not task.disable_attachment_injection:
        for url, attachment in attachments.items():
            yield _section(f"Text of {attachment.name or url}", attachment.transcript)
        for file in inside.values():
            yield _section(f"Text of {file.name}", file.text)
    yield _section("Context", task.additional_context)
    yield _section("Instructions for this task", task.instructions_override)
    yield _section("Expected output", task.expected_output)
    if task.deep_planning is not None and is_unfinished(task.deep_planning):
        yield _continuation(task.deep_planning, retry_count)


def _section(title: str, text: str | None) -> str:
    return f"{title}:\n{text}" if text else ""


def _file(url: str, attachment: _Attachment | None) -> str:
    known = [each for each in (attachment.name, attachment.mime) if each] if attachment else []
    return f"{url} ({', '.join(known)})" if known else url


def _continuation(plan: Plan[PlanItem], retry_count: int) -> str:
    done, left = list_completed(plan), open_items(plan)
    return "\n\n".join(
        part
        for part in (
            f"Work on this task has begun: {len(done)} of the {len(done) + len(left)} steps of its "
            "plan are completed. Go on from there. Don't do again what is done; mark each step as "
            "completed when it is; and stop only when none is open.",
            f"This is attempt {retry_count + 1}." if retry_count else "",
            _section("Done", _steps(done)),
            _section("Open", _steps(left)),
            f"Next: {_step(left[0])}",
        )
        if part
    )


def _steps(items: Sequence[PlanItem]) -> str:
    return "\n".join(f"- {_step(item)}" for item in items)


def _step(item: PlanItem) -> str:
    return f"{item.title} (id: {item.id})"
