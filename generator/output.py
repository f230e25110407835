"""Writes what was generated, or compares it with what is there."""

from __future__ import annotations

import difflib
from pathlib import Path


def write(files: dict[str, str], output: Path) -> None:
    """Make `output` hold exactly these files: Python files that are not among them are removed."""
    for path in _list_files(output):
        if path not in files:
            (output / path).unlink()
    for path, text in files.items():
        target = output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


def compare(files: dict[str, str], output: Path) -> str:
    """Return a unified diff from what `output` holds to what it should; empty without one."""
    parts: list[str] = []
    for path in sorted({*files, *_list_files(output)}):
        target = output / path
        there = target.read_text(encoding="utf-8") if target.exists() else ""
        if (should := files.get(path)) is None:
            parts.append(f"{path}: no longer generated\n")
        parts += difflib.unified_diff(
            there.splitlines(keepends=True),
            (should or "").splitlines(keepends=True),
            f"{path} (as it is)",
            f"{path} (as generated)",
        )
    return "".join(parts)


def _list_files(output: Path) -> list[str]:
    return [path.relative_to(output).as_posix() for path in output.rglob("*.py")]
