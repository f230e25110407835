"""Values on their way into the sandbox and out of it.

Data goes as data, in copies. An object of the host goes as a handle: agent code can use of it what
is open, each use comes back here, and the object itself never leaves this process.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from ast import literal_eval
from collections import ChainMap, UserDict, UserString
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from itertools import islice
from pathlib import PurePath, PurePosixPath
from types import EllipsisType, MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, get_type_hints
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import attrs

from xpander_client.agents.contract.validation import Check, Misfit
from xpander_client.agents.sandbox.capabilities import HostClass
from xpander_client.agents.sandbox.containers import unbox
from xpander_client.agents.sandbox.exports import InnerModule, Openings
from xpander_client.agents.sandbox.stand_ins import StandIn, evaluate, may_stand_in
from xpander_client.agents.sandbox.wire_types import (
    find_type_id,
    is_wrapped,
    wrap_class,
    wrap_object,
)
from xpander_client.agents.state.codec import Instance, Unstorable

if TYPE_CHECKING:
    from pydantic_monty import ClassInstance


_LEAVES = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, EllipsisType,
        datetime, date, time, timedelta, timezone, Decimal,
    }
)  # fmt: skip
_TEXTLESS = _LEAVES - {str}
_BASES: tuple[type[Any], ...] = (int, float, complex, str, bytes, Decimal)
_CONTAINERS: tuple[type[Any], ...] = (list, tuple, set, frozenset)
_PLAIN_CONTAINERS = frozenset({dict, *_CONTAINERS})
_DEEPEST = 200
_TOO_DEEP = f"containers are more than {_DEEPEST} deep, or contain themselves"
_VIEWS = frozenset({"dict_keys", "dict_values", "dict_items"})
LONGEST_ITERATOR = 100_000
"""Elements of a host iterator that may come into the sandbox, as a list."""


class Doubt(Exception):
    """A text may stand for something else; only the dump of the call can tell."""


@attrs.frozen
class Handle:
    """An object of the host that agent code holds."""

    value: Any
    opened: HostClass | None
    wrapper: Any = attrs.field(repr=False)

    def is_open(self, name: str) -> bool:
        """Tell whether agent code may use this member: of data that is not opened, the fields."""
        if self.opened is None:
            return name in _fields(type(self.value))
        return self.opened.is_open(name)


class Crossing:
    """The border of one session. Used from one thread at a time."""

    def __init__(self, openings: Openings) -> None:
        self._openings = openings
        self._by_object: dict[int, Handle] = {}
        self._by_id: dict[UUID, Handle] = {}
        self._in_progress: set[int] = set()
        self._open_keys: dict[type[Any], HostClass] = {}
        self.has_own_reprs = False
        """Whether classes of agent code decide what their objects print as."""
        self._records: dict[tuple[str, tuple[str, ...]], type[Any]] = {}

    def handle(self, object_id: UUID) -> Handle | None:
        """Return the object that agent code means by this id."""
        inner = self._openings.inner_by_id.get(object_id)
        if inner is not None:
            return Handle(inner, self._openings.find_class(inner), None)
        return self._by_id.get(object_id)

    def kind(self, value: Any) -> int:
        """Return what operators may meet in a value of the sandbox.

        0 is for what is none of the host's, or not open; 2 is an object that may be false, 1 any
        other. It is the same for all objects of a class.
        """
        if id(value) not in self._by_object:
            return 0
        cls = type(value)
        is_open = (
            self._openings.find_type(cls) is not None
            or cls in self._open_keys
            or any(one.cls is cls for one in self._openings.by_object.values())
        )
        if not is_open or cls is InnerModule:
            return 0
        return 2 if hasattr(cls, "__bool__") or hasattr(cls, "__len__") else 1

    def open_keys(self, value: Any, owner: type[Any]) -> bool:
        """Open `x.name[key]` where an open attribute is there for that, as `df.loc` is.

        Its class is a private one of the same package, with keys; nothing else of it is open.
        """
        cls = type(value)
        if (
            not cls.__name__.startswith("_")
            or not hasattr(cls, "__getitem__")
            or cls.__module__.partition(".")[0] != owner.__module__.partition(".")[0]
            or self._openings.find_class(value) is not None
        ):
            return False
        if cls not in self._open_keys:
            self._open_keys[cls] = HostClass(
                name=cls.__name__, cls=cls, constructable=False, include=()
            )
        return True

    def find_class(self, value: Any) -> HostClass | None:
        """Return what operators find open of this object."""
        return self._openings.find_class(value) or self._open_keys.get(type(value))

    def type_names(self) -> set[str]:
        """Return the names of the types of all objects that went in."""
        return {type(one.value).__name__ for one in self._by_object.values()}

    def into(self, value: Any, depth: int = 0) -> Any:
        """Convert a value to what the sandbox takes.

        Raises:
            TypeError: it is neither data nor an object that can go as a handle.
        """
        kind = type(value)
        if kind is str:
            return value if value.isascii() else _check_encodable(value)
        if kind in _LEAVES:
            return value
        if depth > _DEEPEST:
            raise ValueError(_TOO_DEEP)
        if kind is list:
            return [self.into(item, depth + 1) for item in value]
        if kind is tuple:
            return tuple(self.into(item, depth + 1) for item in value)
        if kind is dict:
            return {
                key if type(key) is int else self._key(key, depth): self.into(item, depth + 1)
                for key, item in value.items()
            }
        if kind is set or kind is frozenset:
            return kind(self._key(item, depth) for item in value)
        return self._unusual(value, depth)

    def _key(self, key: Any, depth: int) -> Any:
        """Convert a key of a dict, or an element of a set. An enum without a form is its value
        there.
        """
        if type(key) is str:
            return _check_encodable(key)
        if type(key) in _LEAVES:
            return key
        if isinstance(key, Enum) and not isinstance(key, _BASES):
            key = key.value
        elif type(key) is tuple:
            return tuple(self._key(item, depth + 1) for item in key)
        made = self.into(key, depth + 1)
        if is_wrapped(made):
            raise TypeError(
                f"a {type(key).__name__} can't be a key of a dict or in a set in the sandbox: "
                "use data for it, as an id or a name"
            )
        return made

    def _unusual(self, value: Any, depth: int) -> Any:
        for base in _BASES:
            if isinstance(value, base):
                # What is a text or a number is one, an enum of them, too.
                return self.into(_plain(base, value))
        if isinstance(value, (bytearray, memoryview)):
            return bytes(value)
        if isinstance(value, Enum):
            return self._wrap(value, {"name": value.name, "value": value.value})
        if isinstance(value, UUID):
            return str(value)
        if isinstance(value, PurePath):
            return PurePosixPath(value.as_posix())
        if isinstance(value, (date, time, timedelta)):
            return _plain_time(value)
        if isinstance(value, UserString):
            return str(value)
        if isinstance(value, BaseException):
            return _plain_exception(value)
        if _is_scalar(value):
            return self.into(_of_numpy(value), depth + 1)
        if self._openings.find_class(value) is None:
            if _is_record(value):
                return self._record(value, depth)
            if isinstance(value, (dict, UserDict, ChainMap, MappingProxyType)):
                return self.into(dict(value), depth + 1)
            if isinstance(value, (list, tuple, set, frozenset)):
                plain = next(one for one in _CONTAINERS if isinstance(value, one))
                return self.into(plain(value), depth + 1)
            if _is_series(value):
                return self.into(_make_list(value), depth)
        if isinstance(value, type):
            if find_type_id(value) in self._openings.by_id:
                return wrap_class(value)
            raise TypeError(f"the class {value.__name__} is not open to agent code")
        if isinstance(value, ModuleType) or _is_function(value) or inspect.isawaitable(value):
            raise TypeError(f"a {type(value).__name__} can't go into the sandbox")
        return self._wrap(value, None)

    def check(self, value: Any, depth: int = 0) -> None:
        """Refuse what `into` would, without reading iterators.

        Raises:
            TypeError, ValueError: as of `into`.
        """
        if depth > _DEEPEST:
            raise ValueError(_TOO_DEEP)
        kind = type(value)
        if kind not in _PLAIN_CONTAINERS and not (
            isinstance(value, (dict, *_CONTAINERS)) and self._openings.find_class(value) is None
        ):
            if isinstance(value, Collection) or not _is_series(value):
                self.into(value, depth)
            return
        if isinstance(value, (dict, set, frozenset)):
            for key in value:
                if type(key) is str:
                    _check_encodable(key)
                elif type(key) not in _LEAVES:
                    self._key(key, depth)
            if not isinstance(value, dict):
                return
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) is str:
                _check_encodable(item)
            elif type(item) not in _LEAVES:
                self.check(item, depth + 1)

    def _record(self, value: Any, depth: int) -> Any:
        """Convert a named tuple: agent code has it as one, and it comes back as what it was."""
        kind = type(value)
        fields = [self.into(item, depth + 1) for item in value]
        self._records[(kind.__name__, tuple(kind._fields))] = kind
        return tuple.__new__(kind, fields)

    def inputs(self, values: Mapping[str, Any]) -> Any:
        """Make one object with attributes of the inputs of a task."""
        return self._wrap(Inputs(), values)

    def _wrap(self, value: Any, attributes: Mapping[str, Any] | None) -> ClassInstance:
        known = self._by_object.get(id(value))
        if known is not None:
            wrapper: ClassInstance = known.wrapper
            if id(value) in self._in_progress:
                # What leads back here is read when it is asked for.
                raise ValueError("the data contains itself")
            if attributes is None:
                # The object may have changed on the host since it went in.
                self._send(wrapper, value, known.opened)
            return wrapper
        made = wrap_object(value, uuid4())
        opened = self._openings.find_class(value)
        handle = Handle(value, opened, made)
        self._by_object[id(value)] = handle
        self._by_id[made.id] = handle
        if attributes is None:
            self._send(made, value, opened)
        else:
            sent = {}
            for name, item in attributes.items():
                if not (isinstance(value, Inputs) and _is_function(item)):
                    sent[name] = self.into(item, 1)
            made.sent = sent  # type: ignore[attr-defined]  # a HandleWrapper
        return made

    def _send(self, wrapper: Any, value: Any, opened: HostClass | None) -> None:
        names = _fields(type(value))
        if not names:
            return
        self._in_progress.add(id(value))
        try:
            sent = {}
            for name in names:
                if opened is not None and not opened.is_open(name):
                    continue
                try:
                    sent[name] = self.into(getattr(value, name), 1)
                except (TypeError, ValueError, AttributeError):
                    # What can't go in is just not there; the rest is of use without it.
                    continue
            wrapper.sent = sent
        finally:
            self._in_progress.discard(id(value))

    def out(self, value: Any, *, keep: bool = False, is_marked: bool = False) -> Any:
        """Convert a value of the sandbox to what the host takes: handles are their objects again.

        An object of a class that agent code made is a dict of its attributes. To `keep` a value in
        a variable it is an `Instance`, and what can't be kept is `Unstorable`. A value that
        `is_marked` has no texts but texts.

        Raises:
            Doubt: a text in it may be none, and the value is not marked.
            TypeError: it is a function or another thing that only exists in the sandbox.
        """
        return self._out(value, keep, is_marked)

    def _out(self, value: Any, keep: bool, is_marked: bool) -> Any:
        kind = type(value)
        if kind is str:
            if is_marked or not may_stand_in(value, self._openings.functions):
                return value
            raise Doubt
        if kind in _LEAVES:
            return value

        out = self._out
        if kind is list or kind is tuple or kind is set or kind is frozenset:
            return kind(
                [one if type(one) in _TEXTLESS else out(one, keep, is_marked) for one in value]
            )
        if kind is dict:
            return {
                out(key, keep, is_marked): item
                if type(item) in _TEXTLESS
                else out(item, keep, is_marked)
                for key, item in value.items()
            }
        if kind is StandIn:
            return self._list_view(value.text, keep=keep)
        if kind is InnerModule:
            return self._inside("a module", keep=keep)
        if kind.__module__.startswith("pydantic_monty"):
            if kind.__name__ != "MontyClassProxy":
                named = f"the {getattr(value, 'kind', 'class')} {getattr(value, 'name', '')}"
                what = "a module" if kind.__name__ == "ExternalModule" else named
                return self._inside(what, keep=keep)
            value = Instance(value.name, value.attributes)
        if isinstance(value, Instance):
            attributes = {
                name: out(item, keep, is_marked) for name, item in value.attributes.items()
            }
            if value.class_name == "__x_Box":
                return unbox(Instance(value.class_name, attributes))
            return Instance(value.class_name, attributes) if keep else attributes
        if _is_record(value) and id(value) not in self._by_object:
            sent = self._records.get((kind.__name__, tuple(value._fields)))
            if sent is not None:
                return tuple.__new__(sent, [out(item, keep, is_marked) for item in value])
            fields = {
                field: out(one, keep, is_marked)
                for field, one in zip(value._fields, value, strict=True)
            }
            return Instance(kind.__name__, fields, record=True) if keep else kind(*fields.values())
        return value

    def _list_view(self, text: str, *, keep: bool) -> Any:
        """Make lists of views of dicts and ranges; anything else does not leave the sandbox."""
        name, _, inner = text.partition("(")
        if name == "range":
            numbers = range(*literal_eval(f"({inner[:-1]},)"))
            return numbers if keep else _make_list(numbers)
        if name in _VIEWS and not self.has_own_reprs:
            # With objects in it, it is to be made a list of where it is.
            with contextlib.suppress(ValueError, TypeError, SyntaxError, RecursionError):
                return evaluate(inner[:-1])
        return self._inside(_describe(text), keep=keep)

    def _inside(self, what: str, *, keep: bool) -> Unstorable:
        if keep:
            return Unstorable(what)
        raise TypeError(
            f"{what} exists only in the sandbox: give data, as list(x) for an iterator, m.group() "
            "for a match, and the results of functions rather than functions"
        )


class Inputs:
    """The arguments of a task's call; agent code reads them as attributes."""


