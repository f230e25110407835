"""A model's answer: a title, thoughts and code, each between tags, read while it is written."""

from __future__ import annotations

import re

import attrs

from .errors import ResponseParseError
from .tokens import Section, TokenChunk

__all__ = ["LLMResponse", "ResponseReader"]

_OPENING = re.compile(r"<(TITLE|THINKING|PYTHON)>", re.IGNORECASE)
_LONGEST_OPENING = len("<THINKING>") - 1
_FENCE = re.compile(r"[ \t]*```[^\n`]*\n")
_SECTIONS: dict[str, Section] = {"title": "title", "thinking": "thinking", "python": "python"}


@attrs.frozen
class LLMResponse:
    """What a model answered: what it does now in a few words, its thoughts, and code to run.

    Example:
        >>> LLMResponse(code="task_success(42)")
        LLMResponse(title='', thinking='', code='task_success(42)')
    """

    title: str = ""
    thinking: str = ""
    code: str = ""

    def chunks(self) -> list[TokenChunk]:
        """The answer as the pieces that a stream of it might have had."""
        sections: list[tuple[Section, str]] = [
            ("title", self.title),
            ("thinking", self.thinking),
            ("python", self.code),
        ]
        return [
            chunk
            for section, text in sections
            if text
            for chunk in (TokenChunk(section, text), TokenChunk(section, "", True))
        ]


class ResponseReader:
    r"""Takes an answer in pieces of any size; gives out what is certain of each section.

    Blank space round a section does not belong to it, nor does a Markdown fence round the code.
    Only the first section of each kind counts.

    Example:
        >>> reader = ResponseReader()
        >>> reader.feed("<PYTHON>\n```python\nx = 1\n``")
        [TokenChunk(type='python', content='x = 1', done=False)]
        >>> reader.feed("`\n</PYTHON>")
        [TokenChunk(type='python', content='', done=True)]
        >>> reader.response().code
        'x = 1'
    """

    def __init__(self) -> None:
        self._pending = ""
        self._section: Section | None = None
        self._begun = False
        self._fenced = False
        self._texts: dict[Section, list[str]] = {}
        self._closed: set[Section] = set()
        self._ignored = False

    def feed(self, text: str) -> list[TokenChunk]:
        """What this piece adds to the sections."""
        self._pending += text
        chunks: list[TokenChunk] = []
        while self._step(chunks):
            pass
        return chunks

    def response(self) -> LLMResponse:
        """The whole answer, when it is over.

        Raises:
            ResponseParseError: There is no code in it, or a section has no end.
        """
        if self._section is not None:
            tag = self._section.upper()
            raise ResponseParseError(f"the answer ends inside <{tag}>: </{tag}> is missing")
        if "python" not in self._closed:
            raise ResponseParseError("the answer has no <PYTHON>...</PYTHON> section")
        title, thinking, code = (
            "".join(self._texts.get(section, ())) for section in _SECTIONS.values()
        )
        return LLMResponse(title, thinking, code)

    def _step(self, chunks: list[TokenChunk]) -> bool:
        """Takes in one part of what is pending; whether there may be more to take."""
        if self._section is None:
            return self._open()
        closing = re.search(rf"</{self._section}>", self._pending, re.IGNORECASE)
        if closing is None:
            certain = len(self._pending) - (len(self._section) + 2)
            if (tag := self._pending.rfind("<")) >= max(certain, 0):
                self._take(tag, chunks, ended=False)
            else:
                self._take(len(self._pending), chunks, ended=False)
            return False
        self._take(closing.start(), chunks, ended=True)
        self._pending = self._pending[len(closing[0]) :]
        if not self._ignored:
            chunks.append(TokenChunk(self._section, "", True))
            self._closed.add(self._section)
        self._section = None
        return True

    def _open(self) -> bool:
        opening = _OPENING.search(self._pending)
        if opening is None:
            # A tag may have come in part.
            self._pending = self._pending[-_LONGEST_OPENING:]
            return False
        self._section = _SECTIONS[opening[1].lower()]
        self._ignored = self._section in self._closed
        self._begun = self._fenced = False
        self._pending = self._pending[opening.end() :]
        return True

    def _take(self, end: int, chunks: list[TokenChunk], *, ended: bool) -> None:
        """Moves the section's text up to `end` into it, as far as it surely belongs to it."""
        assert self._section is not None
        text, rest = self._pending[:end], self._pending[end:]
        if not self._begun:
            text = self._beginning(text, ended=ended)
        kept = self._before_the_end(text) if self._begun else text if not ended else ""
        if not self._begun:
            self._pending = kept + rest
            return
        self._pending = ("" if ended else text[len(kept) :]) + rest
        if kept and not self._ignored:
            self._texts.setdefault(self._section, []).append(kept)
            chunks.append(TokenChunk(self._section, kept))

    def _beginning(self, text: str, *, ended: bool) -> str:
        """The text without what stands before the section's own; `_begun` once that is certain."""
        if self._section != "python":
            text = text.lstrip()
            self._begun = bool(text)
            return text
        # The first line of code keeps its indent.
        text = text[: len(text) - len(text.lstrip())].rpartition("\n")[2] + text.lstrip()
        if not text.strip():
            return text
        start = text.lstrip(" \t")
        if not self._fenced and "```".startswith(start[:3]):
            fence = _FENCE.match(text)
            if fence is None:
                self._begun = ended
                return text
            self._fenced = True
            return self._beginning(text[fence.end() :], ended=ended)
        self._begun = True
        return text

    def _before_the_end(self, text: str) -> str:
        return re.sub(r"\s*(```)?\s*$|\s*`{1,2}$", "", text) if self._fenced else text.rstrip()
