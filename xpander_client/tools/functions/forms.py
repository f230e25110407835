"""Types as JSON has them: the schema of a type, and its values made of what a model wrote."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import inspect
import ipaddress
import json
import math
import pathlib
import types
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from xpander_client.core.signatures import read_signature
from xpander_client.core.tool_schema import Schema
from xpander_client.tools.functions import pydantic_form
from xpander_client.tools.functions.form import (
    ANYTHING,
    Definitions,
    Form,
    MisfitError,
    describe_form,
    lenient,
    misfit,
)
from xpander_client.tools.functions.hints import read_hints

_PLAIN = (str, bool, int, float, types.NoneType)


class Forms(Definitions):
    """The forms of the types that one schema is made of."""

    def of(self, annotation: Any) -> Form:
        """Return the form of an annotation; of one that nothing is known of, that of anything."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self._read_annotated(annotation, arguments)
        if origin in (typing.Union, types.UnionType):
            return _union([self.of(each) for each in arguments])
        if origin is typing.Literal:
            return lenient(_choice([(_literal(each), each) for each in arguments]))
        if _find_name(origin) in ("Required", "NotRequired", "ReadOnly", "Final"):
            return self.of(arguments[0])
        if isinstance(annotation, dataclasses.InitVar):
            return self.of(annotation.type)
        kind = annotation if origin is None else origin
        if isinstance(kind, typing.TypeVar):
            bound = Any if kind.__bound__ is None else kind.__bound__
            return _union([self.of(each) for each in kind.__constraints__ or (bound,)])
        if isinstance(kind, typing.NewType):
            return self.of(kind.__supertype__)
        if hasattr(kind, "__value__"):  # type X = …
            meant = _fill(kind.__value__, _read_given(kind, arguments))
            return self.define((kind, repr(arguments)), kind.__name__, lambda: self.of(meant))
        if kind is None or kind is types.NoneType:
            return lenient(_SIMPLE[types.NoneType])
        if not isinstance(kind, type) or kind is object:
            return ANYTHING
        return lenient(self._of_class(kind, arguments, annotation))

    def _read_annotated(self, annotation: Any, arguments: tuple[Any, ...]) -> Form:
        has_rules = any(pydantic_form.is_rule(each) for each in arguments[1:])
        of_pydantic = pydantic_form.read_form(annotation, self) if has_rules else None
        form = lenient(of_pydantic) if of_pydantic else self.of(arguments[0])
        texts = (_description(each) for each in arguments[1:])
        return describe_form(form, next(filter(None, texts), None))

    def _of_class(self, kind: type[Any], arguments: Sequence[Any], annotation: Any) -> Form:
        if pydantic_form.is_own(kind):
            return pydantic_form.read_form(annotation, self) or ANYTHING
        if issubclass(kind, enum.Enum):
            return _enum(kind)
        if kind in _TEXTS:
            return _text(kind, *_TEXTS[kind])
        if issubclass(kind, pathlib.PurePath):
            return _text(kind, kind, "path", "a path")
        if kind in _SIMPLE:
            return _SIMPLE[kind]
        if typing.is_typeddict(kind) or _has_fields(kind):
            key = kind, repr(arguments)
            return self.define(key, kind.__name__, lambda: self._fields(kind, arguments))
        for base in (str, int, float):
            if issubclass(kind, base):
                return _convert(_SIMPLE[base], kind)
        if kind in _MAPPINGS:
            return self._mapping(*arguments)
        if kind is tuple and arguments and arguments[-1] is not Ellipsis:
            return _tuple([self.of(each) for each in arguments if each != ()])
        if kind in _ARRAYS:
            return _array(self.of(arguments[0]) if arguments else ANYTHING, _ARRAYS[kind])
        return pydantic_form.read_form(annotation, self) or ANYTHING

    def _fields(self, kind: type[Any], arguments: Sequence[Any]) -> Form:
        """Return the form of a class with fields: an object."""
        types_given = _read_given(kind, arguments)
        hints = {name: _fill(hint, types_given) for name, hint in read_hints(kind).items()}
        forms: dict[str, Form] = {}
        required = []
        for name, attribute, default in _walk_fields(kind, hints):
            form = self.of(hints.get(attribute, Any))
            if default is _NEEDED:
                required.append(name)
            forms[name] = attrs.evolve(form, schema={**form.schema, **read_default(default)})
        schema: Schema = {
            "type": "object",
            "properties": {name: form.schema for name, form in forms.items()},
            "required": required,
            "additionalProperties": False,
        }

        def read(value: Any, is_lenient: bool) -> Any:
            if not isinstance(value, Mapping):
                raise misfit("an object", value)
            for name in (name for name in value if name not in forms):
                raise MisfitError(f"is no field; there are {', '.join(forms)}", f".{name}")
            for name in (name for name in required if name not in value):
                raise MisfitError("is missing", f".{name}")
            given = {
                name: _within(f".{name}", forms[name], inner, is_lenient)
                for name, inner in value.items()
            }
            return _make_object(lambda fields: kind(**fields), given)

        return Form(schema, read)

    def _mapping(self, of_keys: Any = str, of_values: Any = Any) -> Form:
        keys, values = self.of(of_keys), self.of(of_values)
        schema: Schema = {"type": "object"}
        if of_values is not Any or of_keys is not str:
            schema["additionalProperties"] = values.schema

        def read(value: Any, is_lenient: bool) -> Any:
            if not isinstance(value, Mapping):
                raise misfit("an object", value)
            return {
                # In JSON every key is a text.
                _within(f".{key}", keys, key, True): _within(f".{key}", values, inner, is_lenient)
                for key, inner in value.items()
            }

        return Form(schema, read)


