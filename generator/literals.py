"""Values of the specification as Python literals."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from generator.values import is_list, is_object


def print_literal(value: Any) -> str:
    r"""Return the literal for a value that JSON can hold.

    Everything that is not plain text in a string is escaped, so that no text of the specification
    can become code.

    Example:
        >>> print(print_literal({"a": [None, True, 'say "hi"', 1.5]}))
        {"a": [None, True, "say \"hi\"", 1.5]}
    """
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str):
        return "".join(map(_escape, json.dumps(value, ensure_ascii=False)))
    if is_list(value):
        return f"[{', '.join(map(print_literal, value))}]"
    if is_object(value):
        entries = (
            f"{print_literal(str(key))}: {print_literal(item)}" for key, item in value.items()
        )
        return "{" + ", ".join(entries) + "}"
    raise TypeError(f"{type(value).__name__} has no literal")


def _escape(character: str) -> str:
    if unicodedata.category(character)[0] in "CZ" and character != " ":
        code = ord(character)
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character
