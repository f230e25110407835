"""Docstrings from the specification's descriptions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from openapi_python_client.strings import safe_for_docstring

__all__ = ["comment", "docstring"]

WIDTH = 100


def docstring(
    indent: int,
    summary: str,
    description: str = "",
    *,
    args: Sequence[tuple[str, str]] = (),
    returns: tuple[str, str] | None = None,
    raises: Sequence[tuple[str, str]] = (),
    example: Sequence[str] = (),
) -> str:
    """A docstring's source text, quotes included, its lines indented but for the first.

    `returns` is the section's name (Returns or Yields) and its text; `example` is in doctest form.
    """
    width = WIDTH - indent
    blocks = [_filled(summary.strip() or "(No description.)", width - 6)]
    if description.strip():
        blocks.append(_paragraphs(description, width))
    for title, entries in (("Args", args), ("Raises", raises)):
        if title == "Raises" and returns is not None:
            name, text = returns
            blocks.append(f"{name}:\n{_indented(_filled(text, width - 4))}")
        if entries:
            lines = [_entry(name, text, width) for name, text in entries]
            blocks.append(f"{title}:\n" + "\n".join(lines))
    if example:
        blocks.append("Example:\n" + "\n".join(f"    {line}".rstrip() for line in example))
    text = _escaped("\n\n".join(blocks))
    if "\n" in text or len(text) + 6 > width:
        text += "\n"
    if text.endswith('"'):
        text += " "
    pad = " " * indent
    lines = [
        line if not line or number == 0 else pad + line
        for number, line in enumerate(text.split("\n"))
    ]
    if text.endswith("\n"):
        lines[-1] = pad
    prefix = "r" if _is_raw(text) else ""
    return f'{prefix}"""' + "\n".join(lines) + '"""'


def comment(indent: int, text: str) -> str:
    """A string literal that documents what stands before it."""
    return docstring(indent, text) if text.strip() else ""


def _is_raw(text: str) -> bool:
    return False


def _escaped(text: str) -> str:
    return safe_for_docstring(text)


def _filled(text: str, width: int) -> str:
    return textwrap.fill(
        " ".join(text.split()), width, break_long_words=False, break_on_hyphens=False
    )


def _paragraphs(text: str, width: int) -> str:
    return "\n\n".join(_filled(part, width) for part in text.strip().split("\n\n"))


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")


def _entry(name: str, text: str, width: int) -> str:
    filled = textwrap.fill(
        " ".join(f"{name}: {text}".split()),
        width - 4,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return _indented(filled)
