"""A stored thread as turns in which every call has its answer, next to it.

All providers refuse a conversation in which a call is not answered, or is answered somewhere else.
What a thread may hold is more: calls whose tool never answered, answers whose call was cut off,
messages that came between the two, ids that a model used twice. This is where all of that ends.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import attrs

from xpander_client.api.models import ThreadMessage, ThreadToolCall
from xpander_client.legacy.providers.arguments import MalformedError, json_text, read_arguments
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.names import refuses_repeated_ids, wire_id, wire_name

_NO_RESULT = "no result was recorded"
_CONTINUE = "Continue."
BLANK = "(empty)"
"""What stands for a text of nothing, where the provider refuses that."""
SIGNATURE = "thought_signature"
"""What Gemini wants back with a call; it is kept beside the call's own fields."""

REASONING = "reasoning"
"""What providers want back of a model's reasoning, by the names of their forms; it is kept beside
the message's own fields. Each provider is given what it wrote, and nothing of the others."""

Role = Literal["system", "user", "assistant"]
_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "assistant": "assistant"}


@attrs.frozen
class ThreadCall:
    """A call in a stored thread, in the provider's form, with its answer."""

    id: str
    name: str
    arguments: str
    """JSON text of an object."""
    answer: str
    signature: str | None = None

    @property
    def arguments_object(self) -> dict[str, Any]:
        """The arguments as a new dict."""
        return read_arguments(self.arguments)


@attrs.frozen
class ThreadTurn:
    """A message, and what answers its calls."""

    role: Role
    text: str
    calls: tuple[ThreadCall, ...] = ()
    reasoning: Mapping[str, Any] = attrs.field(factory=dict)


def turns(thread: Sequence[ThreadMessage], provider: LLMProvider) -> list[ThreadTurn]:
    """Return the thread's turns; its system messages are in their places."""
    answers: dict[tuple[int, int], str] = {}
    orphans: set[int] = set()
    open_calls: dict[str, tuple[int, int]] = {}
    for at, message in enumerate(thread):
        for position, call in enumerate(message.tool_calls or ()):
            # An id that is used again means the later call from here on.
            open_calls[call.tool_call_id] = (at, position)
        if message.role == "tool":
            place = open_calls.get(message.tool_call_id or "")
            if place is None:
                orphans.add(at)
            else:
                answers[place] = message.content or ""  # the last one, if there are several

    ids = _ids(provider)
    made: list[ThreadTurn] = []
    for at, message in enumerate(thread):
        text = message.content or ""
        if message.role == "tool":
            if at in orphans:
                made.append(ThreadTurn("user", f"A tool called earlier answered: {text}"))
            continue
        calls = tuple(
            _call(call, answers.get((at, position), _NO_RESULT), provider, ids)
            for position, call in enumerate(message.tool_calls or ())
        )
        role = "assistant" if calls else _ROLES.get(message.role, "user")
        made.append(
            ThreadTurn(role, text, calls, _reasoning(message) if role == "assistant" else {})
        )
    return made


def alternating(
    found: Iterable[ThreadTurn],
    message: Callable[[str, list[dict[str, Any]]], dict[str, Any]],
    blocks: Callable[[ThreadTurn], tuple[list[dict[str, Any]], list[dict[str, Any]]]],
    assistant: str = "assistant",
) -> list[dict[str, Any]]:
    """Messages whose roles alternate, from a user's to a user's, without the system's.

    `blocks` says what of a turn the assistant (or whoever wrote it) says, and what answers it.
    Such providers refuse messages that are empty, begin with the model's or end with it: the last
    would be read as the beginning of an answer, where the model has just said all that it wants.
    """
    merged: list[tuple[str, list[dict[str, Any]]]] = []

    def add(role: str, parts: list[dict[str, Any]]) -> None:
        if not parts:
            return
        if merged and merged[-1][0] == role:
            merged[-1][1].extend(parts)
        else:
            merged.append((role, parts))

    for turn in found:
        if turn.role == "system":
            continue
        if turn.role == "user":
            add("user", blocks(turn)[0] or blocks(ThreadTurn("user", BLANK))[0])
            continue
        said, answers = blocks(turn)
        add(assistant, said)
        add("user", answers)
    go_on = blocks(ThreadTurn("user", _CONTINUE))[0]
    if merged and merged[0][0] != "user":
        merged.insert(0, ("user", list(go_on)))
    if not merged or merged[-1][0] != "user":
        merged.append(("user", list(go_on)))
    return [message(role, parts) for role, parts in merged]


def system_texts(thread: Iterable[ThreadMessage]) -> list[str]:
    """Return what the system messages of a thread say; empty ones say nothing."""
    return [
        message.content
        for message in thread
        if _ROLES.get(message.role) == "system" and message.content and message.content.strip()
    ]


def _reasoning(message: ThreadMessage) -> Mapping[str, Any]:
    kept = message.additional_properties.get(REASONING)
    return kept if isinstance(kept, Mapping) else {}


def _call(
    call: ThreadToolCall, answer: str, provider: LLMProvider, ids: Callable[[str], str]
) -> ThreadCall:
    return ThreadCall(
        ids(call.tool_call_id),
        wire_name(call.name, provider),
        _repair(call.payload),
        answer,
        call.additional_properties.get(SIGNATURE),
    )


@functools.lru_cache(maxsize=4096)  # a thread is shown once in each turn, and most of it is known
def _repair(payload: str) -> str:
    """Return the text itself where it holds an object, otherwise an object that holds the text.

    Servers that parse the arguments of past calls fail on any that are broken. What the model
    wrote is kept in sight, so that the answer which complains about it makes sense to it.
    """
    try:
        arguments = read_arguments(payload)
    except MalformedError:
        return json_text({"_raw": payload})
    return payload if arguments else "{}"


def _ids(provider: LLMProvider) -> Callable[[str], str]:
    """Return how ids become legal ones, made anew for each thread."""
    if not refuses_repeated_ids(provider):
        return lambda call_id: wire_id(call_id, provider)
    used: set[str] = set()

    def unique(call_id: str) -> str:
        legal, times = wire_id(call_id, provider), 1
        while legal in used:
            times += 1
            legal = wire_id(f"{call_id}-{times}", provider)
        used.add(legal)
        return legal

    return unique
