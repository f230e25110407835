"""Texts that stand for what can't leave the sandbox, told from texts by what they are there.

A function, an iterator or a view of a dict reaches the host as the text that it prints as. The
text alone does not say so, but the dump of the call that waits does, with the type of each value.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Callable, Container, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import attrs

from xpander_client.agents.sandbox.dialect.parsing import parse_expression
from xpander_client.agents.state.codec import Instance

_BEGINNINGS = {
    ">": re.compile(
        r"<(?:(?:function|class|module|bound method|method|built-in|coroutine|generator|cell:?"
        r"|locals of) |[\w.]+(?: [\w.]+){0,3} (?:object|at 0x)|\w+>$)"
    ),
    ")": re.compile(r"\(\.\.\.\)$|[\w.]+\("),
    "]": re.compile(r"\[\.\.\.\]$|(?:[a-z]+|[\w.]+\.\w+)\["),
    "}": re.compile(r"\{\.\.\.\}$"),
    ".": re.compile(r"\.\.\.$"),
}
"""How what has no form outside begins to print, by its last character."""
_CALLS = re.compile(r"(?:range|slice|re\.compile|functools\.partial|mappingproxy|dict_\w+)\(")
_UNION = re.compile(r"[\w.]+(?:\[| \| [\w.]+(?:\[| \| |$))")
_TEXTLESS = frozenset({"Repr", "Function", "Cycle"})
"""What the dump calls values that have no form outside, so that they come as texts."""
_MARKS = tuple(bytes((0xA1, 0x60 + len(tag))) + tag.encode() for tag in sorted(_TEXTLESS))
"""How such a value begins in a dump. Where none does, the dump need not be read."""


def may_stand_in(text: str, functions: Container[str]) -> bool:
    """Tell whether something without a form of its own may print as this text."""
    if text[-1:] in _BEGINNINGS:
        if _BEGINNINGS[text[-1]].match(text) is not None:
            return text[-1] != ")" or "..." in text or _CALLS.match(text) is not None
    elif text in functions:
        return True
    return " | " in text and _UNION.match(text) is not None


@attrs.frozen
class StandIn:
    """Something that exists only in the sandbox, and what it prints as."""

    text: str


@attrs.frozen
class Argument:
    """A value in a call that waits for the host, and where the call's dump describes it."""

    value: Any
    _nodes: list[Any] = attrs.field(alias="nodes", repr=False)
    _at: int = attrs.field(alias="at", repr=False)

    def items(self) -> dict[Any, Argument]:
        """Return the values of a dict by their keys."""
        if not self._nodes:
            return {key: Argument(item, [], 0) for key, item in self.value.items()}
        pairs = zip(self.value.items(), self._node(self._at)[1], strict=True)
        return {key: Argument(item, self._nodes, at) for (key, item), (_, at) in pairs}

    def mark_stand_ins(self) -> Any:
        """Mark the value, with a `StandIn` for each text in it that is none; objects are
        `Instance`.
        """
        return self._mark(self.value, self._at) if self._nodes else self.value

    def _mark(self, value: Any, at: int) -> Any:
        tag, inner = self._node(at)
        if tag in _TEXTLESS:
            return StandIn(value)
        if tag in ("List", "Tuple", "NamedTuple"):
            places = inner["values"] if tag == "NamedTuple" else inner
            items = [self._mark(*one) for one in zip(value, places, strict=True)]
            return items if tag == "List" else tuple.__new__(type(value), items)
        if tag in ("Dict", "Set", "FrozenSet") and len(value) != len(inner):
            raise ValueError("a text and what prints as it can't be in one dict or set")
        if tag == "Dict":
            pairs = zip(value.items(), inner, strict=True)
            return {self._mark(k, i): self._mark(item, j) for (k, item), (i, j) in pairs}
        if tag in ("Set", "FrozenSet"):
            # Their order is another here than there.
            textless = set().union(*(self._textless(place) for place in inner))
            return type(value)(
                StandIn(str(one)) if _mentions(one, textless) else one for one in value
            )
        if tag == "ClassInstance" and hasattr(value, "attributes"):
            places = {self._node(key)[1]: place for key, place in inner["attrs"]}
            marked = {k: self._mark(item, places[k]) for k, item in value.attributes.items()}
            return Instance(value.name, marked)
        return value

    def _node(self, at: int) -> tuple[str, Any]:
        node = self._nodes[at]
        return next(iter(node.items())) if isinstance(node, dict) else (node, None)

    def _textless(self, at: int) -> set[str]:
        """Find the texts that stand for something in a value that can be in a set."""
        tag, inner = self._node(at)
        if tag in _TEXTLESS:
            return {inner["name"] if tag == "Function" else inner}
        if tag in ("Tuple", "FrozenSet", "NamedTuple"):
            places = inner["values"] if tag == "NamedTuple" else inner
            return set().union(*(self._textless(place) for place in places))
        return set()


