"""All that a model is told, in words."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from xpander_client.agents.contract.annotations import write_type
from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.types.errors import ResponseParseError
from xpander_client.agents.types.events import (
    ActionEvent,
    BaseEvent,
    CancelledEvent,
    ClarifyEvent,
    FailEvent,
    OutputEvent,
    SuccessEvent,
    TaskStartEvent,
)
from xpander_client.agents.types.messages import Image, Message
from xpander_client.agents.types.rendering import cut, make_picture, render

if TYPE_CHECKING:
    from xpander_client.agents.loop.steps import Brief


_PAST_PART = 1_500
"""Characters of one part of what was told in an earlier call."""
_UNREADABLE = 6_000
"""Characters of an answer that could not be read."""
_NAMES = 200
"""Variables of a session that are named."""

_PRIMER = """\
You are an agent that does tasks by writing Python. Each of your answers holds one block of code, \
which is run in a sandbox; you are shown what it printed and what went wrong, and answer again, \
until you end the task.

Write each answer in these three sections, and nothing outside of them:
<TITLE>a few words on what the code does</TITLE>
<THINKING>what you know, and what you do next</THINKING>
<PYTHON>the code</PYTHON>

These functions end a block at once, wherever they are called:
- task_success(result): the task is done, and this is its result, of the type the task asks for.
- task_fail(message): the task can't be done, and why.
- task_clarify(message): the task can't be done without an answer of whoever asked for it.
- task_continue(*observations): look at these values, then go on with another block.

The task's arguments are attributes of `inputs`. `print` shows text, view_image(image) a picture. \
What you assign at the top level, functions and classes too, is there in later blocks. Do not \
guess what a value looks like: print it, and go on with the next block.

The sandbox runs a part of Python. It has no inheritance, metaclasses or own exceptions, no \
`yield`, `super`, `property`, `classmethod` or `staticmethod`, no files and no network. \
`del` is for items (`del d[key]`) only, exceptions take one text, imports name what they take. \
Generator expressions, `zip`, `map`, `filter` and `enumerate` are lists, made at once; `$` in a \
pattern that is put together matches at the very end only, not before a last line end. \
Modules may be imported as usual, where there are any."""

REMINDER = (
    "The block ended, and the task goes on. End it with task_success(result), task_fail(message) "
    "or task_clarify(message); task_continue(*observations) shows you values first."
)


def write_system(primer: str | None, resources: str, own: str | None) -> str:
    """Write the system message: how to work, what there is to work with, what the agent is for."""
    parts = [_PRIMER if primer is None else primer]
    if resources.strip():
        parts.append(f"# What you can use\n\n{resources.strip()}")
    if own and own.strip():
        parts.append(f"# About you\n\n{inspect.cleandoc(own)}")
    return "\n\n".join(parts)


def write_task(brief: Brief, names: Sequence[str]) -> str:
    """Write what is to be done, with what, and what has to come back."""
    lines = [f"Task: {inspect.cleandoc(brief.instructions)}"]
    if brief.inputs:
        lines += ["", "```python"]
        lines += [f"inputs.{name} = {render(value)}" for name, value in brief.inputs.items()]
        lines.append("```")
    lines += ["", _describe_wanted(brief.returns)]
    if names:
        more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
        lines.append(f"Variables of earlier calls: {', '.join(names[:_NAMES])}{more}.")
    return "\n".join(lines)


def show_past(events: Iterable[BaseEvent]) -> list[Message]:
    """Write what was told in earlier calls of the session, shortened."""
    messages = (_past_message(event) for event in events)
    return [message for message in messages if message is not None]


def write_answer(response: LLMResponse) -> Message:
    """Write the model's own answer, as it was asked to write it."""
    return Message("assistant", (_in_tags(response.title, response.thinking, response.code),))


def merge_texts(parts: Iterable[Any]) -> tuple[str | Image, ...]:
    """Write what a model sees of an output: texts that follow each other are one."""
    shown: list[str | Image] = []
    for part in parts:
        image = None if isinstance(part, str) else make_picture(part)
        if image is not None:
            shown.append(image)
            continue
        text = part if isinstance(part, str) else render(part)
        if shown and isinstance(shown[-1], str):
            shown[-1] += text if shown[-1].endswith("\n") else f"\n{text}"
        elif text:
            shown.append(text)
    return tuple(shown)


