"""A model's answer: a title, thoughts and code, each between tags, read while it is written."""

from __future__ import annotations

import re

import attrs

from xpander_client.agents.types.errors import ResponseParseError
from xpander_client.agents.types.tokens import Section, TokenChunk

_OPENING = re.compile(r"<(TITLE|THINKING|PYTHON)>", re.IGNORECASE)
_LONGEST_OPENING = len("<THINKING>") - 1
_FENCE = re.compile(r"[ \t]*```[^\n`]*\n")
_SECTIONS: dict[str, Section] = {"title": "title", "thinking": "thinking", "python": "python"}

# What a model writes that was not taught these sections, or not well.
_PYTHON = re.compile(r"<(/?)PYTHON>", re.IGNORECASE)
_TAG_IN_PART = re.compile(r"</(?:P(?:Y(?:T(?:H(?:ON?)?)?)?)?)?\s*\Z", re.IGNORECASE)
_OTHERS = re.compile(r"<(TITLE|THINKING)>.*?</\1>", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(
    r"(?P<fence>`{3,})[ \t]*(?P<language>[\w+.#-]*)[ \t]*\n"
    r"(?P<code>.*?)(?:^[ \t]*(?P=fence)(?![\w`])|(?P=fence)\s*\Z|\Z)",
    re.DOTALL | re.MULTILINE,
)
_LANGUAGES = frozenset({"", "py", "python", "python3", "tool_code"})
_LEFT_OPEN = re.compile(r"\s*(?:<end_code>)?\s*")
_END_OF_THOUGHTS = re.compile(r"</(?:think|thinking|thought|reasoning)>|\[/THINK\]", re.IGNORECASE)


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
        """Return the answer as the pieces that a stream of it might have had."""
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
    Only the first section of each kind counts. What stands before the end of thoughts that were
    never begun (`</think>`) is thoughts; code in it is a draft, and not taken. When the answer is
    over, a closing tag that is missing is put where it belongs, and where there is no code between
    tags, the one fenced block that there is outside of the other sections is the code.

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
        self._written: list[str] = []
        self._pending = ""
        self._section: Section | None = None
        self._begun = False
        self._fenced = False
        self._texts: dict[Section, list[str]] = {}
        self._closed: set[Section] = set()
        self._ignored = False

    def feed(self, text: str) -> list[TokenChunk]:
        """Take a piece, and return what it adds to the sections."""
        self._written.append(text)
        self._pending += text
        chunks: list[TokenChunk] = []
        while self._step(chunks):
            pass
        return chunks

    def response(self, finish: str | None = "stop") -> LLMResponse:
        """Return the whole answer, when it is over.

        Args:
            finish: why it is over, in pydantic-ai's words. Only an answer that the model itself
                ended is mended: what was cut off may be half of what the code should be.

        Raises:
            ResponseParseError: There is no code in it, or a section has no end.
        """
        text = "".join(self._written)
        thoughts, said = _without_thoughts(text)
        if thoughts:
            if not said.strip():
                raise ResponseParseError("the answer has nothing behind its thoughts", text)
            response = _read(said, finish, text)
            return attrs.evolve(response, thinking=response.thinking or thoughts)
        if "python" in self._closed:
            title, thinking, code = map(self._text, _SECTIONS.values())
            return LLMResponse(title, thinking, code)
        if finish == "length":
            raise ResponseParseError(
                "the answer was cut off at the limit of its length (max_tokens)", text
            )
        is_whole = finish in ("stop", "tool_call")
        if self._section is not None:
            closed = _close_section(text, self._section) if is_whole else None
            if closed is not None:
                return _read(closed, finish, text)
            tag = self._section.upper()
            raise ResponseParseError(f"the answer ends inside <{tag}>: </{tag}> is missing", text)
        rest = _OTHERS.sub("", text)
        blocks = _blocks(rest)
        if not is_whole or len(blocks) != 1:
            raise ResponseParseError(_complaint(text, len(blocks)), text)
        prose = rest[: blocks[0].start()].strip()
        return LLMResponse(
            self._text("title"), self._text("thinking") or prose, _read_code(blocks[0])
        )

    def rest(self, response: LLMResponse) -> list[TokenChunk]:
        """Return the pieces of the whole answer that `feed` has not given out."""
        chunks: list[TokenChunk] = []
        for section, text in (
            ("title", response.title),
            ("thinking", response.thinking),
            ("python", response.code),
        ):
            kind = _SECTIONS[section]
            given = self._text(kind)
            if kind in self._closed and (kind != "python" or given == text):
                continue
            more = text.removeprefix(given)
            if more and (kind == "python" or not given):
                chunks.append(TokenChunk(kind, more))
            if text:
                chunks.append(TokenChunk(kind, "", True))
        return chunks

    def _text(self, section: Section) -> str:
        return "".join(self._texts.get(section, ()))

    def _step(self, chunks: list[TokenChunk]) -> bool:
        """Take in one part of what is pending, and tell whether there may be more to take."""
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
        """Move the section's text up to `end` into it, as far as it surely belongs to it."""
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
        """Cut off what stands before the section's own text; `_begun` once that is certain."""
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


def _read(text: str, finish: str | None, written: str) -> LLMResponse:
    """Read what an answer should have been; an error shows the answer as it was written."""
    reader = ResponseReader()
    reader.feed(text)
    try:
        return reader.response(finish)
    except ResponseParseError as error:
        raise ResponseParseError(error.message, written) from None


def _without_thoughts(text: str) -> tuple[str, str]:
    """Thoughts whose end is marked otherwise than asked for, and what is said besides them."""
    thoughts: list[str] = []
    said: list[str] = []
    position, lower = 0, text.lower()
    tag = _PYTHON.search(text)
    for end in _END_OF_THOUGHTS.finditer(text):
        while tag is not None and tag.start() < end.start():
            tag = _PYTHON.search(text, tag.end())
        # In code, the mark is a part of a text.
        if tag is not None:
            is_in_code = bool(tag[1])
        else:
            is_in_code = text.count("```", position, end.start()) % 2 == 1
        opening = end[0].lower().replace("/", "")
        begin = lower.rfind(opening, position, end.start())
        if is_in_code or (begin >= 0 and opening == "<thinking>"):
            continue
        if begin < 0:
            thoughts += [*said, text[position : end.start()]]
            said = []
        else:
            said.append(text[position:begin])
            thoughts.append(text[begin + len(opening) : end.start()])
        position = end.end()
    return "".join(thoughts).strip(), "".join([*said, text[position:]])


def _close_section(text: str, section: Section) -> str | None:
    """Add the tag that the answer's last section lacks, if it is certain where that belongs."""
    opening = list(re.finditer(f"<{section}>", text, re.IGNORECASE))[-1]
    if section == "python":
        fenced = _BLOCK.match(text, opening.end() + _blanks(text[opening.end() :]))
        return f"{text[: fenced.end()] if fenced else _TAG_IN_PART.sub('', text)}</PYTHON>"
    place: int | None = None
    if section == "title":
        following = _OPENING.search(text, opening.end())
        place = following.start() if following else None
    elif tags := [tag for tag in _PYTHON.finditer(text, opening.end()) if not tag[1]]:
        # In thoughts there may be drafts: the code is what the answer ends with.
        place, behind = tags[-1].start(), text[tags[-1].end() :]
        end = _PYTHON.search(behind)
        line = text[text.rfind("\n", 0, place) + 1 : place]
        if behind[end.end() :].strip() if end else line.strip():
            place = None
    elif len(blocks := _blocks(text[opening.end() :])) == 1 and _LEFT_OPEN.fullmatch(
        text, opening.end() + blocks[0].end()
    ):
        place = opening.end() + blocks[0].start()
    return None if place is None else f"{text[:place]}</{section}>{text[place:]}"


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip())


def _blocks(text: str) -> list[re.Match[str]]:
    """Find the fenced blocks that are Python, or say nothing of their language."""
    found = _BLOCK.finditer(text)
    return [block for block in found if block["language"].lower() in _LANGUAGES]


def _read_code(block: re.Match[str]) -> str:
    return block["code"].strip("\n").rstrip()


def _complaint(text: str, blocks: int) -> str:
    if not text.strip():
        return "the answer is empty"
    several = f", but {blocks} blocks of code" if blocks > 1 else ""
    return f"the answer has no <PYTHON>...</PYTHON> section{several}"
