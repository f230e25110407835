"""What docstrings say of parameters, in the forms of Google, NumPy and Sphinx."""

from __future__ import annotations

import re
from collections.abc import Collection

_GOOGLE_HEADER = re.compile(
    r"(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments):\s*$"
)
_NUMPY_HEADER = re.compile(r"(?:Other )?Parameters\s*$")
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?::.*)?$")
_RULER = re.compile(r"\s*-{3,}\s*$")
_FIELD = re.compile(r"[:@]param\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)$")


def parameters_in(docstring: str, names: Collection[str]) -> tuple[str, dict[str, str]]:
    r"""Return the docstring without what it says of the parameters, and that by their names.

    Example:
        >>> parameters_in("Finds it.\n\nArgs:\n    city: Where to look.", ["city"])
        ('Finds it.', {'city': 'Where to look.'})
    """
    lines = docstring.splitlines() or [""]
    kept: list[str] = []
    told: dict[str, list[str]] = {}
    name, name_indent = "", 0  # whose description the lines belong to, while they are further in
    entry: re.Pattern[str] | None = None  # how an entry of the section looks
    header: list[str] = []  # of the section, until a line of it is kept
    header_indent = 0
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if name and (not text or indent > name_indent):
            told[name] += [text] if text else []
            continue
        name = ""
        is_header = bool(text) and bool(_RULER.match(after))
        if entry is not None and text and (is_header or indent < header_indent):
            entry, header = None, []
        if entry is _GOOGLE_ENTRY and text and indent <= header_indent:
            entry, header = None, []
        found = _FIELD.match(text) or (entry.match(text) if entry is not None else None)
        if found is not None and found[1] in names:
            name, name_indent = found[1], indent
            told[name] = [each for each in found.groups()[1:] if each]
        elif _GOOGLE_HEADER.match(text):
            entry, header, header_indent = _GOOGLE_ENTRY, [line], indent
        elif is_header and _NUMPY_HEADER.match(text):
            entry, header, header_indent = _NUMPY_ENTRY, [line, after], indent
        elif not (entry is _NUMPY_ENTRY and _RULER.match(text)):
            kept += [*header, line] if text else [line]
            header = header if not text else []
    shown = re.sub(r"\n\s*\n(\s*\n)+", "\n\n", "\n".join(kept)).strip()
    return shown, {name: " ".join(text) for name, text in told.items()}
