"""Variables of agent code as bytes, and back.

Equal values give equal bytes, so that a change shows. Nothing in the bytes is code: reading them
makes plain data and the few classes below, whoever wrote them.
"""

from __future__ import annotations

import struct
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from types import EllipsisType
from typing import Any

import attrs

from xpander_client.errors import ModuleException

_VERSION = 1
_DEEPEST = 200
"""How many containers may be inside each other. Far below what Python's own stack bears."""


class UnreadableValue(ModuleException):
    """Bytes that are no encoded value, or one of a later version."""

    def __init__(self, description: str) -> None:
        super().__init__(None, description)


@attrs.frozen
class Definition:
    r"""A function, class or module that agent code made at top level, as the source that makes it.

    Example:
        >>> decode(encode(Definition("def double(x):\n    return 2 * x")))
        Definition(source='def double(x):\n    return 2 * x')
    """

    source: str


@attrs.frozen
class Instance:
    """An object of a class that agent code defined: the class's name and the object's attributes.

    `record` tells a named tuple from an object with attributes.
    """

    class_name: str
    attributes: Mapping[str, Any]
    record: bool = False


@attrs.frozen
class Unstorable:
    """Stands for a value that bytes can't hold; `description` says what it was."""

    description: str


@attrs.frozen
class Factory:
    """The function by which a defaultdict of agent code makes what is missing, as its source."""

    source: str

    def __call__(self) -> Any:
        """Is for agent code alone.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"the code of an agent makes what is missing here: {self.source}")


FACTORIES: Mapping[str, Callable[..., Any]] = {
    kind.__name__: kind
    for kind in (*(bool, bytes, dict, float, frozenset, int, list, set, str, tuple), Counter, deque)
}
"""What defaultdicts usually make what is missing by."""


def encode(value: object) -> bytes:
    """Write the value as bytes. What can't be stored is, as a whole, `Unstorable` with its
    description.

    Example:
        >>> encode({"a": 1, "b": 2}) == encode({"a": 1, "b": 2})
        True
        >>> decode(encode([1, open]))
        Unstorable(description='a list with a builtin_function_or_method in it')
    """
    out = bytearray([_VERSION])
    try:
        _write(value, out, 0)
    except _Refused as refused:
        within = f"a {type(value).__name__} with {refused.what} in it"
        out.clear()
        out.append(_VERSION)
        _write(Unstorable(refused.what if refused.depth == 0 else within), out, 0)
    return bytes(out)


def decode(data: bytes) -> Any:
    """Read the value that `encode` made these bytes of.

    Raises:
        UnreadableValue: the bytes are cut off, damaged or of a later version.
    """
    if not data or data[0] != _VERSION:
        raise UnreadableValue("this is no value in a format that is known here")
    reader = _Reader(data)
    try:
        value = reader.read(0)
    except UnreadableValue:
        raise
    except (ValueError, TypeError, ArithmeticError, struct.error, IndexError) as error:
        raise UnreadableValue(f"the value can't be read: {error}") from error
    if reader.at != len(data):
        raise UnreadableValue("there are bytes behind the value")
    return value


def merge_unstorable(value: Any) -> Any:
    """Return the value, or, where it has `Unstorable` parts, one `Unstorable` for all of it.

    Example:
        >>> merge_unstorable([1, Unstorable("a function")])
        Unstorable(description='a list with a function in it')
    """
    part = _unstorable(value)
    if part is None or part is value:
        return value
    name = value.class_name if isinstance(value, Instance) else type(value).__name__
    return Unstorable(f"a {name} with {part.description} in it")


def _unstorable(value: Any) -> Unstorable | None:
    if isinstance(value, Unstorable):
        return value
    parts: Iterable[Any] = ()
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        parts = value
    elif isinstance(value, (dict, Instance)):
        pairs = value if isinstance(value, dict) else value.attributes
        parts = (*pairs, *pairs.values())
    return next((found for one in parts if (found := _unstorable(one)) is not None), None)


class _Refused(Exception):
    """This part can't be stored."""

    def __init__(self, what: str, depth: int) -> None:
        super().__init__(what)
        self.what = what
        self.depth = depth


def _write_length(number: int, out: bytearray) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _write_bytes(tag: bytes, content: bytes, out: bytearray) -> None:
    out += tag
    _write_length(len(content), out)
    out += content


def _write_text(tag: bytes, text: str, out: bytearray) -> None:
    # Lone surrogates are possible in a str, so they must be possible in its bytes.
    _write_bytes(tag, text.encode("utf-8", "surrogatepass"), out)


def _write_items(tag: bytes, items: Any, out: bytearray, depth: int) -> None:
    out += tag
    _write_length(len(items), out)
    for item in items:
        _write(item, out, depth + 1)


