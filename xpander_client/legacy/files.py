"""Files that go with a task: addresses, or contents in base64."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Iterable, Mapping
from typing import Any

from xpander_client.core.prompts.data_files import DataFile
from xpander_client.errors import ArgumentError


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
        file = DataFile.parse(url)
        if file is None:
            lines.append(f"- {url}")
            continue
        lines.append(f"- {file.title}")
        text = file.text
        if text is not None:
            texts.append(f"{file.name}:\n{text}")
    return "\n\n".join(["Attached files:\n" + "\n".join(lines), *texts])


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
            content = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ArgumentError(
                f"{place}: the content of {name} is no base64: {error}. Encode it with "
                "base64.b64encode(data).decode()"
            ) from None
    elif not isinstance(content, bytes):
        raise ArgumentError(f"{place}: the content of {name} has to be base64 text, or bytes")
    media_type = file.get("type") or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return DataFile(name, media_type, content).url
