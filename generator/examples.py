"""Examples for docstrings, from the specification's own: what is called, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from generator.document import Document, Operation, SpecError


@attrs.frozen(kw_only=True)
class Example:
    """A call's arguments, and what is shown of its answer.

    `name` is the variable that takes the answer, or one event of a stream. `shows` is the attribute
    that is printed, nothing when the answer itself is; `each` means that there are many.
    """

    arguments: Mapping[str, Any]
    name: str = ""
    shows: str = ""
    each: bool = False
    streams: bool = False
    expected: Sequence[str] = ()

    def print_call(self, call: str, word: str = "") -> list[str]:
        """Return the lines that make `call` and print; `word` is ``await`` where it is awaited."""
        if self.streams:
            loop = "async for" if word else "for"
            head = f">>> {loop} {self.name} in {call}:"
            return [head, f"...     print({self.name}.{self.shows})", *self.expected]
        awaited = f"{word} {call}".strip()
        if not self.name:
            return [f">>> {awaited}"]
        lines = [f">>> {self.name} = {awaited}"]
        if self.each:
            lines.append(f">>> for item in {self.name}:")
            lines.append(f"...     print(item.{self.shows})")
        elif self.shows:
            lines.append(f">>> print({self.name}.{self.shows})")
        elif self.expected:
            lines.append(f">>> print({self.name})")
        return [*lines, *self.expected]


def read_example(operation: Operation, document: Document) -> Example | None:
    """Return the example of an operation, from its `x-example` and the example of its answer.

    Raises:
        SpecError: the answer's example does not have what is to be shown.
    """
    raw = operation.raw.get("x-example")
    if raw is None:
        return None
    place = operation.place / "x-example"
    shows = raw.get("shows") or raw.get("each") or ""
    expected: list[str] = []
    if shows or raw.get("prints"):
        values = _list_answers(operation, document)
        try:
            if raw.get("prints"):
                expected = [str(values[0])]
            elif "each" in raw:
                listed = values if "x-stream" in operation.raw else values[0]
                expected = [_print_value(value[shows]) for value in listed]
            else:
                expected = [_print_value(values[0][shows])]
        except (IndexError, KeyError, TypeError):
            raise SpecError([(place, "the answer has no example that shows this")]) from None
    return Example(
        arguments=raw.get("arguments", {}),
        name=raw.get("name", ""),
        shows=shows,
        each="each" in raw,
        streams="x-stream" in operation.raw,
        expected=expected,
    )


def _print_value(value: Any) -> str:
    return "None" if value is None else str(value)


def _list_answers(operation: Operation, document: Document) -> list[Any]:
    for status, response in operation.raw["responses"].items():
        if not status.startswith("2"):
            continue
        for kind, media in response.get("content", {}).items():
            place = operation.place / "responses" / status / "content" / kind
            for name, example in media.get("examples", {}).items():
                _, found = document.dereference(example, place / "examples" / name)
                if kind == "text/event-stream":
                    return _parse_frames(found["value"])
                return [found["value"]]
    return []


def _parse_frames(text: str) -> list[Any]:
    """Return the events of an example stream; a named one is made of its name and its data."""
    found: list[Any] = []
    for frame in text.strip().split("\n\n"):
        lines = (line.partition(": ") for line in frame.split("\n"))
        fields = {name: value for name, _, value in lines}
        data = json.loads(fields["data"])
        found.append({"event": fields["event"], "data": data} if "event" in fields else data)
    return found
