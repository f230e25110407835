"""What a background task is written down as: its arguments, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, assert_never

import attrs

from xpander_client.background.signals import TaskCtl, TaskSignal
from xpander_client.core.result import error_text, plain, show_value, value_text
from xpander_client.core.statuses import TaskStatus


def platform_status(signal: TaskSignal) -> TaskStatus:
    """Return the status of the platform's task when a background task has last said `signal`."""
    match signal:
        case TaskSignal.PROGRESS:
            return "executing"
        case TaskSignal.SUCCESS:
            return "completed"
        case TaskSignal.FAIL:
            return "failed"
        case TaskSignal.CANCEL:
            return "stopped"
        case _:
            assert_never(signal)


@attrs.frozen
class Start:
    """What a task is started with, besides its type, its conversation and its plugin."""

    task_id: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = attrs.field(factory=dict)


def start_text(start: Start) -> tuple[str, bool]:
    """Write the start as JSON, and tell whether the same start can be read from that.

    What is no JSON stands there as Python shows it.

    Example:
        >>> start_text(Start("T-1", (), {"prompt": "hello"}))
        ('{"task_id": "T-1", "kwargs": {"prompt": "hello"}}', True)
        >>> start_text(Start("T-1", ({1},)))
        ('{"task_id": "T-1", "args": ["{1}"]}', False)
    """
    said: dict[str, Any] = {"task_id": start.task_id}
    if start.args:
        said["args"] = list(start.args)
    if start.kwargs:
        said["kwargs"] = dict(start.kwargs)
    text = _json(said)
    try:
        return text, _same(json.loads(text), said)
    except RecursionError:  # nested so deeply that not everybody could read it
        return text, False


def read_start(text: str) -> Start:
    """Read the start that a text stands for.

    Raises:
        ValueError: it stands for none.

    Example:
        >>> read_start('{"task_id": "T-1", "kwargs": {"prompt": "hello"}}')
        Start(task_id='T-1', args=(), kwargs={'prompt': 'hello'})
    """
    said = json.loads(text)
    if isinstance(said, dict):
        match said.get("task_id"), said.get("args", []), said.get("kwargs", {}):
            case str(task_id), list(args), dict(kwargs):
                return Start(task_id, tuple(args), kwargs)
    raise ValueError("the text does not say what a background task was started with")


def ending_text(ctl: TaskCtl) -> str | None:
    """Write the result of a task that ended so: its message, or JSON of its message and its data.

    The exception behind a failure follows its message, where that does not contain it. The task has
    ended, so whatever its data is, it is told as well as may be.

    Example:
        >>> ending_text(TaskCtl.success("Done"))
        'Done'
        >>> ending_text(TaskCtl.success("Done", data={"url": "https://example.org"}))
        '{"message": "Done", "data": {"url": "https://example.org"}}'
        >>> ending_text(TaskCtl.fail("No answer", TimeoutError("after 5 s")))
        'No answer (TimeoutError: after 5 s)'
    """
    message = value_text(ctl.message)
    if ctl.data is not None and ctl.data is not ctl.error:
        return json.dumps({"message": message, "data": plain(ctl.data)}, ensure_ascii=False)
    if ctl.error is None:
        return message or None
    cause, name = error_text(ctl.error), type(ctl.error).__name__
    if cause in message:
        return message
    if not isinstance(ctl.error, str) and cause != name:
        cause = f"{name}: {cause}"
    return f"{message} ({cause})" if message else cause


def _json(value: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(value, default=show_value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        # Keys that are no texts, numbers that are none, circles.
        text = json.dumps({name: _plain(part) for name, part in value.items()}, ensure_ascii=False)
    # Halves of characters cannot be sent as they are.
    return text.encode(errors="backslashreplace").decode()


def _plain(part: Any) -> Any:
    return part if isinstance(part, str) else show_value(part)


def _same(read: Any, written: Any) -> bool:
    """Tell whether two values are the same in JSON: `1 == True`, but they are not the same."""
    if type(read) is not type(written):
        return False
    if isinstance(read, dict):
        return read.keys() == written.keys() and all(_same(read[k], written[k]) for k in read)
    if isinstance(read, list):
        return len(read) == len(written) and all(map(_same, read, written))
    return bool(read == written)