def show_values(values: Iterable[Any]) -> tuple[Any, ...]:
    """Show the values of `task_continue` as parts of an output: pictures, or else text."""
    return tuple(
        value if isinstance(value, str) or make_picture(value) is not None else render(value)
        for value in values
    )


def join_messages(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Join the conversation, with one message wherever several of one side follow each other."""
    whole: list[Message] = []
    for message in messages:
        if whole and whole[-1].role == message.role:
            whole[-1] = Message(message.role, (*whole[-1].parts, *message.parts))
        else:
            whole.append(message)
    return tuple(whole)


def report_error(error: str) -> str:
    """Tell of an error of the code."""
    return f"The block failed:\n{error}"


def write_budget_note(turn: int, turns: int) -> str | None:
    """Say how many turns are left, when they are few."""
    nearly = turn > turns * 0.8 if turns >= 10 else turn > turns - 3
    if turns == 1 or not nearly:
        return None
    return f"System Note: You are on iteration {turn} of {turns}. Please wrap up."


def report_timeout(task_name: str, turns: int) -> str:
    """Tell that all turns are used."""
    return f"Task '{task_name}' exceeded maximum iterations ({turns})"


def report_no_answer(requests: int, last: str) -> str:
    """Tell that the model did not answer."""
    times = "one request" if requests == 1 else f"{requests} requests"
    return f"the model gave no usable answer to {times}; the last error was {last}"


def report_long_pause(asked: float, most: float) -> str:
    """Tell that the provider asks for a wait that is too long."""
    return f" (it asks to wait {asked:,.0f} s, and no call waits longer than {most:,.0f} s)"


def write_complaint(error: Exception) -> list[Message]:
    """Write what the model is shown and told of an answer that could not be read."""
    if not isinstance(error, ResponseParseError):
        return []
    text = f"Your last answer could not be read: {error}. Answer in the three sections."
    shown = (
        [Message("assistant", (cut(error.answer, _UNREADABLE),))] if error.answer.strip() else []
    )
    return [*shown, Message("user", (text,))]


def report_retry(keys: Iterable[str], number: int) -> str:
    """Tell that the call begins again, because another one was faster."""
    changed = _write_list(keys)
    return f"Another call changed {changed} meanwhile: the task begins again (retry {number})"


def report_abandoned(keys: Iterable[str]) -> str:
    """Tell that the call's work is dropped, because another one was faster."""
    return f"Another call changed {_write_list(keys)} meanwhile: the work of this one is dropped"


def report_given_up(task_name: str, keys: Iterable[str], retries: int) -> str:
    """Tell that the call was begun again too often."""
    return (
        f"Task '{task_name}' could not keep its changes: other calls changed {_write_list(keys)} "
        f"each time, also in {retries} retries"
    )


def _past_message(event: BaseEvent) -> Message | None:
    match event:
        case TaskStartEvent():
            return Message("user", (cut(event.message, _PAST_PART),))
        case ActionEvent():
            thinking, code = cut(event.thinking, _PAST_PART), cut(event.code, _PAST_PART)
            return Message("assistant", (_in_tags(event.title, thinking, code),))
        case OutputEvent():
            texts = tuple(
                cut(part, _PAST_PART) for part in merge_texts(event.parts) if isinstance(part, str)
            )
            return Message("user", texts) if texts else None
        case SuccessEvent():
            return Message("user", (f"The task was done: {render(event.result, _PAST_PART)}",))
        case FailEvent():
            return Message("user", (f"The task failed: {cut(event.message, _PAST_PART)}",))
        case ClarifyEvent():
            return Message("user", (f"You asked: {cut(event.message, _PAST_PART)}",))
        case CancelledEvent():
            return Message("user", ("The task was cancelled.",))
        case _:
            return None


def _in_tags(title: str, thinking: str, code: str) -> str:
    sections = (("TITLE", title), ("THINKING", thinking), ("PYTHON", code))
    return "\n".join(f"<{tag}>{text}</{tag}>" for tag, text in sections if text or tag == "PYTHON")


def _describe_wanted(returns: Any) -> str:
    if returns is None or returns is type(None):
        return "No result is asked for: end with task_success()."
    if returns is Any:
        return "The result may be of any type: end with task_success(result)."
    return f"The result is of type `{write_type(returns)}`: end with task_success(result)."


def _write_list(keys: Iterable[str]) -> str:
    return ", ".join(f"'{key}'" for key in sorted(keys)) or "the session"
