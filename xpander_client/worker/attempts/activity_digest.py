"""What was done in a task, in few words, for the next run of its handler."""

from __future__ import annotations

from collections.abc import Iterator

from xpander_client.api import models
from xpander_client.api.resources import Task
from xpander_client.core.result import result_text, value_text

_HEADING = "What was done so far:"
_ENTRY = 400
"""Characters of one entry."""
_ALL = 8_000
"""Characters of the digest; the newest entries stay."""


async def digest_activity(task: Task) -> None:
    """Put a digest of the task's activity log, and its latest result, into `additional_context`.

    It stands behind the context that is there; a digest of an earlier run makes room for it.

    Raises:
        ModuleException: the activity log can't be loaded.

    Example:
        >>> task = await Task.aload("task-1", configuration)
        >>> await digest_activity(task)
        >>> print(task.additional_context)
        What was done so far:
        - ...
    """
    thread = await task.aget_activity_log()
    lines = list(_lines(thread))
    if (result := result_text(task.result)) is not None:
        lines.append(f"- answered: {_short(result)}")
    size = 0
    newest: list[str] = []
    for line in reversed(lines):
        size += len(line)
        if size > _ALL:
            newest.append("- ...")
            break
        newest.append(line)
    digest = "\n".join([_HEADING, *reversed(newest)])
    before = (task.additional_context or "").partition(_HEADING)[0].strip()
    task.additional_context = f"{before}\n\n{digest}" if before else digest


def _lines(thread: models.AgentActivityThread) -> Iterator[str]:
    for entry in thread.messages:
        if isinstance(entry, models.AgentActivityThreadToolCall):
            outcome = "failed" if entry.is_error else "returned"
            yield (
                f"- called {entry.tool_name} with {_json(entry.payload)}, "
                f"which {outcome}: {_json(entry.result)}"
            )
        elif isinstance(entry, models.AgentActivityThreadMessage):
            # What the user asked is in the prompt anyway.
            if entry.role == "agent" and entry.content is not None:
                yield f"- answered: {_short(entry.content.text or '')}"
        elif isinstance(entry, models.AgentActivityThreadReasoning):
            yield f"- thought: {_short(entry.title or '')}"


def _json(value: object) -> str:
    return _short(value_text(value))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _ENTRY else f"{text[: _ENTRY - 3]}..."
