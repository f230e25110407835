"""Files that go with a task: addresses, or contents in base64."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

import attrs

from xpander_client.errors import ArgumentError

SHOWN = 100_000
"""How many characters of a file's text the model is shown."""

_TEXTS = ("json", "xml", "yaml", "csv", "javascript", "toml")


def addresses(files: Iterable[str | Mapping[str, Any]] | None) -> list[str]:
    """Return the files as the platform takes them. A content becomes a `data:` address with its
    name.

    Raises:
        ArgumentError: one is neither an address nor a name with content, or its base64 is broken.

    Example:
        >>> addresses([{"name": "data.csv", "content": "YSxiCjEsMgo="}])
        ['data:text/csv;name=data.csv;base64,YSxiCjEsMgo=']
    """
    if isinstance(files, str | bytes | Mapping):
        raise ArgumentError("files: expected a list of addresses or of {name, content}")
    return [_address(file, f"files[{index}]") for index, file in enumerate(files or ())]


def describe_file(urls: Iterable[str]) -> str:
    """Return what a model is told about files: their addresses, and texts that came with them."""
    lines = []
    texts = []
    for url in urls:
        attached = _read_attachment(url)
        if attached is None:
            lines.append(f"- {url}")
            continue
        lines.append(f"- {attached.name} ({attached.media_type}, {len(attached.content)} bytes)")
        text = attached.text
        if text is not None:
            texts.append(f"{attached.name}:\n{text}")
    return "\n\n".join(["Attached files:\n" + "\n".join(lines), *texts])


@attrs.frozen
class _Attached:
    """A file whose content came with the task."""

    name: str
    media_type: str
    content: bytes

    @property
    def text(self) -> str | None:
        """The content, if it is text."""
        kind, _, subtype = self.media_type.partition("/")
        if kind != "text" and not any(each in subtype for each in _TEXTS):
            return None
        try:
            text = self.content.decode()
        except UnicodeDecodeError:
            return None
        if len(text) > SHOWN:
            return f"{text[:SHOWN]}\n… {len(text) - SHOWN} more characters are not shown"
        return text


def _address(file: Any, place: str) -> str:
    if isinstance(file, str):
        if "://" not in file and not file.startswith("data:"):
            raise ArgumentError(f"{place}: {file!r} is no address; give one, or {{name, content}}")
        return file
    if not isinstance(file, Mapping):
        raise ArgumentError(f"{place}: expected an address or a dict with name and content")
    if isinstance(file.get("url"), str):
        return _address(file["url"], place)
    name, content = file.get("name"), file.get("content")
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"{place}: the file has no name")
    if isinstance(content, str):
        try:
            base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ArgumentError(
                f"{place}: the content of {name} is no base64: {error}. Encode it with "
                "base64.b64encode(data).decode()"
            ) from None
    elif isinstance(content, bytes):
        content = base64.b64encode(content).decode()
    else:
        raise ArgumentError(f"{place}: the content of {name} has to be base64 text, or bytes")
    media_type = file.get("type") or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{media_type};name={quote(name, safe='')};base64,{content}"


def _read_attachment(url: str) -> _Attached | None:
    head, comma, content = url.partition(";base64,")
    if not comma or not head.startswith("data:"):
        return None
    media_type, *parameters = head.removeprefix("data:").split(";")
    name = next(
        (unquote(each.removeprefix("name=")) for each in parameters if each.startswith("name=")),
        "file",
    )
    try:
        return _Attached(name, media_type, base64.b64decode(content))
    except binascii.Error:
        return None