def _write_unordered(tag: bytes, items: Any, out: bytearray, depth: int) -> None:
    # A set's order depends on its history; sorted by their bytes, equal sets are equal bytes.
    parts = []
    for item in items:
        part = bytearray()
        _write(item, part, depth + 1)
        parts.append(bytes(part))
    out += tag
    _write_length(len(parts), out)
    for encoded in sorted(parts):
        out += encoded


def _write_dict(tag: bytes, items: Mapping[Any, Any], out: bytearray, depth: int) -> None:
    out += tag
    _write_length(len(items), out)
    for key, value in items.items():
        _write(key, out, depth + 1)
        _write(value, out, depth + 1)


def _write_int(value: int, out: bytearray) -> None:
    _write_bytes(b"i", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True), out)


def _write_datetime(value: datetime, out: bytearray) -> None:
    offset = value.utcoffset()
    if offset is None:
        _write_text(b"t", value.isoformat(), out)
        return
    _write_text(b"z", value.replace(tzinfo=None).isoformat(), out)
    _write_timedelta(offset, out)


def _write_time(value: time, out: bytearray) -> None:
    offset = value.utcoffset()
    if value.tzinfo is not None and offset is None:
        raise _Refused("a time whose zone depends on the date", 0)
    if offset is None:
        _write_text(b"h", value.isoformat(), out)
        return
    _write_text(b"y", value.replace(tzinfo=None).isoformat(), out)
    _write_timedelta(offset, out)


def _write_timedelta(value: timedelta, out: bytearray) -> None:
    out += b"d" + struct.pack("<iii", value.days, value.seconds, value.microseconds)


def _write_timezone(value: timezone, out: bytearray) -> None:
    out += b"w"
    _write_timedelta(value.utcoffset(None), out)


def _write_deque(value: deque[Any], out: bytearray, depth: int) -> None:
    out += b"q"
    _write(value.maxlen, out, depth + 1)
    _write_items(b"l", value, out, depth)


def _write_defaultdict(value: defaultdict[Any, Any], out: bytearray, depth: int) -> None:
    factory = value.default_factory
    name = getattr(factory, "__name__", "")
    if isinstance(factory, Factory):
        _write_text(b"k", factory.source, out)
    elif factory is None or FACTORIES.get(name) is factory:
        _write_text(b"k", name, out)
    else:
        raise _Refused("a defaultdict with a function of its own", depth)
    _write_dict(b"D", value, out, depth)


def _write_instance(value: Instance, out: bytearray, depth: int) -> None:
    _write_text(b"R" if value.record else b"O", value.class_name, out)
    _write_dict(b"D", value.attributes, out, depth)


_LEAVES: Mapping[type, Callable[[Any, bytearray], None]] = {
    type(None): lambda value, out: out.extend(b"N"),
    bool: lambda value, out: out.extend(b"T" if value else b"F"),
    EllipsisType: lambda value, out: out.extend(b"."),
    int: _write_int,
    float: lambda value, out: out.extend(b"f" + struct.pack("<d", value)),
    complex: lambda value, out: out.extend(b"c" + struct.pack("<dd", value.real, value.imag)),
    str: lambda value, out: _write_text(b"s", value, out),
    bytes: lambda value, out: _write_bytes(b"b", value, out),
    datetime: _write_datetime,
    date: lambda value, out: _write_text(b"a", value.isoformat(), out),
    time: _write_time,
    timedelta: _write_timedelta,
    Decimal: lambda value, out: _write_text(b"m", str(value), out),
    PurePosixPath: lambda value, out: _write_text(b"p", str(value), out),
    timezone: _write_timezone,
    Definition: lambda value, out: _write_text(b"P", value.source, out),
    Unstorable: lambda value, out: _write_text(b"U", value.description, out),
}

_BRANCHES: Mapping[type, Callable[[Any, bytearray, int], None]] = {
    list: lambda value, out, depth: _write_items(b"l", value, out, depth),
    tuple: lambda value, out, depth: _write_items(b"u", value, out, depth),
    set: lambda value, out, depth: _write_unordered(b"e", value, out, depth),
    frozenset: lambda value, out, depth: _write_unordered(b"r", value, out, depth),
    dict: lambda value, out, depth: _write_dict(b"D", value, out, depth),
    Counter: lambda value, out, depth: _write_dict(b"C", value, out, depth),
    defaultdict: _write_defaultdict,
    deque: _write_deque,
    range: lambda value, out, depth: _write_items(
        b"g", (value.start, value.stop, value.step), out, depth
    ),
    Instance: _write_instance,
}