def _fields(cls: type[Any]) -> tuple[str, ...]:
    """Return the public fields of a class declared by them: a dataclass, attrs or pydantic."""
    known = _known_fields.get(cls)
    if known is None:
        known = _known_fields[cls] = _read_declared_fields(cls)
    return known


_known_fields: WeakKeyDictionary[type[Any], tuple[str, ...]] = WeakKeyDictionary()


def check_field(cls: type[Any], name: str, value: Any) -> Any:
    """Return the value as the field of a class that is declared by its fields has it.

    Raises:
        TypeError: it is not of the field's type.
    """
    if name not in _fields(cls):
        return value
    try:
        check = Check.of(get_type_hints(cls, include_extras=True)[name])
    except (NameError, TypeError, KeyError):
        # What its author wrote there is no type that anything can be held against.
        return value
    try:
        return check(value)
    except Misfit as misfit:
        raise TypeError(f"{cls.__name__}.{name}: {misfit.text}") from misfit


def _read_declared_fields(cls: type[Any]) -> tuple[str, ...]:
    for declared in ("__dataclass_fields__", "model_fields", "__attrs_attrs__"):
        if declared == "model_fields" and not hasattr(cls, "__pydantic_core_schema__"):
            continue
        fields = getattr(cls, declared, None)
        if fields is None:
            continue
        if isinstance(fields, Mapping):
            names: Iterable[str] = fields
        else:
            names = [field.name for field in fields]
        return tuple(name for name in names if not name.startswith("_"))
    return ()


