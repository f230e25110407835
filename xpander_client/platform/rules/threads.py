"""What becomes of a thread, and the views of it, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.rules.records import MessageRecord

WINDOW = 20
"""How many messages a moving window shows besides the system's."""

WINDOWS = frozenset({"MovingWindow", "buffering"})
STRATEGIES = WINDOWS | {"full", "cleanToolCallResponses", "summarization", "context"}
"""The views of a thread. There is no model here that could sum one up, so that the last two show
all of it.
"""

_PLATFORM_OWNED = frozenset({"id", "organization_id", "created_at", "messages", "offset"})


def begin(thread_id: str, body: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Make a thread's JSON, without messages."""
    return {
        "id": thread_id,
        "created_at": timestamp(now),
        **{
            name: value
            for name, value in body.items()
            if name not in _PLATFORM_OWNED and value is not None
        },
    }


def change(thread: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set some fields of a thread's JSON; null takes a field away.

    Example:
        >>> change({"id": "t", "name": "Sales"}, {"name": None, "metadata": {}, "id": "u"})
        {'id': 't', 'metadata': {}}
    """
    said = {name: value for name, value in changes.items() if name not in _PLATFORM_OWNED}
    return {name: value for name, value in {**thread, **said}.items() if value is not None}


def belongs_to(thread: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the ids of the user and of the agent that a thread is between, where it names them."""
    return _text(thread.get("user_details"), "id"), _text(thread.get("metadata"), "agent_id")


def window(
    messages: Sequence[MessageRecord], last: int, *, whole: bool
) -> list[MessageRecord] | None:
    """Return the system messages and the last ones of the others.

    It does not begin with the answers of tools whose call is cut off: no model takes such a thing.
    Where nothing but those would be left it begins with the call instead; when the call is not
    among the messages, and these are not the `whole` thread, None asks for more of them.
    """
    others = [index for index, message in enumerate(messages) if message.role != "system"]

    def is_answer(place: int) -> bool:
        return messages[others[place]].role == "tool"

    cut = max(0, len(others) - last)
    first = cut
    if cut or not whole:
        while first < len(others) and is_answer(first):
            first += 1
    if others and first == len(others):
        first = cut
        while first and is_answer(first):
            first -= 1
        if is_answer(first) and not whole:
            return None
    shown = set(others[first:])
    return [
        message
        for index, message in enumerate(messages)
        if message.role == "system" or index in shown
    ]


def without_answers(messages: Sequence[MessageRecord]) -> list[MessageRecord]:
    """Empty the tools' answers but for those to the last calls."""
    last_calls = next(
        (
            index
            for index in range(len(messages) - 1, -1, -1)
            if messages[index].role == "assistant"
            and orjson.loads(messages[index].body).get("tool_calls")
        ),
        0,
    )
    return [
        MessageRecord("tool", orjson.dumps({**orjson.loads(message.body), "content": ""}))
        if message.role == "tool" and index < last_calls
        else message
        for index, message in enumerate(messages)
    ]


def _text(container: Any, name: str) -> str | None:
    value = container.get(name) if isinstance(container, dict) else None
    return value if isinstance(value, str) and value else None
