"""Docstrings from the specification's descriptions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from openapi_python_client.strings import safe_for_docstring

WIDTH = 100


def print_docstring(
    indent: int,
    summary: str,
    description: str = "",
    *,
    args: Sequence[tuple[str, str]] = (),
    returns: tuple[str, str] | None = None,
    raises: Sequence[tuple[str, str]] = (),
    example: Sequence[str] = (),
) -> str:
    """Return a docstring's source text, quotes included, its lines indented but for the first.

    `returns` is the section's name (Returns or Yields) and its text; `example` is in doctest form.
    """
    width = WIDTH - indent
    blocks = [_fill(summary.strip() or "(No description.)", width - 6)]
    if description.strip():
        blocks.append(_fill_paragraphs(description, width))
    if args:
        blocks.append("Args:\n" + _print_entries(args, width))
    if returns is not None:
        name, text = returns
        blocks.append(f"{name}:\n{_indent(_fill(text, width - 4))}")
    if raises:
        blocks.append("Raises:\n" + _print_entries(raises, width))
    if example:
        blocks.append("Example:\n" + _indent("\n".join(example)))
    text = safe_for_docstring("\n\n".join(blocks))
    if "\n" in text:
        text += "\n"
    elif text.endswith('"'):
        text += " "
    pad = " " * indent
    first, *rest = text.split("\n")
    lines = [first, *(pad + line if line else line for line in rest)]
    if rest:
        lines[-1] = pad
    return '"""' + "\n".join(lines) + '"""'


def print_comment(indent: int, text: str) -> str:
    """Return a string literal that documents what stands before it."""
    return print_docstring(indent, text) if text.strip() else ""


def _fill(text: str, width: int) -> str:
    return textwrap.fill(
        " ".join(text.split()), width, break_long_words=False, break_on_hyphens=False
    )


def _fill_paragraphs(text: str, width: int) -> str:
    return "\n\n".join(_fill(part, width) for part in text.strip().split("\n\n"))


def _indent(text: str) -> str:
    return textwrap.indent(text, "    ")


def _print_entries(entries: Sequence[tuple[str, str]], width: int) -> str:
    return "\n".join(_indent(_print_entry(name, text, width - 4)) for name, text in entries)


def _print_entry(name: str, text: str, width: int) -> str:
    return textwrap.fill(
        " ".join(f"{name}: {text}".split()),
        width,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
