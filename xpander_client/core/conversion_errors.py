"""What is said of values that can't become objects or JSON, and where they are."""

from __future__ import annotations

import datetime
from typing import Any, get_args, get_origin

import attrs

from xpander_client.core.enums import OpenStrEnum

TOO_DEEP = "$: the value is nested too deeply, or contains itself"


class ConversionError(ValueError):
    """A value is not what its type promises: `path` is where, as in ``$.input.files[1]``."""

    def __init__(self, path: str, expected: str, got: str) -> None:
        super().__init__(path, expected, got)
        self.path = path
        self.expected = expected
        self.got = got

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got}"


class MismatchError(ValueError):
    """What a hook raises: the converter that reports details adds the path."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.got = name_value(value)


class NoJsonError(Exception):
    """A value has no JSON form; `path` is where it is, the innermost step first."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.path: list[str] = []


_NAMES: dict[Any, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    datetime.datetime: "a date and time (ISO 8601)",
}


def name_type(type_: Any) -> str:
    """Return what a value of the type is called in a message: a member of each for a union."""
    kind = get_origin(type_) or type_
    if kind is list:
        return "a list"
    if kind is dict or attrs.has(kind):
        return "an object"
    if isinstance(kind, type) and issubclass(kind, OpenStrEnum):
        return "a string"
    members = [member for member in get_args(type_) if member is not type(None)]
    if members:
        return " or ".join(name_type(member) for member in members)
    return _NAMES.get(type_, "another value")


def name_value(value: object) -> str:
    """Return what kind of JSON value it is, as a message says it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    kinds = {str: "the string", int: "the number", float: "the number"}
    for kind, name in kinds.items():
        if isinstance(value, kind):
            return f"{name} {shorten(value)}"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return f"a value of type {type(value).__name__}"


def shorten(value: object) -> str:
    """Return a value as code shows it, of at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
