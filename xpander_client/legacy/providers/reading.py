"""A message in any provider's form, read into its parts.

The forms are told apart by their own keys, so one reader serves answers, histories and mixtures of
the two. It reads plain values only, see `plain`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from xpander_client.legacy.providers.arguments import MalformedError, json_text, read_arguments
from xpander_client.legacy.providers.plain import Base64
from xpander_client.legacy.providers.turns import REASONING, SIGNATURE

_MODELS = ("assistant", "model")
_SOUNDS = ("audio", "input_audio", "output_audio")
_BESIDES: dict[str, type] = {
    "reasoning_content": str,
    "reasoning_details": list,
    "thinking_blocks": list,
}
"""Where DeepSeek and those that speak like it, OpenRouter and LiteLLM put a model's reasoning."""
_SIGNED = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}
"""Anthropic's reasoning: it is taken back only whole, and with nothing else in it."""
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
    reasoning: dict[str, Any] = attrs.field(factory=dict)
    """What the provider wants back of it; see `turns.REASONING`."""

    def say(self, text: str, glue: str = "\n") -> None:
        """Add a text, on a line of its own unless something else is to be between."""
        self.text = f"{self.text}{glue}{text}" if self.text else text


def read_message(message: Mapping[str, Any]) -> Parts:
    """Return the parts of a message. What it holds besides (ratings of safety, …) is left out."""
    parts = Parts(reasoning=_reasoning(message))
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
    for keys in (("tool_calls", "invalid_tool_calls"), ("toolCalls",), ("function_call",)):
        found = (message.get(key) for key in keys)
        written = (call for calls in found for call in _mappings(calls))
        _add(parts.calls, [_call(call) for call in written])
    return parts


