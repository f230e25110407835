"""A task's files as what models and frameworks take."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

import attrs

if TYPE_CHECKING:
    from xpander_client.core.prompts.download import Download, Unavailable

_Kind = Literal["image", "pdf", "document", "text", "audio", "video", "archive", "unknown"]

_IMAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
_DOCUMENTS = (
    *(".doc", ".docm", ".docx", ".epub", ".key", ".numbers", ".odp", ".ods", ".odt", ".pages"),
    *(".pps", ".ppsx", ".ppt", ".pptm", ".pptx", ".rtf", ".xls", ".xlsb", ".xlsm", ".xlsx"),
)
_TEXTS = (
    *(".c", ".cpp", ".cs", ".css", ".csv", ".eml", ".go", ".h", ".htm", ".html", ".ini", ".ipynb"),
    *(".java", ".js", ".json", ".log", ".md", ".php", ".py", ".rb", ".rs", ".rst", ".sh", ".sql"),
    *(".svg", ".tex", ".toml", ".ts", ".tsv", ".txt", ".xml", ".yaml", ".yml"),
)
_TEXT_TYPES = ("application/json", "application/xml", "application/yaml", "image/svg+xml")

_SIGNATURES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))
_PDF_WITHIN = 1024
"""A PDF may begin with other bytes, but not with more."""

_LONGEST_TEXT = 8_000
_LONGEST_TEXTS = 24_000
"""So many characters of a file, and of all files, are handed on: a prompt has to hold them."""


@attrs.frozen
class AttachedFile:
    """A file that came with a task, where agno, which has classes for it, is not installed."""

    url: str
    content: bytes = attrs.field(repr=False)
    mime_type: str
    format: str
    filename: str | None = None


class _Attachment(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def mime(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def transcript(self) -> str | None: ...


class _Input(Protocol):
    @property
    def files(self) -> Sequence[str] | None: ...
    @property
    def attachments(self) -> Sequence[_Attachment] | None: ...


class _Transport(Protocol):
    def download(self, urls: Sequence[str]) -> list[Download | Unavailable]: ...
    async def adownload(self, urls: Sequence[str]) -> list[Download | Unavailable]: ...


class _Task(Protocol):
    @property
    def input(self) -> _Input: ...
    @property
    def disable_attachment_injection(self) -> bool | None: ...
    @property
    def _transport(self) -> _Transport: ...


class TaskFiles:
    """Gives a task its files as frameworks take them.

    Those that did not come with the task are downloaded: 15 MB and 15 seconds each at most, and
    from hosts that anybody can reach, or that `XPANDER_INTERNAL_FETCH_ALLOWLIST` lists (hosts,
    domains and networks, with commas between). What can't be had, or is not what it is said to be,
    is left out, and the log says why. Where `disable_attachment_injection` keeps files out of the
    model's context nothing is loaded.
    """

    __slots__ = ()

    def get_files(self: _Task) -> list[Any]:
        """Download the PDF files, as agno's `File`; as `AttachedFile` where agno is not installed.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.get_files()
            []
        """
        return _make_files(self._transport.download(_list_urls(self, "pdf")))

    async def aget_files(self: _Task) -> list[Any]:
        """Download the PDF files, as agno's `File`; as `AttachedFile` where agno is not installed.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> await task.aget_files()
            []
        """
        return _make_files(await self._transport.adownload(_list_urls(self, "pdf")))

    def get_images(self: _Task) -> list[Any]:
        """Download the images, as agno's `Image`; as `AttachedFile` where agno is not installed.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.get_images()
            []
        """
        return _make_images(self._transport.download(_list_urls(self, "image")))

    async def aget_images(self: _Task) -> list[Any]:
        """Download the images, as agno's `Image`; as `AttachedFile` where agno is not installed.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> await task.aget_images()
            []
        """
        return _make_images(await self._transport.adownload(_list_urls(self, "image")))

    def get_human_readable_files(self: _Task) -> list[dict[str, str]]:
        """Download the files that are text: the `url` and the `content` of each.

        A long one is cut, and says so. Of documents there is the text that was read from them.
        """
        return _make_texts(self, self._transport.download(_list_urls(self, "text")))

    async def aget_human_readable_files(self: _Task) -> list[dict[str, str]]:
        """Download the files that are text: the `url` and the `content` of each.

        A long one is cut, and says so. Of documents there is the text that was read from them.
        """
        return _make_texts(self, await self._transport.adownload(_list_urls(self, "text")))


def find_kind(url: str, kind: str | None = None, mime: str | None = None) -> _Kind:
    """Return the kind of a file, by what is said of it, or else by its name.

    Example:
        >>> find_kind("https://x.test/a.CSV?key=1"), find_kind("https://x.test/a", mime="image/png")
        ('text', 'image')
    """
    match kind:
        case "image" | "pdf" | "document" | "text" | "audio" | "video" | "archive":
            return kind
    mime = (mime or "").lower().partition(";")[0].strip()
    if mime == "application/pdf":
        return "pdf"
    if mime.startswith("text/") or mime in _TEXT_TYPES:
        return "text"
    if mime.startswith("image/"):
        return "image"
    try:
        ending = os.path.splitext(urlsplit(url).path.lower())[1]
    except ValueError:
        return "unknown"
    if ending == ".pdf":
        return "pdf"
    if ending in _IMAGES:
        return "image"
    if ending in _TEXTS:
        return "text"
    return "document" if ending in _DOCUMENTS else "unknown"


def _list_files(task: _Task) -> Iterator[tuple[str, _Kind, str | None]]:
    """Yield the address, the kind and the transcript of each file, each once."""
    # Every program loads this module with `Task`, and few tasks have files.
    from xpander_client.core.prompts.data_files import DataFile

    known = {attachment.url: attachment for attachment in task.input.attachments or ()}
    for url in dict.fromkeys([*(task.input.files or ()), *known]):
        said = known.get(url)
        if said is None:
            inside = DataFile.parse(url)
            yield url, find_kind(url, mime=inside.media_type if inside else None), None
        else:
            yield url, find_kind(url, said.kind, said.mime), said.transcript


def _list_urls(task: _Task, kind: _Kind) -> list[str]:
    """Return the addresses of the files of a kind that are to be loaded."""
    if task.disable_attachment_injection:
        return []
    return [url for url, found, text in _list_files(task) if found == kind and text is None]


def _make_files(downloads: Sequence[Download | Unavailable]) -> list[Any]:
    made = []
    for each in _take(downloads):
        if b"%PDF-" not in each.content[:_PDF_WITHIN]:
            _leave_out(each.url, "it is no PDF, whatever its address says")
            continue
        name = _find_name(each.url)
        made.append(_make("File", each, "application/pdf", "pdf", name))
    return made


def _make_images(downloads: Sequence[Download | Unavailable]) -> list[Any]:
    made = []
    for each in _take(downloads):
        kind = _read_image(each.content)
        if kind is None:
            _leave_out(each.url, "it is no PNG, JPEG, GIF or WebP, whatever its address says")
            continue
        made.append(_make("Image", each, f"image/{kind}", kind, None))
    return made


def _make_texts(task: _Task, downloads: Sequence[Download | Unavailable]) -> list[dict[str, str]]:
    loaded = {each.url: _decode(each) for each in _take(downloads)}
    texts = []
    left = _LONGEST_TEXTS
    for url, kind, transcript in _list_files(task):
        if kind not in ("text", "document"):
            continue
        if task.disable_attachment_injection:
            texts.append({"url": url})
            continue
        text = transcript if transcript is not None else loaded.get(url)
        if text is None:
            text = f"(nothing could be read of this {'file' if kind == 'text' else 'document'})"
        most = min(_LONGEST_TEXT, left)
        left -= min(most, len(text))
        if len(text) > most:
            text = f"{text[:most]}\n(cut: {len(text)} characters in all)"
        texts.append({"url": url, "content": text})
    return texts


def _take(downloads: Sequence[Download | Unavailable]) -> Iterator[Download]:
    from xpander_client.core.prompts.download import Download

    for each in downloads:
        if isinstance(each, Download):
            yield each
        else:
            _leave_out(each.url, each.why)


def _leave_out(url: str, why: str) -> None:
    import logging

    # What stands behind a question mark may be the key to the file.
    name = _find_name(url) if url.startswith("data:") else url.partition("?")[0]
    logging.getLogger("xpander_client").warning("the file %s is left out: %s", name, why)


def _decode(download: Download) -> str:
    charset = download.content_type.lower().partition("charset=")[2].partition(";")[0].strip(' "')
    try:
        return download.content.decode(charset or "utf-8", errors="replace")
    except LookupError:  # a charset that nobody knows
        return download.content.decode(errors="replace")


def _read_image(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return next((kind for begins, kind in _SIGNATURES if content.startswith(begins)), None)


def _find_name(url: str) -> str | None:
    from xpander_client.core.prompts.data_files import DataFile

    inside = DataFile.parse(url)
    return inside.name if inside else urlsplit(url).path.rpartition("/")[2] or None


def _make(
    name: Literal["File", "Image"], download: Download, mime: str, kind: str, filename: str | None
) -> Any:
    try:
        from agno import media  # whose agents take them
    except ImportError:
        return AttachedFile(download.url, download.content, mime, kind, filename)
    named = {} if filename is None else {"filename": filename, "name": filename}
    make = getattr(media, name)
    return make(content=download.content, mime_type=mime, format=kind, **named)