def _mentions(value: Any, texts: set[str]) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return any(_mentions(one, texts) for one in value)
    return isinstance(value, str) and value in texts


def arguments(
    dump: bytes, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[list[Argument], dict[str, Argument]]:
    """Read the arguments of a call, with what the call's dump says of them.

    Raises:
        ValueError: the dump is of a version of the interpreter that is not known here.
    """
    if not any(mark in dump for mark in _MARKS):
        return (
            [Argument(value, [], 0) for value in args],
            {name: Argument(value, [], 0) for name, value in kwargs.items()},
        )
    try:
        call = _Reader(dump).entry("state", "Suspended", "FunctionCall", "args")
        nodes = call["graph"]["nodes"]
        places = {nodes[key]["String"]: at for key, at in call["kwarg_ids"]}
        by_position = zip(args, call["arg_ids"], strict=True)
        return (
            [Argument(value, nodes, at) for value, at in by_position],
            {name: Argument(value, nodes, places[name]) for name, value in kwargs.items()},
        )
    except (LookupError, TypeError, struct.error) as error:
        raise ValueError("the interpreter's dump has another form than is known here") from error


def evaluate(text: str) -> Any:
    """Read the data that prints as this text.

    Raises:
        ValueError, SyntaxError: there is something in it that is no data.
    """
    return _evaluate(parse_expression(text))


def _evaluate(node: ast.expr) -> Any:
    match node:
        case ast.List(elts=items):
            return [_evaluate(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_evaluate(item) for item in items)
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_evaluate(key): _evaluate(item) for key, item in pairs if key is not None}
        case ast.Name(id=("nan" | "inf") as name):
            return float(name)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
            return float("-inf")
        case ast.Call(func=function, args=args, keywords=keywords) if (
            ast.unparse(function) in _MADE
        ):
            named = {one.arg: _evaluate(one.value) for one in keywords if one.arg is not None}
            return _MADE[ast.unparse(function)](*(_evaluate(one) for one in args), **named)
        case ast.Attribute() if ast.unparse(node) == "datetime.timezone.utc":
            return UTC
    return ast.literal_eval(node)


_MADE: Mapping[str, Callable[..., Any]] = {
    **{f"datetime.{kind.__name__}": kind for kind in (date, datetime, time, timedelta, timezone)},
    "Decimal": Decimal,
    "PosixPath": PurePosixPath,
    "PurePosixPath": PurePosixPath,
    "frozenset": frozenset,
    "set": set,
}


class _Reader:
    """Reads CBOR, the format of dumps, as far as is asked."""

    def __init__(self, dump: bytes) -> None:
        if not dump.startswith(b"MONTY\0"):
            raise ValueError("this is no dump of the interpreter")
        self._data = dump
        self._at = 8

    def entry(self, *path: str) -> Any:
        """Return what is at this path of maps within each other; nothing behind it is read."""
        for key in path:
            kind, count = self._head()
            if kind != 5:
                raise LookupError(key)
            for _ in range(count):
                if self._value() == key:
                    break
                self._value()
            else:
                raise LookupError(key)
        return self._value()

    def _take(self, count: int) -> bytes:
        begin, self._at = self._at, self._at + count
        return self._data[begin : self._at]

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        kind, count = first >> 5, first & 0x1F
        if count >= 24 and kind != 7:
            count = int.from_bytes(self._take(1 << (count - 24)), "big")
        return kind, count

    def _value(self) -> Any:
        kind, count = self._head()
        match kind:
            case 0:
                return count
            case 1:
                return -1 - count
            case 2:
                return self._take(count)
            case 3:
                return self._take(count).decode()
            case 4:
                return [self._value() for _ in range(count)]
            case 5:
                return {self._value(): self._value() for _ in range(count)}
            case 6:
                return self._value()
        return self._simple(count)

    def _simple(self, kind: int) -> Any:
        if kind in (25, 26, 27):
            form = {25: ">e", 26: ">f", 27: ">d"}[kind]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        return {20: False, 21: True}.get(kind)
