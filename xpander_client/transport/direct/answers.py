"""Answers of HTTP/1.0 and 1.1, parsed as their bytes come, without I/O, and strictly by RFC 9112.

What could be read in two ways is refused: what one side takes for the end of an answer, the other
must not take for its middle.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from xpander_client.core.answer import Headers
from xpander_client.transport.direct.codings import find_decoder

_LARGEST_HEAD = 65536
"""Bytes of all that stands before an answer's body, or behind it."""

_MOST_FIELDS = 256

_LONGEST_LINE = 4096
"""Bytes of the line before a chunk."""

_TEXT = r"[^\x00-\x08\x0a-\x1f\x7f]*"
_STATUS = re.compile(rf"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: {_TEXT})?")
_FIELD = re.compile(rf"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*({_TEXT})")
_CHUNK = re.compile(rf"([0-9A-Fa-f]{{1,15}})[ \t]*(?:;{_TEXT})?\r\n".encode())
_LENGTH = re.compile(r"[0-9]{1,18}")
_BARE_LINE_END = re.compile(rb"(?<!\r)\n")
_START = b"HTTP/1."


class AnswerError(Exception):
    """What came is no answer that can be understood."""


class CutOffError(Exception):
    """The connection ended before the answer did."""


class AnswerParser:
    r"""Parses the answer to one request, byte by byte or at once.

    Example:
        >>> parser = AnswerParser("GET")
        >>> parser.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        True
        >>> parser.status_code, parser.take(), parser.keeps_connection
        (200, b'{}', True)
    """

    __slots__ = (
        "_decode",
        "_heads",
        "_held",
        "_left",
        "_method",
        "_parts",
        "_phase",
        "_seen",
        "headers",
        "is_complete",
        "keeps_connection",
        "status_code",
    )

    headers: Headers

    def __init__(self, method: str) -> None:
        self.status_code = 0
        """0 until the head is there."""
        self.is_complete = False
        self.keeps_connection = True
        """Whether the next request can be sent on the connection, once the answer is complete."""
        self._method = method
        self._phase: Callable[[AnswerParser, bytes], bytes] = AnswerParser._read_head
        self._held = b""  # what is not yet enough for a phase
        self._seen = 0  # so much of it a phase has looked through before
        self._heads = 0
        self._left = -1
        self._parts: list[bytes] = []
        self._decode: Callable[[bytes], bytes] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether any byte of the answer came."""
        return bool(self.status_code or self._held or self._heads)

    def receive(self, data: bytes) -> bool:
        """Take the bytes that came next; whether they were the last ones.

        Raises:
            AnswerError: they are none of an answer.
        """
        if self._held:
            self._seen = len(self._held)
            data, self._held = self._held + data, b""
        while data and not self.is_complete:
            data = self._phase(self, data)
            self._seen = 0
        if data:  # nobody asked for more: whose answer would it be?
            self.keeps_connection = False
        return self.is_complete

    def end(self) -> None:
        """Note that the connection has ended.

        Raises:
            CutOffError: the answer has not.
        """
        self.keeps_connection = False
        if self._phase is AnswerParser._read_to_end:
            self.is_complete = True
        if not self.is_complete:
            raise CutOffError("inside an answer" if self.has_begun else "before an answer")

    def take(self) -> bytes:
        """Return what came of the body since the last time, decoded as `content-encoding` says.

        Raises:
            CodingError: it is not encoded so.
        """
        parts, self._parts = self._parts, []
        data = b"".join(parts)
        return data if self._decode is None else self._decode(data)

    # Each phase takes what it can, holds back what is not yet enough, and returns the rest.

    def _read_head(self, data: bytes) -> bytes:
        end = data.find(b"\r\n\r\n", max(0, self._seen - 3))
        if end < 0:
            if not data.startswith(_START[: len(data)]):
                raise AnswerError("what came is not HTTP")
            if _BARE_LINE_END.search(data, max(0, self._seen - 1)):
                raise AnswerError("a line of its head does not end as HTTP has it")
            return self._hold(data, _LARGEST_HEAD - self._heads)
        self._heads += end
        lines = data[:end].decode("latin-1").split("\r\n")
        if self._heads > _LARGEST_HEAD or len(lines) > _MOST_FIELDS:
            raise AnswerError("its head is too large")
        version, status = _parse_status(lines[0])
        fields = _parse_fields(lines)
        if status >= 200:
            self._begin_body(version, status, fields)
        elif status == 101:
            raise AnswerError("it goes on in another protocol, which was not asked for")
        return data[end + 4 :]

    def _begin_body(self, version: str, status: int, fields: dict[str, str]) -> None:
        connection = fields.get("connection")
        if connection is not None or version == "0":
            options = {each.strip(" \t") for each in (connection or "").lower().split(",")}
            self.keeps_connection = "close" not in options and (
                version == "1" or "keep-alive" in options
            )
        coding, length = fields.get("transfer-encoding"), fields.get("content-length")
        if coding is not None:
            # What has both may have been smuggled past somebody who goes by the other.
            if coding.lower() != "chunked" or length is not None or version == "0":
                raise AnswerError("it can't be told where it ends: its transfer-encoding")
            self._phase = AnswerParser._read_chunks
        elif length is not None:
            self._left = _parse_length(length)
            self._phase = AnswerParser._read_length
        else:
            self._phase = AnswerParser._read_to_end
        if self._method == "HEAD" or status in (204, 304) or self._left == 0:
            self.is_complete = True
        elif self._phase is AnswerParser._read_to_end:
            self.keeps_connection = False
        if "content-encoding" in fields:
            self._decode = find_decoder(fields["content-encoding"])
        self.headers = Headers.from_fields(fields)
        self.status_code = status

    def _read_length(self, data: bytes) -> bytes:
        part = data[: self._left]
        self._parts.append(part)
        self._left -= len(part)
        self.is_complete = not self._left
        return data[len(part) :]

    def _read_to_end(self, data: bytes) -> bytes:
        self._parts.append(data)
        return b""

    def _read_chunks(self, data: bytes) -> bytes:
        at, left = 0, self._left  # of a chunk; 0 until its line end, -1 between two of them
        while at < len(data):
            if left < 0:
                line = _CHUNK.match(data, at)
                if line is None:
                    if data.find(b"\r\n", at) >= 0:
                        raise AnswerError("a chunk of it has no size")
                    self._left = left
                    return self._hold(data[at:], _LONGEST_LINE)
                at, left = line.end(), int(line[1], 16)
                if line.end() - line.start() > _LONGEST_LINE:
                    raise AnswerError("it is too large")
                if not left:
                    self._phase = AnswerParser._read_trailers
                    return data[at:]
            part = data[at : at + left]
            if part:
                self._parts.append(part)
                at += len(part)
                left -= len(part)
            if not left:
                line_end = data[at : at + 2]
                if line_end != b"\r\n":
                    if line_end not in (b"", b"\r"):
                        raise AnswerError("a chunk of it is longer than its size")
                    self._held = line_end
                    break
                at, left = at + 2, -1
        self._left = left
        return b""

    def _read_trailers(self, data: bytes) -> bytes:
        if not data.startswith(b"\r\n"):
            end = data.find(b"\r\n\r\n", max(0, self._seen - 3))
            if end < 0:
                return self._hold(data, _LARGEST_HEAD)
            if end > _LARGEST_HEAD:
                raise AnswerError("what stands behind it is too large")
            for line in data[:end].decode("latin-1").split("\r\n"):
                _parse_field(line)
            data = data[end + 2 :]
        self.is_complete = True
        return data[2:]

    def _hold(self, data: bytes, most: int) -> bytes:
        if len(data) > most:
            raise AnswerError("it is too large")
        self._held = data
        return b""


def _parse_fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, value = _parse_field(line)
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


# Most lines of a platform's answers are those of the answer before.


@functools.lru_cache(maxsize=64)
def _parse_status(line: str) -> tuple[str, int]:
    found = _STATUS.fullmatch(line)
    if found is None:
        raise AnswerError("its first line is not as HTTP has it")
    return found[1], int(found[2])


@functools.lru_cache(maxsize=512)
def _parse_field(line: str) -> tuple[str, str]:
    found = _FIELD.fullmatch(line)
    if found is None:
        raise AnswerError("a header of it is not as HTTP has it")
    return found[1].lower(), found[2].rstrip(" \t")


def _parse_length(text: str) -> int:
    if not _LENGTH.fullmatch(text):
        # Lines that say the same twice do no harm.
        lengths = {each.strip(" \t") for each in text.split(",")}
        text = lengths.pop()
        if lengths or not _LENGTH.fullmatch(text):
            raise AnswerError("it can't be told where it ends: its content-length")
    return int(text)