def _reasoning(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is written beside the message's content."""
    kept = message.get(REASONING)
    found = copy.deepcopy(dict(kept)) if isinstance(kept, Mapping) else {}
    for place in (message.get("additional_kwargs"), message):  # the first is LangChain's
        for key, kind in _BESIDES.items():
            # An empty text is wanted back, too.
            if isinstance(place, Mapping) and isinstance(value := place.get(key), kind):
                found[key] = value
    if isinstance(text := message.get("thinking"), str):  # Ollama's
        found["thinking"] = text
    return found


def _add(known: list[WrittenCall], written: list[WrittenCall]) -> None:
    """Add the calls of one form to those of another: some servers write each call in both."""
    unmatched = list(range(len(known)))
    for call in written:
        same = next((at for at in unmatched if _is_same(known[at], call)), None)
        if same is None:
            known.append(call)
        else:
            unmatched.remove(same)
            known[same] = attrs.evolve(known[same], id=known[same].id or call.id)


def _is_same(one: WrittenCall, other: WrittenCall) -> bool:
    if one.id and other.id:
        return one.id == other.id
    if one.name != other.name:
        return False
    try:
        return read_arguments(one.arguments) == read_arguments(other.arguments)
    except MalformedError:
        return bool(one.arguments == other.arguments)


def _is_text(block: Any) -> bool:
    return isinstance(block, Mapping) and isinstance(block.get("text"), str)


def _read_block(block: Any, parts: Parts, glue: str) -> None:
    match block:
        case str():
            parts.say(block)
        case {"reasoningContent": Mapping() as content}:
            if signed := _find_signature(content):
                parts.reasoning.setdefault("reasoningContent", []).append(signed)
        case {"thought": True} | {"reasoningContent": _} | {"cachePoint": _}:
            return
        case {"citationsContent": {"content": list(pieces)}}:
            parts.say("".join(piece["text"] for piece in pieces if _is_text(piece)))
        case {"type": str(kind)} if kind in _SIGNED:
            if all(isinstance(block.get(key), str) for key in _SIGNED[kind]):
                kept = {key: block[key] for key in ("type", *_SIGNED[kind])}
                parts.reasoning.setdefault("content", []).append(kept)
        case {"type": str(kind)} if kind == "reasoning" or kind.startswith(_ELSEWHERE):
            return
        case {"functionCall": Mapping() as call} | {"function_call": Mapping() as call}:
            signature = block.get("thoughtSignature") or block.get(SIGNATURE)
            parts.calls.append(attrs.evolve(_call(call), signature=signature))
        case {"type": "function_call"}:
            identity = read_id(block.get("call_id"))
            parts.calls.append(WrittenCall(_name(block), block.get("arguments"), identity))
        case {"type": "function_call_output"}:
            identity = read_id(block.get("call_id"))
            parts.results.append(WrittenResult(_text(block.get("output")), identity))
        case {"functionResponse": Mapping() as found} | {"function_response": Mapping() as found}:
            answer = found.get("response")
            if isinstance(answer, Mapping) and len(answer) == 1:
                answer = next(iter(answer.values()))  # {"result": …}, as we write it too
            named = WrittenResult(_text(answer), read_id(found.get("id")), found.get("name"))
            parts.results.append(named)
        case {"toolUse": Mapping() as call}:
            parts.calls.append(_call(call))
        case {"toolResult": Mapping() as found}:
            identity = read_id(found.get("toolUseId"))
            parts.results.append(WrittenResult(_text(found.get("content")), identity))
        case {"type": "tool_use"}:
            parts.calls.append(_call(block))
        case {"type": "tool_result"}:
            text = _text(block.get("content"))
            parts.results.append(WrittenResult(text, read_id(block.get("tool_use_id"))))
        case {"type": kind, "transcript": str(text)} if kind in _SOUNDS:
            parts.say(text)
        case {"text": str(text)}:
            parts.say(text, glue)
        case {"refusal": str(text)}:
            parts.say(text)
        case Mapping() if block.keys() - {SIGNATURE, "thoughtSignature"}:
            parts.say(_describe(block))
        case _:
            return


def _call(call: Mapping[str, Any]) -> WrittenCall:
    """Return a call in any of the forms in which its name and arguments stand side by side."""
    inner = call.get("function") or call.get("custom") or call
    inner = inner if isinstance(inner, Mapping) else call
    arguments = next(
        (inner[key] for key in ("arguments", "args", "input", "payload") if key in inner), None
    )
    identities = (
        read_id(call.get(key)) for key in ("id", "tool_call_id", "toolCallId", "toolUseId")
    )
    identity = next((one for one in identities if one), None)
    return WrittenCall(_name(inner), arguments, identity, _signature(call))


def _name(call: Mapping[str, Any]) -> str:
    return str(call.get("name") or "")


def read_id(written: Any) -> str | None:
    """Return an id as text: some servers count. None for what can't be one."""
    if isinstance(written, int) and not isinstance(written, bool):
        return str(written)
    return written if isinstance(written, str) else None


def _find_signature(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Bedrock's reasoning; it refuses any that has no signature."""
    match content:
        case {"reasoningText": {"text": str(text), "signature": str(signature)}} if signature:
            return {"reasoningText": {"text": text, "signature": signature}}
        case {"redactedContent": Base64() as data}:
            return {"redactedContent": {"base64": str(data)}}
        case {"redactedContent": str(text)}:
            return {"redactedContent": text}
        case {"redactedContent": {"base64": str(data)}}:
            return {"redactedContent": {"base64": data}}
    return None


def _signature(call: Mapping[str, Any]) -> str | None:
    match call:
        case {"extra_content": {"google": {"thought_signature": str(signature)}}}:
            return signature
        case {"thought_signature": str(signature)}:
            return signature
    return None


def _text(content: Any) -> str:
    """Return a tool's answer as text: texts as they are, everything else as JSON."""
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


def _describe(block: Mapping[str, Any]) -> str:
    """Return what stands for an image, a file or a sound: threads hold texts only."""
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
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))