def _write(value: Any, out: bytearray, depth: int) -> None:
    kind = type(value)
    leaf = _LEAVES.get(kind)
    if leaf is not None:
        # Inside of something, what stands for a missing value makes the whole a missing value.
        if kind is Unstorable and depth:
            raise _Refused(value.description, depth)
        leaf(value, out)
        return
    branch = _BRANCHES.get(kind)
    if branch is None:
        raise _Refused(f"a {kind.__name__}", depth)
    if depth >= _DEEPEST:
        raise _Refused(f"containers more than {_DEEPEST} deep", depth)
    branch(value, out, depth)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 1

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise UnreadableValue("the value is cut off")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def length(self) -> int:
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7
            if shift > 63:
                raise UnreadableValue("a length is too large")

    def count(self) -> int:
        # Each element takes a byte at least, so no small input can ask for a huge container.
        number = self.length()
        if number > len(self.data) - self.at:
            raise UnreadableValue("the value is cut off")
        return number

    def block(self) -> bytes:
        return self.take(self.length())

    def text(self) -> str:
        return self.block().decode("utf-8", "surrogatepass")

    def zone(self, depth: int) -> timezone:
        offset = self.read(depth + 1)
        if not isinstance(offset, timedelta):
            raise UnreadableValue("a time zone has no offset")
        return timezone(offset)

    def items(self, depth: int) -> list[Any]:
        return [self.read(depth + 1) for _ in range(self.count())]

    def pairs(self, depth: int) -> dict[Any, Any]:
        return {self.read(depth + 1): self.read(depth + 1) for _ in range(self.count())}

    def deque(self, depth: int) -> deque[Any]:
        maxlen = self.read(depth + 1)
        return deque(self.read(depth + 1), maxlen)

    def defaultdict(self, depth: int) -> defaultdict[Any, Any]:
        name = self.text()
        factory = FACTORIES.get(name, Factory(name)) if name else None
        return defaultdict(factory, self.read(depth + 1))

    def instance(self, depth: int, *, record: bool) -> Instance:
        name = self.text()
        if self.take(1) != b"D":
            raise UnreadableValue("an object has no attributes")
        return Instance(name, self.pairs(depth), record)

    def read(self, depth: int) -> Any:
        if depth > _DEEPEST + 1:
            raise UnreadableValue("the value is too deep")
        tag = self.take(1)
        read = _READERS.get(tag)
        if read is None:
            raise UnreadableValue(f"there is no kind {tag!r} of value")
        return read(self, depth)


_READERS: Mapping[bytes, Callable[[_Reader, int], Any]] = {
    b"N": lambda reader, depth: None,
    b"T": lambda reader, depth: True,
    b"F": lambda reader, depth: False,
    b".": lambda reader, depth: ...,
    b"i": lambda reader, depth: int.from_bytes(reader.block(), "little", signed=True),
    b"f": lambda reader, depth: struct.unpack("<d", reader.take(8))[0],
    b"c": lambda reader, depth: complex(*struct.unpack("<dd", reader.take(16))),
    b"s": lambda reader, depth: reader.text(),
    b"b": lambda reader, depth: reader.block(),
    b"t": lambda reader, depth: datetime.fromisoformat(reader.text()),
    b"z": lambda reader, depth: datetime.fromisoformat(reader.text()).replace(
        tzinfo=reader.zone(depth)
    ),
    b"a": lambda reader, depth: date.fromisoformat(reader.text()),
    b"h": lambda reader, depth: time.fromisoformat(reader.text()),
    b"y": lambda reader, depth: time.fromisoformat(reader.text()).replace(
        tzinfo=reader.zone(depth)
    ),
    b"d": lambda reader, depth: timedelta(*struct.unpack("<iii", reader.take(12))),
    b"m": lambda reader, depth: Decimal(reader.text()),
    b"p": lambda reader, depth: PurePosixPath(reader.text()),
    b"w": lambda reader, depth: reader.zone(depth),
    b"P": lambda reader, depth: Definition(reader.text()),
    b"U": lambda reader, depth: Unstorable(reader.text()),
    b"l": lambda reader, depth: reader.items(depth),
    b"u": lambda reader, depth: tuple(reader.items(depth)),
    b"e": lambda reader, depth: set(reader.items(depth)),
    b"r": lambda reader, depth: frozenset(reader.items(depth)),
    b"D": lambda reader, depth: reader.pairs(depth),
    b"C": lambda reader, depth: Counter(reader.pairs(depth)),
    b"k": lambda reader, depth: reader.defaultdict(depth),
    b"q": lambda reader, depth: reader.deque(depth),
    b"g": lambda reader, depth: range(*reader.items(depth)),
    b"O": lambda reader, depth: reader.instance(depth, record=False),
    b"R": lambda reader, depth: reader.instance(depth, record=True),
}