_NEEDED: Any = inspect.Parameter.empty


def read_default(value: Any) -> Schema:
    """Return what a schema says of a default: nothing, if there is none that JSON has a form of."""
    value = _literal(value) if isinstance(value, enum.Enum) else value
    if value is None or not _is_json(value):
        return {}
    return {"default": value}


def _is_json(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(inner) for key, inner in value.items())
    return type(value) in _PLAIN and value not in (float("inf"), float("-inf")) and value == value


def _description(metadata: Any) -> str | None:
    """Return the text of metadata of `Annotated`: a string, pydantic's `Field`, PEP 727's `Doc`."""
    if isinstance(metadata, str):
        return metadata
    texts = (getattr(metadata, name, None) for name in ("description", "documentation"))
    return next((text for text in texts if isinstance(text, str)), None)


def _within(step: str, form: Form, value: Any, is_lenient: bool) -> Any:
    try:
        return form.read(value, is_lenient)
    except MisfitError as error:
        raise error.within(step) from None


def _make_object(make: Callable[[Any], Any], value: Any, expected: str | None = None) -> Any:
    """Make of a value what a type makes of it; it may refuse."""
    try:
        return make(value)
    except Exception as error:
        raise misfit(expected, value) if expected else MisfitError(str(error)) from None


def _text(kind: Any, make: Callable[[str], Any], json_format: str, expected: str) -> Form:
    def read(value: Any, is_lenient: bool) -> Any:
        if not isinstance(value, str):
            raise misfit(expected, value)
        return _make_object(make, value, expected)

    return Form({"type": "string", "format": json_format}, read)


def _convert(form: Form, make: Callable[[Any], Any], expected: str | None = None) -> Form:
    """Make the form of a type that is made of another type's values."""
    return attrs.evolve(
        form,
        read=lambda value, is_lenient: _make_object(make, form.read(value, is_lenient), expected),
    )


def _choice(pairs: Sequence[tuple[Any, Any]]) -> Form:
    """Make the form of a choice of values, each with what stands for it in JSON."""
    kinds: dict[str, list[Any]] = {}
    for said, _ in pairs:
        kinds.setdefault(_TYPE_NAMES[type(said)], []).append(said)
    schemas = [
        {"type": name} if name == "null" else {"type": name, "enum": choices}
        for name, choices in kinds.items()
    ]
    expected = f"one of {', '.join(json.dumps(said, ensure_ascii=False) for said, _ in pairs)}"

    def read(value: Any, is_lenient: bool) -> Any:
        for said, meant in pairs:
            if said == value and isinstance(said, bool) == isinstance(value, bool):
                return meant
        raise misfit(expected, value)

    return Form(schemas[0] if len(schemas) == 1 else {"anyOf": schemas}, read)


