"""Events and pieces of answers on a terminal: handlers for `on_event` and `on_token`."""

from __future__ import annotations

import datetime
import io
import os
import sys
import threading
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TextIO

from xpander_client.agents.types.events import (
    ActionEvent,
    BaseEvent,
    CancelledEvent,
    ClarifyEvent,
    ErrorEvent,
    FailEvent,
    OutputEvent,
    SuccessEvent,
    SummaryEvent,
    SystemNoteEvent,
    TaskStartEvent,
)
from xpander_client.agents.types.messages import Image
from xpander_client.agents.types.tokens import StreamToken, TokenChunk

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


Color = Literal["auto", "always", "never"]
Verbosity = Literal["verbose", "normal", "brief"]

_INDENT = 2
_LONGEST_VALUE = {"verbose": 2000, "normal": 400, "brief": 80}
_STYLES: dict[type[BaseEvent], tuple[str, str]] = {
    TaskStartEvent: ("start", "bold blue"),
    ActionEvent: ("action", "cyan"),
    OutputEvent: ("output", "white"),
    SuccessEvent: ("success", "bold green"),
    FailEvent: ("fail", "bold red"),
    ClarifyEvent: ("question", "bold yellow"),
    CancelledEvent: ("cancelled", "bold yellow"),
    ErrorEvent: ("error", "red"),
    SummaryEvent: ("summary", "magenta"),
    SystemNoteEvent: ("note", "dim"),
}
_TOKEN_STYLES = {"title": "bold cyan", "thinking": "dim italic", "python": "green"}

_lock = threading.Lock()
_last_times: weakref.WeakKeyDictionary[TextIO, datetime.datetime] = weakref.WeakKeyDictionary()


def pprint_events(
    events: BaseEvent | Iterable[BaseEvent],
    *,
    verbosity: Verbosity = "verbose",
    color: Color | bool = "auto",
    show_delta: bool = True,
    width: int | None = None,
    stream: TextIO | None = None,
    indent_by_namespace: bool = True,
    truncate_code_lines: int | None = 8,
) -> None:
    """Print an event, or several: `on_event=pprint_events` shows what a call does.

    "brief" gives each event one line; "normal" leaves out what an agent is told at the start and
    its thoughts. `show_delta` puts the seconds since the event before in front. Events of
    sub-agents are moved to the right. `truncate_code_lines` is how many lines of code are shown,
    None for all. Colours are for terminals, unless `color` is "always" or "never", or the
    environment has NO_COLOR. `stream` is standard output if not given.

    Raises:
        ValueError: `verbosity` or `color` is something else.

    Example:
        >>> pprint_events(FailEvent(agent_name="analyst", message="no data"), show_delta=False)
        analyst fail: no data
    """
    if verbosity not in _LONGEST_VALUE:
        raise ValueError(f"verbosity must be one of {', '.join(_LONGEST_VALUE)}, not {verbosity!r}")
    target = sys.stdout if stream is None else stream
    console, written = _console(target, color, width)
    for event in [events] if isinstance(events, BaseEvent) else events:
        delta = _measure_pause(target, event) if show_delta else None
        _print(
            console,
            event,
            verbosity,
            delta,
            _depth(event) if indent_by_namespace else 0,
            truncate_code_lines,
        )
    # In one piece, so that what other threads print stands before or behind it.
    target.write(written.getvalue())
    target.flush()


