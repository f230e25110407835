"""Models are read and written by functions that are printed for each class when first needed.

cattrs prints such functions, too; these are made for what models are, and take half the time. A
reader takes what is right and raises something where it may be wrong: what is wrong then, and
where, is for `core.conversion` to say, which also reads what a reader does not know. So a reader is
never more lenient than the converter, and what it makes is the same.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Set
from enum import Enum
from pathlib import PurePath
from typing import Any, get_args

import attrs

from xpander_client.core.conversion_errors import MismatchError
from xpander_client.core.fields import (
    EXTRA,
    SCALARS,
    is_dict,
    is_kept_here,
    is_list,
    is_moment,
    is_omitted_when_none,
    is_open_enum,
    is_union,
    list_known_names,
    list_members,
    read_open_enum,
    wire_name,
    with_offset,
)

Reader = Callable[[Any], Any]


class _Readers(dict[Any, Reader]):
    def __missing__(self, type_: Any) -> Reader:
        reader = self[type_] = _make_reader(type_)
        return reader


readers = _Readers()
"""What reads values of a type."""

_TEXT = frozenset({str})


def _make_reader(type_: Any) -> Reader:
    if type_ is Any:
        return _read_anything
    if type_ in SCALARS:
        return SCALARS[type_]
    if is_open_enum(type_):
        return lambda value: read_open_enum(value, type_)
    if is_list(type_):
        return _make_list_reader(*get_args(type_) or (Any,))
    if is_dict(type_):
        return _make_dict_reader(*get_args(type_) or (Any, Any))
    if is_union(type_):
        return _make_union_reader(type_)
    if attrs.has(type_) and _is_plain(type_):
        return _print_model_reader(type_)
    return _leave_to_the_converter


class _Unusual(Exception):
    """Here is something that only the converter knows."""


def _leave_to_the_converter(value: Any) -> Any:
    raise _Unusual


def _read_anything(value: Any) -> Any:
    return value


def _make_list_reader(item: Any) -> Reader:
    def read_list(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [read_item(each) for each in value]
        raise MismatchError("a list", value)

    read_item = readers[item]
    return read_list


def _make_dict_reader(key: Any, item: Any) -> Reader:
    def read_dict(value: Any) -> Any:
        if isinstance(value, dict):
            return {read_key(name): read_item(each) for name, each in value.items()}
        raise MismatchError("an object", value)

    def read_dict_of_anything(value: Any) -> Any:
        if type(value) is dict and _TEXT.issuperset(map(type, value)):
            return value.copy()
        return read_dict(value)

    read_key, read_item = readers[key], readers[item]
    return read_dict_of_anything if (key, item) == (str, Any) else read_dict


def _make_union_reader(type_: Any) -> Reader:
    def read_union(value: Any) -> Any:
        if value is None and nullable:
            return None
        for read_member in member_readers:
            try:
                return read_member(value)
            except _Unusual:
                raise  # it may be what the converter takes for this member
            except Exception:
                continue
        raise MismatchError("another value", value)

    members = list_members(type_)
    nullable = len(members) < len(get_args(type_))
    member_readers = [readers[member] for member in members]
    return read_union


def _is_plain(model: Any) -> bool:
    """Tell whether an object is what its fields are set to, and these to what was read."""
    return model.__setattr__ is object.__setattr__ and not any(
        field.converter
        or field.validator
        or getattr(field.default, "takes_self", False)
        or (is_kept_here(field) and field.default is attrs.NOTHING)
        or not (field.init or is_kept_here(field))
        for field in attrs.fields(model)
    )


class _Source:
    """The text of a reader, and the names in it."""

    def __init__(self, model: Any) -> None:
        self.names: dict[str, Any] = {
            "model": model,
            "new": object.__new__,
            "datetime": datetime.datetime,
            "from_text": datetime.datetime.fromisoformat,
            "MismatchError": MismatchError,
        }
        self.lines = [
            "def read(value):",
            "    if value.__class__ is not dict and not isinstance(value, dict):",
            "        if isinstance(value, model): return value",
            "        raise MismatchError('an object', value)",
            "    made = new(model)",
        ]

    def name(self, value: Any) -> str:
        """Return a name for the value."""
        name = f"n{len(self.names)}"
        self.names[name] = value
        return name

    def name_reader(self, type_: Any) -> str:
        """Return a name for what reads the type, which is found when it is first needed: few fields
        are in use, and a model may hold others of its class.
        """

        def read_first(value: Any) -> Any:
            self.names[name] = readers[type_]
            return self.names[name](value)

        name = self.name(read_first)
        return name

    def read(self, type_: Any) -> str:
        """Return the expression that reads `item`."""
        if type_ is Any:
            return "item"
        if type_ in _PASSED:
            is_right = f"item.__class__ is {type_.__name__}"
            return f"item if {is_right} else {self.name_reader(type_)}(item)"
        members = list_members(type_) if is_union(type_) else []
        if len(members) == 1:
            return f"None if item is None else {self.read(members[0])}"
        read = f"{self.name_reader(type_)}(item)"
        if type_ is datetime.datetime:
            is_right = "item.__class__ is str and (moment := from_text(item)).tzinfo is not None"
            return f"moment if {is_right} else {read}"
        if is_open_enum(type_):
            return f"{self.name(type_._value2member_map_.get)}(item) or {read}"
        return read

    def default(self, field: attrs.Attribute[Any]) -> str:
        """Return the expression for what a field is that was not given."""
        default: Any = field.default
        if default is None:
            return "None"
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            return f"{self.name(default.factory)}()"
        return self.name(default)


_PASSED = (str, int, bool, float)
"""Types whose values are right as they are."""


def _define(name: str, lines: list[str], names: dict[str, Any]) -> Any:
    """Return the function that these lines define."""
    # Ctrl-C while a text is executed would end the process by the signal later on, also where the
    # KeyboardInterrupt was caught: the interpreter takes it for the end of a program.
    exec(compile("\n".join(lines), f"<{name} of a model>", "exec"), names)
    return names[name]


def _print_model_reader(model: Any) -> Reader:
    """Print the function that reads a model.

    It does what the model's constructor would do, but for looking at what it is given.
    """
    source = _Source(model)
    add = source.lines.append
    if hasattr(model, "__attrs_pre_init__"):
        add("    made.__attrs_pre_init__()")
    fields = attrs.fields(attrs.resolve_types(model))
    read = [field for field in fields if not is_kept_here(field)]
    add(f"    count = {sum(field.default is attrs.NOTHING for field in read)}")
    for field in read:
        to, wire = f"made.{field.name}", repr(wire_name(field))
        if field.default is attrs.NOTHING:
            add(f"    item = value[{wire}]")
            add(f"    {to} = {source.read(field.type)}")
        else:
            add(f"    if {wire} in value:")
            add("        count += 1")
            add(f"        item = value[{wire}]")
            add(f"        {to} = {source.read(field.type)}")
            add(f"    else: {to} = {source.default(field)}")
    for field in fields:
        if is_kept_here(field):
            add(f"    made.{field.name} = {source.default(field)}")
        if field.name == EXTRA:
            add("    if len(value) != count:")
            known = source.name(list_known_names(model))
            extra = f"{{name: item for name, item in value.items() if name not in {known}}}"
            add(f"        made.{field.name} = {extra}")
    add("    return made")
    reader: Reader = _define("read", source.lines, source.names)
    return reader


_WriteItem = Callable[[Any], Any]
"""Returns plain values for what a field holds, which may be something else than it declares."""

_Writer = Callable[[Any, _WriteItem], dict[str, Any]]

_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
"""The classes of what is a plain value already."""

_OTHER_WAYS = (bytes, Enum, PurePath, Set, Mapping, list)


class _Writers(dict[type, _Writer | None]):
    def __missing__(self, cls: type) -> _Writer | None:
        is_model = attrs.has(cls) and not issubclass(cls, _OTHER_WAYS)
        writer = self[cls] = _print_writer(cls) if is_model else None
        return writer


writers = _Writers()
"""What writes objects of a model's class: their fields by the names on the wire. Optional ones that
are None are left out. It is None for other classes.
"""


def _print_writer(cls: Any) -> _Writer:
    fields = attrs.fields(attrs.resolve_types(cls))
    extra = any(field.name == EXTRA for field in fields)
    lines = [
        "def write(model, write_item):",
        f"    extra = {f'model.{EXTRA}' if extra else None}",
        "    made = {**write_item(extra)} if extra else {}",
    ]
    for field in fields:
        if is_kept_here(field) or not field.init:
            continue
        is_right, other = "item.__class__ in as_they_are", "write_item(item)"
        types = (field.type, *get_args(field.type))
        if is_moment(field.type):
            is_right = "item.__class__ is datetime and item.tzinfo is not None"
            other = "with_offset(item) if isinstance(item, datetime) else write_item(item)"
        elif usual := [each for each in (str, int, bool) if each in types]:
            is_right = f"item.__class__ is {usual[0].__name__}"
        lines.append(f"    item = model.{field.name}")
        condition = "if item is not None: " if is_omitted_when_none(field) else ""
        to = f"made[{wire_name(field)!r}]"
        lines.append(f"    {condition}{to} = item if {is_right} else {other}")
    lines.append("    return made")
    names: dict[str, Any] = {
        "as_they_are": _AS_THEY_ARE,
        "datetime": datetime.datetime,
        "with_offset": with_offset,
    }
    writer: _Writer = _define("write", lines, names)
    return writer


_Difference = tuple[str, Any, Any]

_Comparer = Callable[[Any, Any], list[_Difference]]


class _Comparers(dict[type, _Comparer | None]):
    def __missing__(self, cls: type) -> _Comparer | None:
        comparer = self[cls] = _print_comparer(cls) if attrs.has(cls) else None
        return comparer


_comparers = _Comparers()


def list_differences(one: Any, other: Any) -> list[_Difference]:
    """List the fields in which two objects of a model's class go to the wire differently: what they
    are called there, and both values. All extras are one field.
    """
    compare = _comparers[type(one)]
    assert compare is not None
    return compare(one, other)


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values go to the wire alike: True is not 1 there, and 1 is not 1.0.

    False where that can't be seen without writing them, as with a dict in the place of a model.
    """
    kind = one.__class__
    if kind is not other.__class__:
        return isinstance(one, str) and isinstance(other, str) and one == other
    if kind is dict:
        if len(one) != len(other):
            return False
        for name, value in one.items():
            if name not in other or not is_same(value, other[name]):
                return False
        return True
    if kind is list:
        return len(one) == len(other) and all(map(is_same, one, other))
    if kind is float:
        return repr(one) == repr(other)
    if (compare := _comparers[kind]) is not None:
        return not compare(one, other)
    return bool(one == other)


def _print_comparer(cls: Any) -> _Comparer:
    lines = ["def compare(one, other):", "    found = []"]
    for field in attrs.fields(attrs.resolve_types(cls)):
        if "local" not in field.metadata:
            lines.append(f"    a = one.{field.name}; b = other.{field.name}")
            is_text = "a.__class__ is b.__class__ is str and a == b"
            lines.append(f"    if a is not b and not ({is_text}) and not is_same(a, b):")
            if is_moment(field.type):
                lines.append("        if isinstance(b, datetime): b = with_offset(b)")
            lines.append(f"        found.append(({wire_name(field)!r}, a, b))")
    lines.append("    return found")
    names: dict[str, Any] = {
        "is_same": is_same,
        "datetime": datetime.datetime,
        "with_offset": with_offset,
    }
    comparer: _Comparer = _define("compare", lines, names)
    return comparer