def _literal(value: Any) -> Any:
    """Return what stands in JSON for a value of a `Literal`, or for a member of an enum."""
    if isinstance(value, enum.Enum):
        members = [each.value for each in type(value)]
        plain = all(isinstance(each, _PLAIN) for each in members)
        value = value.value if plain else value.name
    if value is None or isinstance(value, bool):
        return value
    for kind in (str, int, float):  # a member may be of a class of its own
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def _enum(kind: type[enum.Enum]) -> Form:
    if issubclass(kind, enum.Flag):  # any sum of its members
        return _convert(_SIMPLE[int], kind)
    return _choice([(_literal(each), each) for each in kind])


def _union(options: Sequence[Form]) -> Form:
    schemas: list[Schema] = []
    for option in options:
        inner = option.schema["anyOf"] if set(option.schema) == {"anyOf"} else [option.schema]
        schemas += [schema for schema in inner if schema not in schemas]
    if {} in schemas:
        return ANYTHING
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    [*more, first] = [schema for schema in schemas if schema != _NULL.schema] or schemas
    if not more and "description" in first:  # it is about the whole, also where it may be null
        bare = {name: each for name, each in first.items() if name != "description"}
        rest = [each for each in schemas if each is not first]
        schema = {"anyOf": [bare, *rest], "description": first["description"]}

    def read(value: Any, is_lenient: bool) -> Any:
        errors: list[MisfitError] = []
        # What fits as it is comes before what could be read as something else.
        for leniently in (False, True) if is_lenient else (False,):
            errors = []
            for option in options:
                try:
                    return option.read(value, leniently)
                except MisfitError as error:
                    errors.append(error)
        told = [
            error
            for error, option in zip(errors, options, strict=True)
            if option.schema != _NULL.schema
        ]
        if len(told) == 1:
            raise told[0]
        raise MisfitError("; or ".join(dict.fromkeys(map(str, errors))))

    return Form(schema, read)


def nullable(form: Form) -> Form:
    """Return the form of what may be null as well."""
    return _union([form, _NULL])


def _array(items: Form, make: Callable[[list[Any]], Any]) -> Form:
    def read(value: Any, is_lenient: bool) -> Any:
        if not isinstance(value, list):
            raise misfit("an array", value)
        inner = [_within(f"[{at}]", items, each, is_lenient) for at, each in enumerate(value)]
        return _make_object(make, inner)

    return Form({"type": "array", "items": items.schema}, read)


def _tuple(items: Sequence[Form]) -> Form:
    count = {"minItems": len(items), "maxItems": len(items)}
    # Not all providers know `prefixItems`, and some want `items` beside it.
    schema: Schema = {"type": "array", "items": _union(items).schema, **count}
    if len({json.dumps(item.schema) for item in items}) > 1:
        schema["prefixItems"] = [item.schema for item in items]

    def read(value: Any, is_lenient: bool) -> Any:
        if not isinstance(value, list) or len(value) != len(items):
            raise misfit(f"an array of {len(items)}", value)
        return tuple(
            _within(f"[{at}]", item, each, is_lenient)
            for at, (item, each) in enumerate(zip(items, value, strict=True))
        )

    return Form(schema, read)


def _has_fields(kind: type[Any]) -> bool:
    return attrs.has(kind) or dataclasses.is_dataclass(kind) or hasattr(kind, "_field_defaults")


