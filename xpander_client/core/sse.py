"""The event stream format of the WHATWG HTML standard: read incrementally, and what writers need.

Contract: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import re
from typing import NamedTuple

COMMENT = b": still here\n\n"
"""Keeps proxies and impatient readers from taking a quiet stream for a broken one."""

_BOM = b"\xef\xbb\xbf"

# What many readers take for line ends, though the standard doesn't.
_LINE_ENDS = (
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
    ("\u0085".encode(), rb"\u0085"),
)


def _one_line(json: bytes) -> bytes:
    r"""Return JSON without what many readers take for line ends, though the standard doesn't.

    They can only stand inside of strings, where their escapes mean the same.

    Example:
        >>> _one_line('"a\u2028b"'.encode())
        b'"a\\u2028b"'
    """
    if json.isascii():
        return json  # none of them is, and this is found out much faster
    for character, escape in _LINE_ENDS:
        if character in json:
            json = json.replace(character, escape)
    return json


def encode_event(json: bytes, *, number: int | None = None, name: str | None = None) -> bytes:
    r"""Return an event as it stands in a stream; `number` is its id, `name` its type.

    Example:
        >>> encode_event(b"{}", number=7, name="gap")
        b'id: 7\nevent: gap\ndata: {}\n\n'
    """
    data = _one_line(json)
    if name is None:
        # Nearly all events are a task's, so these forms are made in one step.
        if number is None:
            return b"data: %b\n\n" % data
        return b"id: %d\ndata: %b\n\n" % (number, data)
    head = b"" if number is None else b"id: %d\n" % number
    return b"%bevent: %b\ndata: %b\n\n" % (head, name.encode(), data)


class ServerSentEvent(NamedTuple):
    """One dispatched event.

    `event` is "message" where the stream gives no type; `id` is the last id seen so far, which the
    standard keeps across events.
    """

    event: str
    data: str
    id: str


_new = tuple.__new__

_PLAIN = r"(?:id: ([^\n\0]++)\n)?+(?:event: (.*+)\n)?+data: (.*+)\n\n|((?s:.+))"
"""A block as nearly all are written; what does not begin with one is its last match, to the end."""


class SseParser:
    r"""Turns the bytes of a stream, in whatever pieces they come, into events.

    Only carriage return and line feed end a line: U+2028 and its kin are data. What stands after
    the last blank line when the stream ends was never an event and is never delivered.

    Example:
        >>> parser = SseParser()
        >>> parser.push(b"id: 7\ndata: he")
        []
        >>> parser.push(b"llo\n\n")
        [ServerSentEvent(event='message', data='hello', id='7')]
    """

    __slots__ = (
        "_data",
        "_event",
        "_find_blocks",
        "_id",
        "_last_was_cr",
        "_partial",
        "_started",
        "last_event_id",
        "retry",
    )

    def __init__(self) -> None:
        self._find_blocks = re.compile(_PLAIN).findall  # by the first parser, for all
        self._partial: list[bytes] = []  # the pieces of a line that has not ended
        self._started = False  # past the place where a byte order mark may stand
        self._last_was_cr = False  # a line feed that comes now belongs to the line end before it
        self._data: list[str] = []
        self._event = ""
        self._id: str | None = None
        self.last_event_id: str | None = None
        """The id as of the last block that ended: an event that was cut off does not move it. None
        before the first; it may be empty, by which a platform says that there is none to resume at.
        """
        self.retry: int | None = None
        """The reconnection time in milliseconds that the stream asked for last, or None."""

    def push(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that `chunk` completes, in order."""
        if self._last_was_cr and chunk:
            self._last_was_cr = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        if not self._started:
            chunk = self._without_byte_order_mark(chunk)
        if not chunk:
            return []
        if b"\r" in chunk:
            self._last_was_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._partial.append(chunk)
            return []
        lines, rest = chunk[:end], chunk[end:]
        if self._partial:
            self._partial.append(lines)
            lines = b"".join(self._partial)
            self._partial.clear()
        if rest:
            self._partial.append(rest)
        # No line end is part of a character, so whole lines can be decoded together.
        return self._read(lines.decode("utf-8", "replace"))

    def _without_byte_order_mark(self, chunk: bytes) -> bytes:
        head = b"".join(self._partial) + chunk
        self._partial.clear()
        if len(head) < len(_BOM) and _BOM.startswith(head):
            if head:
                self._partial.append(head)
            return b""
        self._started = True
        return head.removeprefix(_BOM)

    def _read(self, text: str) -> list[ServerSentEvent]:
        """Return the events in these lines, each with its end."""
        events: list[ServerSentEvent] = []
        if self._data or self._event:
            # First the rest of a block that has begun.
            before, end, text = text.partition("\n\n")
            self._read_lines(before + end, events)
        blocks = self._find_blocks(text)
        rest = blocks.pop()[3] if blocks and blocks[-1][3] else ""
        if blocks:
            id = self._id or ""
            # A named tuple's own constructor takes twice as long.
            events += [
                _new(ServerSentEvent, (event or "message", data, id := new_id or id))
                for new_id, event, data, _ in blocks
            ]
            self._id = self.last_event_id = id or self._id
        if rest:
            self._read_lines(rest, events)
        return events

    def _read_lines(self, text: str, events: list[ServerSentEvent]) -> None:
        data = self._data
        for line in text[:-1].split("\n"):
            if not line:
                if data:
                    events.append(
                        ServerSentEvent(self._event or "message", "\n".join(data), self._id or "")
                    )
                    data.clear()
                self._event = ""
                self.last_event_id = self._id
            elif line[0] != ":":
                name, _, value = line.partition(":")
                self._field(name, value[1:] if value[:1] == " " else value)

    def _field(self, name: str, value: str) -> None:
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value[:9])
