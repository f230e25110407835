"""Forms in request bodies, as browsers and curl send them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value
from typing import Any
from urllib.parse import parse_qsl

import attrs

from xpander_client.core.prompts.data_files import DataFile
from xpander_client.platform.foundation.errors import HttpError

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_MOST_FIELDS = 1_000
_LONGEST_HEAD = 4_096
"""The parser of headers takes much longer for long ones."""

_ENCODINGS = {"", "utf-8", "us-ascii", "iso-8859-1"}
"""Those that parameters of headers are read in; Python 3.13 never ends with some others."""
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


@attrs.frozen
class Form:
    """The fields of a form, and its files as addresses that hold them (`data:`, RFC 2397)."""

    fields: dict[str, Any]
    files: tuple[str, ...] = ()


def parse_urlencoded(body: bytes) -> Form:
    """Parse an urlencoded form. A field that comes more than once is a list.

    Raises:
        HttpError: 422, it has too many fields.
    """
    try:
        pairs = parse_qsl(
            body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise _refuse_many() from None
    return Form(_gather(pairs))


def parse_multipart(content_type: str, body: bytes) -> Form:
    """Parse a form in parts. A part with a file's name is a file.

    Raises:
        HttpError: 400, it is none; 422, it has too many parts.
    """
    pairs: list[tuple[str, str]] = []
    files: list[str] = []
    for head, content in _split(content_type, body):
        with _refuse_unreadable():
            name = head.get_param("name", header="content-disposition")
            file_name = _read_parameter(head, "filename", "content-disposition")
            if file_name is None:  # as it was written once
                file_name = _read_parameter(head, "name", "content-type")
            (file_name or "").encode()  # half a character is no name
        if not isinstance(name, str):
            raise HttpError(400, "a part of the form has no name")
        if file_name is None:
            pairs.append((name, content.decode(errors="replace")))
        else:
            files.append(_make_file(file_name, head.get("content-type", ""), content).url)
    return Form(_gather(pairs), tuple(files))


def _split(content_type: str, body: bytes) -> Iterator[tuple[Message, bytes]]:
    """Yield the parts: the headers of each, and its bytes as they are."""
    form_head = _parse_head(f"content-type: {content_type}")
    with _refuse_unreadable():
        boundary = (_read_parameter(form_head, "boundary", "content-type") or "").rstrip()
    if not boundary:
        raise HttpError(400, "the form's content-type names no boundary")
    delimiter = b"\r\n--" + boundary.encode("latin-1", errors="replace")
    _, *parts = (b"\r\n" + body).split(delimiter, _MOST_FIELDS + 1)
    if len(parts) > _MOST_FIELDS:
        raise _refuse_many()
    if not parts or not parts[-1].startswith(b"--"):
        raise HttpError(400, "the form has no end")
    for part in parts[:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        if not found:
            raise HttpError(400, "a part of the form has no content")
        yield _parse_head(head.decode(errors="replace").lstrip()), content


def _parse_head(text: str) -> Message:
    if len(text) > _LONGEST_HEAD:
        raise HttpError(400, f"the form has a header of more than {_LONGEST_HEAD} characters")
    return HeaderParser().parsestr(text)


def _read_parameter(head: Message, name: str, header: str) -> str | None:
    """Return a header's parameter, decoded where it names its encoding (RFC 2231).

    Raises:
        ValueError: the encoding is none that forms have.
    """
    value = head.get_param(name, header=header)
    if isinstance(value, tuple) and (value[0] or "").lower() not in _ENCODINGS:
        raise ValueError(value[0])
    return None if value is None else collapse_rfc2231_value(value).strip()


@contextmanager
def _refuse_unreadable() -> Iterator[None]:
    """Refuse parameters that the parser of headers can't read, and for which it has no error of its
    own: callers name the encoding (RFC 2231), or number the pieces.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError):
        raise HttpError(400, "a header of the form has a parameter that can't be read") from None


def _make_file(name: str, media_type: str, content: bytes) -> DataFile:
    known = _MEDIA_TYPE.match(media_type)
    # The quotation marks that browsers escape.
    name = name.replace("%22", '"')
    return DataFile(name, known[0] if known else "application/octet-stream", content)


def _gather(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, text in pairs:
        if name not in fields:
            fields[name] = text
        elif isinstance(fields[name], list):
            fields[name].append(text)
        else:
            fields[name] = [fields[name], text]
    return fields


def _refuse_many() -> HttpError:
    return HttpError(422, f"the form has more than {_MOST_FIELDS} fields")
