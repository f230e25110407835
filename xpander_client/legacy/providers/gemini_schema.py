"""JSON Schema in the part of OpenAPI's that Gemini takes.

https://ai.google.dev/api/caching#Schema
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from xpander_client.core.tool_schema import Schema, resolve_reference
from xpander_client.legacy.providers.tool_call import GROUPS

_Path = tuple[str, ...]

_KEPT = (
    "title",
    "description",
    "nullable",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "default",
    "example",
)
_FORMATS = {
    "string": ("date-time", "enum"),
    "number": ("float", "double"),
    "integer": ("int32", "int64"),
}
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_ANYTHING = ("string", "number", "boolean", "object", "array")
_DEEPEST = 3
"""How many references on one way lead to schemas that refer to themselves."""


def gemini_schema(
    schema: Mapping[str, Any], *, spelled: Callable[[str], str] = str.upper
) -> Schema:
    """Return the schema with its references resolved and without what Gemini refuses.

    Everything has a type, alternatives stand alone, and enums are of texts: what else the schema
    says of a value is told in its description. `spelled` says how types are written.

    Example:
        >>> gemini_schema({"type": ["string", "null"], "const": "a", "additionalProperties": False})
        {'type': 'STRING', 'enum': ['a'], 'nullable': True}
    """
    return _Conversion(schema, spelled).convert(schema, ())


@attrs.frozen
class _Conversion:
    root: Mapping[str, Any]
    spelled: Callable[[str], str]
    _loops: dict[str, bool] = attrs.field(factory=dict, init=False)

    def convert(self, part: Mapping[str, Any], path: _Path) -> Schema:
        """Return the part; `path` has the references to recursive types on the way to it."""
        part, path = self._merge(part, path)
        kinds, is_nullable = _kinds(part)
        union = part.get("anyOf") or part.get("oneOf")
        if union and "type" not in part:
            options = [one for one in union if isinstance(one, Mapping)]
            real = [one for one in options if one.get("type") != "null"]
            is_nullable = is_nullable or len(real) < len(options)
            about = {key: value for key, value in part.items() if key not in ("anyOf", "oneOf")}
            if len(real) > 1:
                about = {key: value for key, value in about.items() if key == "description"}
            parts = [{**about, **one} if len(real) > 1 else {**one, **about} for one in real]
            made = [self.convert(one, path) for one in parts]
        else:
            # Where it may be anything it may be an array of anything: that has to end.
            part = {"items": {"type": "string"}, **part} if len(kinds) > 1 else part
            made = [self._of_kind(kind, part, path) for kind in kinds]
        if not made:
            return {"type": self.spelled("null")}
        # Vertex takes nothing beside alternatives.
        flat = [option for one in made for option in one.get("anyOf", [one])]
        if is_nullable:
            flat = [{**option, "nullable": True} for option in flat]
        return flat[0] if len(flat) == 1 else {"anyOf": flat}

    def _of_kind(self, kind: str, part: Mapping[str, Any], path: _Path) -> Schema:
        made: Schema = {"type": self.spelled(kind)}
        made |= {key: part[key] for key in _KEPT if key in part}
        notes = []
        if (given := part.get("format")) in _FORMATS.get(kind, ()):
            made["format"] = given
        elif kind == "string" and given:
            notes.append(f"format: {given}")
        values = [value for value in _values(part) if _has_type(kind, value)]
        if kind == "string" and values and all(values):
            made["enum"] = values
        elif values:  # enums of other types, and empty texts in them, are refused
            notes.append(f"one of {', '.join(json.dumps(value) for value in values)}")
        if notes:
            words = (part.get("description"), f"({'; '.join(notes)})")
            made["description"] = " ".join(word for word in words if word)
        if kind == "array":
            items = part.get("items")
            if not isinstance(items, Mapping):
                items = {"anyOf": part["prefixItems"]} if part.get("prefixItems") else {}
            made["items"] = self.convert(items, path)
        if kind == "object" and isinstance(properties := part.get("properties"), Mapping):
            inner = {
                name: self.convert(one, path)
                for name, one in properties.items()
                if isinstance(one, Mapping) and not (name in GROUPS and _takes_nothing(one))
            }
            required = [name for name in part.get("required") or () if name in inner]
            # An object that lists none is refused.
            made |= {"properties": inner} if inner else {}
            made |= {"required": required} if required else {}
        return made

    def _merge(self, part: Mapping[str, Any], path: _Path) -> tuple[Schema, _Path]:
        """Return the part with what it refers to, and all that it consists of, written into it."""
        made = dict(part)
        reference = made.pop("$ref", None)
        if isinstance(reference, str):
            whole = resolve_reference(reference, self.root)
            if self._comes_round(reference):
                if path.count(reference) > 1 or len(path) == _DEEPEST:
                    ends = "properties" in whole or whole.get("type") == "object"
                    return {"type": "object" if ends else "string", **made}, path
                path = (*path, reference)
            inner, path = self._merge(whole, path)
            made = {**inner, **made}
        for one in made.pop("allOf", None) or ():
            if isinstance(one, Mapping):
                inner, path = self._merge(one, path)
                properties = {**(inner.get("properties") or {}), **(made.get("properties") or {})}
                required = [*(made.get("required") or ()), *(inner.get("required") or ())]
                made = {**inner, **made}
                if properties:
                    made |= {"properties": properties, "required": list(dict.fromkeys(required))}
        return made, path

    def _comes_round(self, reference: str) -> bool:
        """Tell whether what it refers to contains the same reference."""
        if reference not in self._loops:
            seen: set[str] = set()
            ahead = [reference]
            while ahead:
                found = set(_references(resolve_reference(ahead.pop(), self.root))) - seen
                seen |= found
                ahead += found
            self._loops[reference] = reference in seen
        return self._loops[reference]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _kinds(part: Mapping[str, Any]) -> tuple[Sequence[str], bool]:
    """Return the types that a value may have, and whether it may be null."""
    given = part.get("type")
    kinds = [given] if isinstance(given, str) else [k for k in given or () if isinstance(k, str)]
    values = _values(part)
    if not kinds:
        kinds = list(dict.fromkeys(_TYPES.get(type(value), "string") for value in values))
    if not kinds:
        arrays = "items" in part or "prefixItems" in part
        kinds = ["object"] if "properties" in part else ["array"] if arrays else [*_ANYTHING]
    is_nullable = "null" in kinds or part.get("nullable") is True
    return [kind for kind in kinds if kind != "null"], is_nullable


def _values(part: Mapping[str, Any]) -> list[Any]:
    """Return the values that the part allows, if it lists them."""
    return [part["const"]] if "const" in part else list(part.get("enum") or ())


def _has_type(kind: str, value: Any) -> bool:
    return _TYPES.get(type(value)) == kind or (kind == "number" and type(value) is int)


def _takes_nothing(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "object" and "properties" in part and not part["properties"]