def pprint_tokens(
    token: TokenChunk, *, color: Color | bool = "auto", stream: TextIO | None = None
) -> None:
    """Print a piece of an answer: `on_token=pprint_tokens` shows it while it is written.

    Example:
        >>> pprint_tokens(StreamToken("python", "x = 1", agent_name="analyst", start=True))
        [analyst python]
        x = 1
        >>> pprint_tokens(TokenChunk("python", "", done=True))
        <BLANKLINE>
    """
    target = sys.stdout if stream is None else stream
    console, written = _console(target, color, None)
    if isinstance(token, StreamToken) and token.start:
        who = token.full_namespace or token.agent_name
        head = f"[{who} {token.type}]" if who else f"[{token.type}]"
        console.print(head, style="bold", markup=False, highlight=False, soft_wrap=True)
    if token.content:
        console.print(
            token.content,
            style=_TOKEN_STYLES.get(token.type, ""),
            end="",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if token.done:
        console.print()
    target.write(written.getvalue())
    target.flush()


def _console(target: TextIO, color: Color | bool, width: int | None) -> tuple[Console, io.StringIO]:
    """Make a console that writes to memory as it would to the target."""
    from rich.console import Console

    if color == "auto":
        colored = not os.environ.get("NO_COLOR") and _is_terminal(target)
    elif color in ("always", "never", True, False):
        colored = color in ("always", True)
    else:
        raise ValueError(f"color must be 'auto', 'always' or 'never', not {color!r}")
    written = io.StringIO()
    console = Console(
        file=written,
        force_terminal=colored,
        color_system="truecolor" if colored else None,
        no_color=not colored,
        width=width,
        legacy_windows=False,
        highlight=False,
    )
    return console, written


def _is_terminal(target: TextIO) -> bool:
    try:
        return target.isatty()
    except (AttributeError, ValueError):  # no file, or a closed one
        return False


def _measure_pause(target: TextIO, event: BaseEvent) -> float | None:
    """Return the seconds since the last event that the target saw; None for its first."""
    try:
        with _lock:
            last = _last_times.get(target)
            _last_times[target] = event.timestamp
    except TypeError:
        return None
    return None if last is None else max(0.0, (event.timestamp - last).total_seconds())


def _depth(event: BaseEvent) -> int:
    return event.full_namespace.count("/")


def _print(
    console: Console,
    event: BaseEvent,
    verbosity: Verbosity,
    delta: float | None,
    depth: int,
    code_lines: int | None,
) -> None:
    from rich.padding import Padding
    from rich.text import Text

    label, style = _STYLES.get(type(event), (event.type, ""))
    if event.source == "setup":
        label = f"setup {label}"
    longest = _LONGEST_VALUE[verbosity]
    head = Text(" " * (_INDENT * depth))
    if delta is not None:
        head.append(f"+{delta:.2f}s ", "dim")
    if event.agent_name:
        head.append(f"{event.agent_name} ", "bold")
    head.append(label, style)
    if line := _in_a_line(event, longest):
        head.append(": ", style)
        if "\n" in line and verbosity != "brief":
            console.print(head, soft_wrap=True)
            head = Text(line)
            console.print(Padding(head, (0, 0, 0, _INDENT * (depth + 1))))
            head = Text("")
        else:
            head.append(line.replace("\n", " "))
    if head:
        console.print(head, soft_wrap=True)
    if verbosity != "brief":
        for block in _below(event, verbosity, code_lines):
            console.print(Padding(block, (0, 0, 0, _INDENT * (depth + 1))))


def _in_a_line(event: BaseEvent, longest: int) -> str:
    match event:
        case TaskStartEvent():
            inputs = ", ".join(
                f"{name}={_format(value, longest)}" for name, value in event.inputs.items()
            )
            return f"{event.task_name}({inputs})"
        case ActionEvent():
            return _cut(event.title, longest)
        case OutputEvent():
            parts = (_format(part, longest, quoted=False) for part in event.parts)
            return "".join(parts).rstrip("\n")
        case SuccessEvent():
            return _format(event.result, longest)
        case FailEvent() | ClarifyEvent() | SystemNoteEvent():
            return _cut(event.message, longest)
        case CancelledEvent():
            return f"{event.task_name}, after {event.iterations_completed} turns"
        case ErrorEvent():
            return _cut(event.error, longest) + (", trying again" if event.recoverable else "")
        case SummaryEvent():
            return _cut(f"{event.summarized_event_count} events: {event.summary}", longest)
        case _:
            return ""


def _below(event: BaseEvent, verbosity: Verbosity, code_lines: int | None) -> list[RenderableType]:
    from rich.syntax import Syntax
    from rich.text import Text

    blocks: list[RenderableType] = []
    if isinstance(event, TaskStartEvent) and verbosity == "verbose" and event.message:
        blocks.append(Text(event.message, "dim"))
    if isinstance(event, ActionEvent):
        if event.thinking and verbosity == "verbose":
            blocks.append(Text(event.thinking, "dim italic"))
        if event.code:
            lines = event.code.strip("\n").split("\n")
            shown = lines if code_lines is None else lines[:code_lines]
            blocks.append(Syntax("\n".join(shown), "python", background_color="default"))
            if len(shown) < len(lines):
                blocks.append(Text(f"… {len(lines) - len(shown)} more lines", "dim"))
    return blocks


def _format(value: Any, longest: int, *, quoted: bool = True) -> str:
    if isinstance(value, Image):
        return f"<{value.media_type}, {len(value.data)} bytes>"
    if isinstance(value, str) and not quoted:
        return _cut(value, longest)
    try:
        return _cut(repr(value), longest)
    except Exception as error:
        return f"<{type(value).__name__}: {type(error).__name__} in its repr>"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
