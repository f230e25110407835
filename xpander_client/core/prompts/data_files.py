"""Files whose addresses hold their content (`data:`, RFC 2397)."""

from __future__ import annotations

import base64
from urllib.parse import quote, unquote

import attrs

SHOWN = 100_000
"""How many characters of a file's text a model is shown."""

_TEXTS = ("json", "xml", "yaml", "csv", "javascript", "toml")


@attrs.frozen
class DataFile:
    """A file that goes with a task and is kept in it.

    Example:
        >>> file = DataFile("data.csv", "text/csv", b"a,b")
        >>> file.url
        'data:text/csv;name=data.csv;base64,YSxi'
        >>> DataFile.parse(file.url) == file, DataFile.parse("https://a.b/data.csv")
        (True, None)
    """

    name: str
    media_type: str
    content: bytes

    @classmethod
    def parse(cls, url: str) -> DataFile | None:
        """Return the file that an address holds, if it holds one."""
        head, comma, content = url.partition(";base64,")
        if not comma or not head.startswith("data:"):
            return None
        media_type, *parameters = head.removeprefix("data:").split(";")
        names = (each.removeprefix("name=") for each in parameters if each.startswith("name="))
        try:
            return cls(unquote(next(names, "file")), media_type, base64.b64decode(content))
        except ValueError:
            return None

    @property
    def url(self) -> str:
        """The address that holds the file."""
        content = base64.b64encode(self.content).decode()
        return f"data:{self.media_type};name={quote(self.name, safe='')};base64,{content}"

    @property
    def title(self) -> str:
        """What a model is told about the file in a list of files."""
        return f"{self.name} ({self.media_type}, {len(self.content)} bytes)"

    @property
    def text(self) -> str | None:
        """The content, if it is text, or the beginning of a long one."""
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
