"""Exceptions that cross the border: those of agent code as text, those of the host as its types."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_MOST_LINES = 8
_LONGEST_MESSAGE = 4_000

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

_ADVICE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (
            r"cannot suspend in this synchronous context",
            "no function of the host in a callback, an __eq__ or an __add__: write a loop",
        ),
        (
            r"'coroutine'",
            "what an async function gives has to be awaited: write `await f(...)`",
        ),
        (r"'del' statement", "names and attributes stay: leave it out, or assign None instead"),
        (r"Wildcard imports", "write the names that you use: from datetime import date, datetime"),
        (
            r"exceptions can only be called with zero or one string argument",
            "write one text, as in ValueError(f'{a}: {b}')",
        ),
        (
            r"'list' object is not an iterator",
            "generator expressions, zip, map, filter and enumerate make lists here: "
            "write next(iter(x))",
        ),
        (r"JSONEncoder.__init__\(\) got an unexpected", "use plain data instead: str(x), list(x)"),
        (r"callable replacement", "write re.sub(pattern, function, text), or a loop on finditer"),
        (r"yield expressions", "write a list and return it"),
        (r"class inheritance", "write one class, or functions instead"),
        (
            r"method decorators",
            "write a method for a property, a function outside of the class for the others",
        ),
        (r"No module named", "use the modules and functions that are open to you instead"),
        (
            r"Permission denied: |is not supported in this environment",
            "the sandbox has no files and no environment: use inputs and what is open instead",
        ),
        (r"type aliases", "write T = ... instead of type T = ..."),
        (r"exception groups", "write except instead of except*"),
        (
            r"type object '\w+' has no attribute '(\w+)'",
            "call it on a value: x.{0}(), or lambda x: x.{0}()",
        ),
        (
            r"'(?:str|bytes|int|float|bool|list|tuple|dict|set|frozenset)' object has no attribute "
            r"'(?:_\w+|real|imag|numerator|denominator)'",
            "use builtins instead: len(x), str(x), type(x)",
        ),
        (
            r"'(?:str|int|float)' object has no attribute '(?:value|name)'",
            "enums of texts or numbers are texts and numbers here: use it as it is",
        ),
        (
            r"module 'asyncio' has no attribute '\w+'|cannot import name '\w+' from 'asyncio'",
            "asyncio has gather, run, sleep and create_task here: await calls themselves",
        ),
        (
            r"gather\(\) does not yet support keyword arguments",
            "write an async def with try and except around each call, and gather those",
        ),
        (
            r"name '(?:globals|vars|dir|__import__|input|compile)' is not defined",
            "the sandbox has none: use names and dicts of your own instead",
        ),
    )
)
"""What to write instead of what the sandbox lacks, by the sandbox's own words."""
_NO_OPERATOR = re.compile(
    r"'?(?P<kind>\w+)'? object (?:is not (?:subscriptable|iterable|a container)|does not support)"
    r"|object of type '(?P<sized>\w+)' has no len"
    r"|cannot unpack non-iterable (?P<unpacked>\w+) object"
    r"|unsupported operand type\(s\) for .*: '(?P<left>\w+)' and '(?P<right>\w+)'"
    r"|bad operand type for unary .*: '(?P<operand>\w+)'"
    r"|'[^']*' not supported between instances of '(?P<first>\w+)' and '(?P<second>\w+)'"
)


def find_nearest_exception(
    error: BaseException, mappings: Mapping[type[BaseException], type[BaseException]]
) -> tuple[str, str]:
    """Find what a host's exception is in agent code: a type's name there, and the message.

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
        # What is no text anywhere else, as a lone surrogate, must not hide the error.
        return str(text)[:_LONGEST_MESSAGE].encode("utf-8", "backslashreplace").decode()
    except Exception:  # a broken __str__ of somebody's
        return ""


def describe_error(
    error: Any, code: str, codes: Mapping[str, str | None], host_types: Collection[str]
) -> str:
    """Describe an error of agent code, for a model: type and text, then the lines that led there.

    `error` is the sandbox's own, `code` the block that was run, `codes` what ran in this process by
    the names that it has in tracebacks (None for what is not shown), `host_types` the names of the
    types of the host's objects that it has.
    """
    text = error.display("type-msg")
    text += _advice(str(error), host_types)
    if len(text) > _LONGEST_MESSAGE:
        text = f"{text[:_LONGEST_MESSAGE]} [... {len(text) - _LONGEST_MESSAGE} more characters]"
    frames = error.traceback()
    if not frames:
        return str(text)
    block = frames[0].filename
    lines = [
        _line(frame, block, codes.get(frame.filename, "") or code)
        for frame in frames
        if codes.get(frame.filename, code) is not None
    ]
    if len(lines) > _MOST_LINES:
        half = _MOST_LINES // 2
        between = f"  [... {len(lines) - 2 * half} more lines]"
        lines = [*lines[:half], between, *lines[-half:]]
    return "\n".join([text, *lines])


def _advice(text: str, host_types: Collection[str]) -> str:
    for pattern, advice in _ADVICE:
        found = pattern.search(text)
        if found is not None:
            return f" ({advice.replace('{0}', found[found.lastindex or 0])})"
    operator = _NO_OPERATOR.search(text)
    on_host = operator and next((one for one in operator.groups() if one in host_types), None)
    if on_host == "Inputs":
        return " (arguments are attributes: write inputs.name)"
    if on_host:
        return (
            f" (operators, len, loops and keys work with {on_host} objects only where their class "
            "is open: use what is listed of it)"
        )
    return ""


def _line(frame: Any, block: str, code: str) -> str:
    own = code.split("\n")[frame.line - 1 : frame.line]
    source = (own[0] if own else frame.source_line or "").strip()
    if frame.filename == block:
        where = f"line {frame.line}"
    else:
        where = f"line {frame.line} of earlier code"
    function = frame.function_name
    if function and function != "<module>":
        where += f", in {function}"
    return f"  {where}: {source[:200]}"