def is_builtin(value: Any) -> bool:
    """Tell whether it is a function or class that the interpreter itself has."""
    return isinstance(value, type) or type(value).__name__ == "MontyStdTypeProxy"


def _describe(text: str) -> str:
    """Say what something is that prints as this text."""
    found = re.match(r"<(\w+(?:[. ]\w+)*?)(?: object)?(?:[ ,;]? '([^']*)')?[ ,;(>]", text)
    if found is None:
        return "something that contains itself" if "..." in text else f"a {text.partition('(')[0]}"
    return f"{'an' if found[1][0] in 'aeiou' else 'a'} {found[1]}" + (
        f" ({found[2]})" if found[2] else ""
    )


def _is_function(value: Any) -> bool:
    return inspect.isroutine(value) or isinstance(value, partial)


def _is_record(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _is_scalar(value: Any) -> bool:
    cls = type(value)
    return (
        cls.__module__ == "numpy"
        and cls.__name__ != "ndarray"
        and hasattr(value, "item")
        and hasattr(value, "dtype")
    )


def _of_numpy(value: Any) -> Any:
    kind = type(value).__name__
    if kind in ("datetime64", "timedelta64"):
        # Of these `item` gives an int when they are finer than Python's own.
        coarse = value.astype(f"{kind}[us]")
        if coarse != value and coarse == coarse:  # NaT is not itself
            raise ValueError(f"{value} is finer than the sandbox's times are: round it")
        return value.item() if type(value.item()) is not int else coarse.item()
    plain = value.item()
    return float(plain) if type(plain) is type(value) else plain


def _is_series(value: Any) -> bool:
    return isinstance(value, range) or (
        type(value).__module__ in ("builtins", "itertools", "collections")
        and hasattr(value, "__iter__")
        and not isinstance(value, type)
    )


def _check_encodable(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"a text with a lone surrogate ({text[error.start]!r} at {error.start}) can't go into "
            "the sandbox: decode it with errors='replace' where it is read"
        ) from None
    return text


def _make_list(value: Any) -> list[Any]:
    if isinstance(value, Collection) and not isinstance(value, range):
        return list(value)
    items = list(islice(value, LONGEST_ITERATOR + 1))
    if len(items) > LONGEST_ITERATOR:
        raise ValueError(
            f"a {type(value).__name__} of more than {LONGEST_ITERATOR:,} elements can't go into "
            "the sandbox: give a list, or a part of it"
        )
    return items


def _plain(base: type[Any], value: Any) -> Any:
    """Return the same without its subclass, whatever that makes of conversions."""
    if base is Decimal:
        return Decimal(value)
    if base is bytes:
        return bytes(memoryview(value))
    return getattr(base, "__pos__" if base is not str else "__str__")(value)


def _plain_time(value: Any) -> Any:
    if value != value:  # as NaT of pandas, which stands for a missing time
        return None
    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):
        raise ValueError(f"{value} has nanoseconds, which the sandbox has not: round it")
    if isinstance(value, datetime):
        return datetime(
            value.year, value.month, value.day, value.hour, value.minute, value.second,
            value.microsecond, value.tzinfo, fold=value.fold,
        )  # fmt: skip
    if isinstance(value, time):
        return time(
            value.hour, value.minute, value.second, value.microsecond, value.tzinfo,
            fold=value.fold,
        )  # fmt: skip
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    return timedelta(value.days, value.seconds, value.microseconds)


def _plain_exception(error: BaseException) -> BaseException:
    for cls in type(error).__mro__:
        if cls.__module__ == "builtins" and cls is not type(error):
            return Exception(str(error))
        if cls.__module__ == "builtins":
            break
    return error if len(error.args) <= 1 else Exception(str(error))
