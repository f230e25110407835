"""A message in any provider's form, read into its parts.

The forms are told apart by their own keys, so one reader serves answers, histories and mixtures of
the two. It reads plain values only, see `plain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from .arguments import json_text
from .turns import SIGNATURE

__all__ = ["Parts", "WrittenCall", "WrittenResult", "read_message"]

_MODELS = ("assistant", "model")
_SOUNDS = ("audio", "input_audio", "output_audio")
_THOUGHTS = ("thinking", "redacted_thinking", "reasoning")
_ELSEWHERE = ("server_tool", "web_search_tool", "web_fetch_tool", "code_execution_tool", "mcp_")
"""Tools that the provider runs by itself: no one here has to."""
_ADDRESSES = ("url", "image_url", "file_url", "fileUri", "file_uri", "uri", "filename", "name")
_LONGEST_URL = 2048
"""Images that are data URLs would make every later request as long as they are."""


@attrs.frozen
class WrittenCall:
    """A call as it was written; `id` is None or empty where the provider gives none."""

    name: str
    arguments: Any
    id: str | None = None
    signature: str | None = None


@attrs.frozen
class WrittenResult:
    """A tool's answer; where it names no call, `name` says the tool."""

    text: str
    id: str | None = None
    name: str | None = None


@attrs.define
class Parts:
    """What a message says. `text` is None if it says nothing, "" if it says an empty text."""

    text: str | None = None
    calls: list[WrittenCall] = attrs.field(factory=list)
    results: list[WrittenResult] = attrs.field(factory=list)

    def say(self, text: str, glue: str = "\n") -> None:
        """Adds a text, on a line of its own unless something else is to be between."""
        self.text = f"{self.text}{glue}{text}" if self.text else text


def read_message(message: Mapping[str, Any]) -> Parts:
    """The parts of a message. What it holds besides (thoughts, ratings of safety) is left out."""
    parts = Parts()
    for key in ("content", "parts"):
        content = message.get(key)
        before = None
        for block in content if isinstance(content, list) else [content]:
            if isinstance(block, Mapping):  # objects of packages list what they lack as None
                block = {k: v for k, v in block.items() if v is not None}
            # A model's text that is cut into blocks, as citations do, is one text all the same.
            is_continued = _is_text(before) and _is_text(block) and message.get("role") in _MODELS
            _read_block(block, parts, "" if is_continued else "\n")
            before = block
    if isinstance(refusal := message.get("refusal"), str):
        parts.say(refusal)
    if isinstance(audio := message.get("audio"), Mapping):
        _read_block({"type": "audio", **audio}, parts, "\n")
    if message.get("type") == "ai":
        parts.calls.clear()  # LangChain lists calls apart, whatever the provider's content holds
    for key in ("tool_calls", "toolCalls", "invalid_tool_calls"):
        parts.calls += map(_call, _mappings(message.get(key)))
    if isinstance(old := message.get("function_call"), Mapping):
        parts.calls.append(_call(old))
    return parts


def _is_text(block: Any) -> bool:
    return isinstance(block, Mapping) and isinstance(block.get("text"), str)


def _read_block(block: Any, parts: Parts, glue: str) -> None:
    match block:
        case str():
            parts.say(block)
        case {"thought": True} | {"reasoningContent": _} | {"cachePoint": _}:
            return
        case {"citationsContent": {"content": list(pieces)}}:
            parts.say("".join(piece["text"] for piece in pieces if _is_text(piece)))
        case {"type": str(kind)} if kind in _THOUGHTS or kind.startswith(_ELSEWHERE):
            return
        case {"functionCall": Mapping() as call} | {"function_call": Mapping() as call}:
            signature = block.get("thoughtSignature") or block.get(SIGNATURE)
            parts.calls.append(attrs.evolve(_call(call), signature=signature))
        case {"type": "function_call", "name": str(name)}:
            parts.calls.append(WrittenCall(name, block.get("arguments"), block.get("call_id")))
        case {"type": "function_call_output"}:
            parts.results.append(WrittenResult(_text(block.get("output")), block.get("call_id")))
        case {"functionResponse": Mapping() as found} | {"function_response": Mapping() as found}:
            answer = found.get("response")
            if isinstance(answer, Mapping) and len(answer) == 1:
                answer = next(iter(answer.values()))  # {"result": …}, as we write it too
            parts.results.append(WrittenResult(_text(answer), found.get("id"), found.get("name")))
        case {"toolUse": Mapping() as call}:
            parts.calls.append(_call(call))
        case {"toolResult": Mapping() as found}:
            parts.results.append(WrittenResult(_text(found.get("content")), found.get("toolUseId")))
        case {"type": "tool_use"}:
            parts.calls.append(_call(block))
        case {"type": "tool_result"}:
            text = _text(block.get("content"))
            parts.results.append(WrittenResult(text, block.get("tool_use_id")))
        case {"type": kind, "transcript": str(text)} if kind in _SOUNDS:
            parts.say(text)
        case {"text": str(text)}:
            parts.say(text, glue)
        case {"refusal": str(text)}:
            parts.say(text)
        case Mapping() if block.keys() - {SIGNATURE, "thoughtSignature"}:
            parts.say(_described(block))
        case _:
            return


def _call(call: Mapping[str, Any]) -> WrittenCall:
    """A call in any of the forms in which its name and arguments stand side by side."""
    inner = call.get("function") or call.get("custom") or call
    inner = inner if isinstance(inner, Mapping) else call
    arguments = next(
        (inner[key] for key in ("arguments", "args", "input", "payload") if key in inner), None
    )
    identity = next(
        (call[k] for k in ("id", "tool_call_id", "toolCallId", "toolUseId") if call.get(k)), None
    )
    return WrittenCall(str(inner.get("name") or ""), arguments, identity, _signature(call))


def _signature(call: Mapping[str, Any]) -> str | None:
    match call:
        case {"extra_content": {"google": {"thought_signature": str(signature)}}}:
            return signature
        case {"thought_signature": str(signature)}:
            return signature
    return None


def _text(content: Any) -> str:
    """A tool's answer as text: texts as they are, everything else as JSON."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            block["text"]
            if isinstance(block, Mapping) and isinstance(block.get("text"), str)
            else _text(block.get("json", block) if isinstance(block, Mapping) else block)
            for block in content
        )
    return "" if content is None else json_text(content)


def _described(block: Mapping[str, Any]) -> str:
    """What stands for an image, a file or a sound: threads hold texts only."""
    kind = str(block.get("type") or next(iter(block)))
    found = next(_urls(block), None)
    return f"[{kind.removesuffix('_url').removeprefix('input_')}{f': {found}' if found else ''}]"


def _urls(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _ADDRESSES and isinstance(inner, str):
                yield inner if len(inner) <= _LONGEST_URL else f"{inner[:40]}…"
            else:
                yield from _urls(inner)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))
