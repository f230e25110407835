"""What is said to the person at the terminal, on stderr, and is no part of the output."""

from __future__ import annotations

import sys

import typer


def note(text: str) -> None:
    """Print a line for the person at the terminal, which is not part of the output."""
    print(show_controls(text), file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Print one line that says what went wrong."""
    print(f"xpander-client: {show_controls(' '.join(text.split()))}", file=sys.stderr, flush=True)


def confirm(question: str) -> None:
    """Go on only if the person at the terminal says yes.

    Raises:
        Exit: they do not, or there is nobody.
    """
    if not sys.stdin.isatty():
        complain(f"{question} Nobody is there to say yes: --yes says so")
        raise typer.Exit(1)
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


def show_controls(text: object) -> str:
    r"""Make control characters visible, so that the text can't play tricks on a terminal.

    Example:
        >>> print(show_controls("a\x1b[2Jb"))
        a\x1b[2Jb
    """
    return "".join(
        one if one in "\n\t" or one.isprintable() else one.encode("unicode_escape").decode()
        for one in str(text)
    )
