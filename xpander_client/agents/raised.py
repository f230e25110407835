"""Exceptions that cross the border: those of agent code as text, those of the host as its types."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["described_error", "nearest_exception"]

MOST_LINES = 8
LONGEST_MESSAGE = 4_000

_KNOWN = frozenset(
    {
        "Exception", "ArithmeticError", "OverflowError", "ZeroDivisionError", "LookupError",
        "IndexError", "KeyError", "RuntimeError", "NotImplementedError", "RecursionError",
        "AttributeError", "NameError", "UnboundLocalError", "ValueError", "UnicodeDecodeError",
        "UnicodeEncodeError", "ImportError", "ModuleNotFoundError", "OSError", "FileNotFoundError",
        "FileExistsError", "IsADirectoryError", "NotADirectoryError", "PermissionError",
        "AssertionError", "MemoryError", "StopIteration", "SyntaxError", "TimeoutError",
        "TypeError",
    }
)  # fmt: skip
"""Exceptions of Python that the sandbox has, too."""

_NO_OPERATOR = re.compile(
    r"'?(?P<kind>\w+)'? object (?:is not (?:subscriptable|iterable|a container)|does not support)"
    r"|object of type '(?P<sized>\w+)' has no len"
    r"|unsupported operand type\(s\) for .*: '(?P<left>\w+)' and '(?P<right>\w+)'"
    r"|bad operand type for unary .*: '(?P<operand>\w+)'"
    r"|'[^']*' not supported between instances of '(?P<first>\w+)' and '(?P<second>\w+)'"
)


def nearest_exception(
    error: BaseException, mappings: Mapping[type[BaseException], type[BaseException]]
) -> tuple[str, str]:
    """What a host's exception is in agent code: a type's name there, and the message.

    Mappings go first, the most special one. A type that the sandbox does not have is the nearest
    type above it, and its own name begins the message.
    """
    message = _message(error)
    for cls in type(error).__mro__:
        mapped = next((to for of, to in mappings.items() if of is cls), None)
        if mapped is not None:
            name = next((one.__name__ for one in mapped.__mro__ if _is_known(one)), "Exception")
            return name, message
    for cls in type(error).__mro__:
        if _is_known(cls):
            if cls is type(error):
                return cls.__name__, message
            return cls.__name__, f"{type(error).__name__}: {message}" if message else (
                type(error).__name__
            )
    return "Exception", f"{type(error).__name__}: {message}"


def _is_known(cls: type[Any]) -> bool:
    return cls.__module__ == "builtins" and cls.__name__ in _KNOWN


def _message(error: BaseException) -> str:
    try:
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        return str(text)[:LONGEST_MESSAGE]
    except Exception:  # a broken __str__ of somebody's
        return ""


def described_error(error: Any, code: str, host_types: Collection[str]) -> str:
    """An error of agent code, for a model: type and text, then the lines that led there.

    `error` is the sandbox's own, `code` the block that was run, `host_types` the names of the
    types of the host's objects that it has.
    """
    text = error.display("type-msg")
    if "cannot suspend in this synchronous context" in text:
        text += " (no function of the host in a callback, as of sorted() or map(): write a loop)"
    if "'coroutine'" in text:
        text += " (what an async function gives has to be awaited: write `await f(...)`)"
    operator = _NO_OPERATOR.search(str(error))
    if operator is not None:
        on_host = next((one for one in operator.groups() if one in host_types), None)
        if on_host is not None:
            text += (
                f" ({on_host} objects live on the host and have methods, no operators: write "
                "on_host('getitem', x, key), on_host('len', x), on_host('iter', x), "
                "on_host('add', x, y), on_host('str', x) and so on)"
            )
    if len(text) > LONGEST_MESSAGE:
        text = f"{text[:LONGEST_MESSAGE]} [... {len(text) - LONGEST_MESSAGE} more characters]"
    frames = [one for one in error.traceback() if not str(one.function_name).startswith("__x_")]
    if not frames:
        return str(text)
    block = frames[0].filename
    lines = [_line(frame, block, code) for frame in frames]
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        between = f"  [... {len(lines) - 2 * half} more lines]"
        lines = [*lines[:half], between, *lines[-half:]]
    return "\n".join([text, *lines])


def _line(frame: Any, block: str, code: str) -> str:
    source = (frame.source_line or "").strip()
    if frame.filename == block:
        own = code.split("\n")[frame.line - 1 : frame.line]
        source = own[0].strip() if own else source
        where = f"line {frame.line}"
    else:
        where = f"line {frame.line} of earlier code"
    function = frame.function_name
    if function and function != "<module>":
        where += f", in {function}"
    return f"  {where}: {source[:200]}"