def _walk_fields(kind: type[Any], hints: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Return the fields that a value is made with: name in JSON, name of the attribute, default."""
    if typing.is_typeddict(kind):
        for name in hints:
            yield name, name, _NEEDED if _is_required(kind, name, hints[name]) else None
        return
    attributes = {each.alias: each.name for each in attrs.fields(kind)} if attrs.has(kind) else {}
    for name, parameter in read_signature(kind).parameters.items():
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            default = None if parameter.default is attrs.NOTHING else parameter.default
            yield name, attributes.get(name, name), default


def _read_given(kind: Any, arguments: Sequence[Any]) -> dict[Any, Any]:
    """Return the types that stand for the variables of a generic type."""
    return dict(zip(getattr(kind, "__parameters__", ()), arguments, strict=False))


def _fill(hint: Any, given: Mapping[Any, Any]) -> Any:
    """Return a hint with types in the place of its variables."""
    if isinstance(hint, typing.TypeVar):
        return given.get(hint, hint)
    of: Any = hint
    variables = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
    return of[tuple(given.get(each, each) for each in variables)] if variables else hint


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    while (origin := typing.get_origin(hint)) is not None:
        # The hint knows better: of one that was a text the class has not seen this.
        if _find_name(origin) in ("Required", "NotRequired"):
            return _find_name(origin) == "Required"
        if origin is not typing.Annotated and _find_name(origin) != "ReadOnly":
            break
        hint = typing.get_args(hint)[0]
    return name in kind.__required_keys__


def _find_name(special: Any) -> str | None:
    """Return the name of one of typing's forms, whichever module it is from."""
    name: str | None = getattr(special, "_name", None)
    return name


def _read_null(value: Any, is_lenient: bool) -> None:
    if value is not None:
        raise misfit("null", value)


def _read_bool(value: Any, is_lenient: bool) -> bool:
    if isinstance(value, bool):
        return value
    if is_lenient and isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise misfit("true or false", value)


def _read_int(value: Any, is_lenient: bool) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
        raise misfit("an integer", value)
    return _make_object(int, value, "an integer")


def _read_float(value: Any, is_lenient: bool) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise misfit("a number", value)
    return _make_object(float, value, "a number")


def _read_decimal(value: Any, is_lenient: bool) -> Any:
    if not isinstance(value, str):
        _read_float(value, is_lenient)
    made = _make_object(decimal.Decimal, str(value), "a number")
    if not made.is_finite():
        raise misfit("a number", value)
    return made


def _read_seconds(value: Any, is_lenient: bool) -> Any:
    return _make_object(
        lambda seconds: datetime.timedelta(seconds=seconds), _read_float(value, False)
    )


def _read_text(value: Any, is_lenient: bool) -> str:
    if not isinstance(value, str):
        raise misfit("a text", value)
    return value


_NULL = Form({"type": "null"}, _read_null)
_STRING = Form({"type": "string"}, _read_text)
_SIMPLE: dict[type, Form] = {
    types.NoneType: _NULL,
    bool: Form({"type": "boolean"}, _read_bool),
    int: Form({"type": "integer"}, _read_int),
    float: Form({"type": "number"}, _read_float),
    decimal.Decimal: Form({"type": "number"}, _read_decimal),
    datetime.timedelta: Form({"type": "number", "description": "in seconds"}, _read_seconds),
    str: _STRING,
    bytes: _convert(_STRING, str.encode),
}
_TYPE_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string"} | {
    types.NoneType: "null"
}
_TEXTS: dict[type, tuple[Callable[[str], Any], str, str]] = {
    datetime.datetime: (
        datetime.datetime.fromisoformat,
        "date-time",
        "a date and time as 2026-01-31T09:30:00Z",
    ),
    datetime.date: (datetime.date.fromisoformat, "date", "a date as 2026-01-31"),
    datetime.time: (datetime.time.fromisoformat, "time", "a time as 09:30:00"),
    uuid.UUID: (uuid.UUID, "uuid", "a UUID"),
    ipaddress.IPv4Address: (ipaddress.IPv4Address, "ipv4", "an IPv4 address"),
    ipaddress.IPv6Address: (ipaddress.IPv6Address, "ipv6", "an IPv6 address"),
}
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_ARRAYS: dict[type, Callable[[list[Any]], Any]] = {
    **dict.fromkeys(
        (
            list,
            collections.abc.Collection,
            collections.abc.Container,
            collections.abc.Iterable,
            collections.abc.MutableSequence,
            collections.abc.Reversible,
            collections.abc.Sequence,
        ),
        list,
    ),
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
