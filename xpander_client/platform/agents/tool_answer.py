"""What a tool's server answered: unpacked, and made JSON, within bounds."""

from __future__ import annotations

import re
import zlib

import orjson

SLICE = 64 * 1024
"""So many bytes are worked on in one go, while which no other thread can run."""

LONGEST_VALUE = 16 * SLICE
"""How long a number may be, and what is between values."""

DEEPEST = 200
"""How deep JSON may be nested: as deep as in a request."""

_TEXT = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")', re.DOTALL)
_ENDS = {"[": "]", "{": "}"}
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class TooLarge(Exception):
    """There are more bytes in it than there may be."""


class Unreadable(Exception):
    """It can't be taken as what it says it is; the text says why."""


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """Unpack bytes that were packed in at most one way.

    Raises:
        TooLarge: they are more than `limit`. No more than that were unpacked.
        Unreadable: they were packed in another way than `gzip` or `deflate`, or in two.
    """
    way = encoding.strip().lower()
    if way in ("", "identity"):
        return body
    if way in ("gzip", "x-gzip"):
        bits = zlib.MAX_WBITS | 16
    elif way == "deflate":
        # Some servers leave out the two bytes that zlib puts in front.
        framed = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
        bits = zlib.MAX_WBITS if framed else -zlib.MAX_WBITS
    else:
        raise Unreadable(f"answered in the encoding {way[:40]!r}, which it was not asked for")
    packer, whole = zlib.decompressobj(bits), bytearray()
    try:
        for begin in range(0, len(body), SLICE):
            rest, part = body[begin : begin + SLICE], None
            # What fills a part may have left more behind, also of an input that is used up.
            while rest or part is None or len(part) == SLICE:
                part = packer.decompress(rest, SLICE)
                rest = packer.unconsumed_tail
                whole += part
                if len(whole) > limit:
                    raise TooLarge
    except zlib.error:
        raise Unreadable(f"answered with {way} that can't be unpacked") from None
    if not packer.eof or packer.unused_data.strip(b"\0"):
        raise Unreadable(f"answered with {way} that breaks off, or goes on behind its end")
    return bytes(whole)


def as_json(kind: str, body: bytes) -> bytes:
    """Return the body as JSON; one that is none becomes a JSON text. `kind` is its content type.

    Raises:
        Unreadable: it is nested too deeply.
    """
    if not body:
        return b"null"
    # Objects and lists are JSON whatever they are called; the text "1" may be meant as a text.
    if ("json" in kind.lower() or body.lstrip()[:1] in (b"{", b"[")) and _is_json(body):
        return body
    return orjson.dumps(body.decode(errors="replace"))


def _is_json(body: bytes) -> bool:
    """Whether it is JSON. A large one is looked at in slices, each made whole by itself.

    A slice ends at a comma. What is open there is closed, and opened again for the next one: all
    of it is JSON if each slice is. So the interpreter is never held for as long as it takes to
    read all, nor is there ever all that is in it in memory.
    """
    opened, opening = "", b""
    chunk, place = body[:SLICE], SLICE
    while place < len(body):
        comma, text, brackets = _outline(chunk)
        if comma is not None:
            opened = _find_open(opened, brackets)
            before, chunk = chunk[:comma].rstrip(), chunk[comma + 1 :]
            # There is something on both sides of a comma. Slices would do without it.
            if not opened or not before or before[-1:] in (b"[", b"{"):
                return False
            closing = "".join(_ENDS[each] for each in reversed(opened)).encode()
            if not _parses(opening + before + closing):
                return False
            # Of objects that stay open only the innermost goes on with a name.
            outer = "".join('{"":' if each == "{" else each for each in opened[:-1])
            opening = (outer + opened[-1]).encode()
        elif text is not None:  # a long one: looked at by itself, and left out
            begin = place - (len(chunk) - text)
            place = _behind_text(body, begin + 1)
            if not _parses(body[begin:place]):
                return False
            chunk = chunk[:text] + b'""'
        elif len(chunk) > LONGEST_VALUE:
            return False
        chunk += body[place : place + SLICE]
        place += SLICE
        if opened and chunk.lstrip()[:1] in (b"]", b"}"):
            return False
    _find_open(opened, _brackets(_TEXT.split(chunk)[::2]))
    return _parses(opening + chunk)


def _outline(chunk: bytes) -> tuple[int | None, int | None, bytes]:
    """Where the last comma is that is in no text, where a text begins that has no end, and the
    brackets before that comma. A chunk begins in no text.
    """
    parts = _TEXT.split(chunk)  # what is in no text, and in between the texts
    parts[-1], quote, rest = parts[-1].partition(b'"')
    end = len(chunk) - len(quote) - len(rest)
    text = end if quote else None
    for index in range(len(parts) - 1, -1, -1):
        end -= len(parts[index])
        if index % 2 == 0 and (comma := parts[index].rfind(b",")) >= 0:
            return end + comma, text, _brackets([*parts[:index:2], parts[index][:comma]])
    return None, text, b""


def _brackets(outside: list[bytes]) -> bytes:
    return b"".join(outside).translate(None, _NOT_BRACKETS)


def _find_open(opened: str, brackets: bytes) -> str:
    """Return what is open behind these brackets; nothing where one is closed that is not.

    Raises:
        Unreadable: they are nested too deeply.
    """
    left = opened.encode() + brackets
    for _ in range(DEEPEST + 1):
        pairs = left.replace(b"[]", b"..").replace(b"{}", b"..")  # the innermost, no other
        shorter = pairs.translate(None, b".")
        if len(shorter) == len(left) <= DEEPEST:
            return "" if set(left) & set(b"]}") else left.decode()
        left = shorter
    raise Unreadable(f"answered with JSON nested deeper than {DEEPEST} levels")


def _behind_text(body: bytes, place: int) -> int:
    """Where a text ends that has begun just before a place."""
    while (place := body.find(b'"', place) + 1) > 0:
        end = place - 1
        while body[end - 1 : end] == b"\\":
            end -= 1
        if (place - 1 - end) % 2 == 0:
            return place
    return len(body)


def _parses(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
