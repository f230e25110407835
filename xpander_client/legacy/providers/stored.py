"""Whatever a conversation is given as, as messages that a thread keeps."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from xpander_client.api.models import ThreadMessage
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers.answer import (
    Reply,
    beside,
    give_ids,
    is_answer,
    raw_call,
    read_reply,
)
from xpander_client.legacy.providers.arguments import json_text
from xpander_client.legacy.providers.llm_provider import LLMProvider
from xpander_client.legacy.providers.plain import plain
from xpander_client.legacy.providers.reading import Parts, WrittenResult, read_id, read_message

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
_CONTENTS = {"content", "parts", "files", "tool_calls", "toolCalls", "function_call"}


def make_stored_messages(
    value: Any, provider: LLMProvider | str | None = None
) -> list[ThreadMessage]:
    """Return the messages that a model's answer, a message or a list of either is kept as.

    Messages may have the form of a stored thread (in both spellings of its keys) or of any
    provider. An answer becomes one message for each of its replies; nothing else of it is kept.
    What is given is not changed.

    Raises:
        ArgumentError: it is none of these.

    Example:
        >>> make_stored_messages({"role": "user", "content": "Hello"})[0].content
        'Hello'
        >>> make_stored_messages([])
        []
    """
    items = value if isinstance(value, list | tuple) else [value]
    read = [message for at, item in enumerate(items) for message in _read(item, at, provider)]
    _match_results(read)
    return [message for one in read for message in _messages(one)]


@attrs.define
class _Read:
    """A message between reading and storing; `stored` is one that is ready as it is."""

    role: str = ""
    parts: Parts = attrs.field(factory=Parts)
    node_name: str | None = None
    stored: ThreadMessage | None = None


def _read(item: Any, at: int, provider: LLMProvider | str | None) -> list[_Read]:
    if isinstance(item, ThreadMessage):
        return [_Read(stored=copy.deepcopy(item))]
    value = plain(item)
    if is_answer(value):
        return [_Read(stored=_reply(reply)) for reply in read_reply(value, provider)]
    if not isinstance(value, Mapping):
        raise ArgumentError(f"expected a message or a model's answer, got {type(item).__name__}")
    read = _message(value)
    give_ids([read.parts], [value, at])
    return [read]


def _reply(reply: Reply) -> ThreadMessage:
    calls = list(reply.raw_calls)
    silence = None if calls else ""
    return ThreadMessage(
        role="assistant",
        content=reply.text or silence,
        tool_calls=calls or None,
        additional_properties=beside(reply.reasoning),
    )


def _message(value: Mapping[str, Any]) -> _Read:
    kind = str(value.get("type"))
    role: str | None
    if kind in ("function_call", "function_call_output"):  # an item of a Realtime conversation
        role = "assistant" if kind == "function_call" else "tool"
        return _Read(role, read_message({"content": [value]}))
    if kind in _ROLES and isinstance(value.get("data"), Mapping):
        value = {**value["data"], "type": kind}  # LangChain's messages_to_dict
    given = value.get("role") or (kind if kind in _ROLES else None)
    role = _ROLES.get(str(given))
    if role is None or not _CONTENTS.intersection(value):
        keys = ", ".join(sorted(value)[:12]) or "nothing"
        raise ArgumentError(
            "expected a message with a role (system, user, assistant or tool) and content or "
            f"tool_calls, or a model's answer; got a role of {given!r} and the keys {keys}"
        )
    parts = read_message(value)
    for file in value.get("files") or ():
        parts.say(f"Attached file: {file if isinstance(file, str) else json_text(file)}")
    if role == "tool" and not parts.results:
        identity = read_id(value.get("tool_call_id") or value.get("toolCallId"))
        name = value.get("tool_name") or value.get("name")
        parts.results = [WrittenResult(parts.text or "", identity, name)]
        parts.text = None
    return _Read(role, parts, value.get("node_name") or value.get("nodeName"))


def _match_results(read: Sequence[_Read]) -> None:
    """Give answers that only name their tool (Gemini's, Ollama's) the id of their call."""
    waiting: list[tuple[str, str]] = []
    for one in read:
        calls = (one.stored.tool_calls or ()) if one.stored else ()
        waiting += [(call.name, call.tool_call_id) for call in calls]
        waiting += [(call.name, call.id or "") for call in one.parts.calls]
        for at, result in enumerate(one.parts.results):
            found = next(
                (
                    w
                    for w in waiting
                    if w[1] == result.id or (not result.id and w[0] == result.name)
                ),
                None,
            )
            if found is not None:
                waiting.remove(found)
                one.parts.results[at] = attrs.evolve(result, id=found[1])


def _messages(read: _Read) -> Iterator[ThreadMessage]:
    """Split a message, so that each has one answer of a tool at most."""
    if read.stored:
        yield read.stored
        return
    parts = read.parts
    for result in parts.results:
        yield ThreadMessage(role="tool", content=result.text, tool_call_id=result.id)
    if parts.text is None and parts.results and not parts.calls:
        return
    calls = [raw_call(call) for call in parts.calls]
    text = parts.text or (None if calls else "")
    yield ThreadMessage(
        role=read.role,
        content=text,
        tool_calls=calls or None,
        node_name=read.node_name,
        additional_properties=beside(parts.reasoning if read.role == "assistant" else {}),
    )
