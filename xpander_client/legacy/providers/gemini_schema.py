"""JSON Schema in the part of OpenAPI's that Gemini takes.

https://ai.google.dev/api/caching#Schema
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["gemini_schema"]

Schema = dict[str, Any]

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
_DEEPEST = 16
"""A schema that refers to itself ends here."""


def gemini_schema(schema: Mapping[str, Any]) -> Schema:
    """The schema with its references resolved and without what Gemini refuses.

    Example:
        >>> gemini_schema({"type": ["string", "null"], "const": "a", "additionalProperties": False})
        {'type': 'STRING', 'enum': ['a'], 'nullable': True}
    """
    return _converted(schema, schema, 0)


def _converted(part: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Schema:
    part = _merged(part, root)
    kinds, is_nullable = _kinds(part)
    options = [o for o in part.get("anyOf") or part.get("oneOf") or () if isinstance(o, Mapping)]
    if any(o.get("type") == "null" for o in options):
        is_nullable = True
        options = [o for o in options if o.get("type") != "null"]
    if len(options) == 1:
        rest = {k: v for k, v in part.items() if k not in ("anyOf", "oneOf")}
        only = _converted({**options[0], **rest}, root, depth)
        return {**only, "nullable": True} if is_nullable else only
    if len(kinds) > 1:
        bare = {k: v for k, v in part.items() if k != "type"}
        options, kinds = [{**bare, "type": kind} for kind in kinds], []

    kind = kinds[0] if kinds else None
    made: Schema = {"type": kind.upper()} if kind else {}
    made |= {key: part[key] for key in _KEPT if key in part}
    if part.get("format") in _FORMATS.get(kind or "", ()):
        made["format"] = part["format"]
    values = [part["const"]] if "const" in part else part.get("enum")
    if values and kind in (None, "string") and all(isinstance(value, str) for value in values):
        made |= {"type": "STRING", "enum": list(values)}
    if is_nullable:
        made["nullable"] = True
    if depth >= _DEEPEST:
        return made
    if options:
        made["anyOf"] = [_converted(option, root, depth + 1) for option in options]
    if kind == "array":
        items = part.get("items")
        made["items"] = _converted(items if isinstance(items, Mapping) else {}, root, depth + 1)
    if kind == "object" and (properties := part.get("properties")):
        made["properties"] = {
            name: _converted(inner, root, depth + 1)
            for name, inner in properties.items()
            if isinstance(inner, Mapping) and not _is_empty_object(inner)
        }
        required = [name for name in part.get("required") or () if name in made["properties"]]
        if required:
            made["required"] = required
    return made


def _merged(part: Mapping[str, Any], root: Mapping[str, Any]) -> Schema:
    """The part with what it refers to, and all that it consists of, written into it."""
    made = dict(part)
    for _ in range(_DEEPEST):
        reference = made.pop("$ref", None)
        if not isinstance(reference, str):
            break
        made = {**_resolved(reference, root), **made}
    for one in made.pop("allOf", None) or ():
        if isinstance(one, Mapping):
            inner = _merged(one, root)
            properties = {**(inner.get("properties") or {}), **(made.get("properties") or {})}
            required = [*(made.get("required") or ()), *(inner.get("required") or ())]
            made = {**inner, **made}
            if properties:
                made |= {"properties": properties, "required": list(dict.fromkeys(required))}
    return made


def _resolved(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _kinds(part: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The types that a value may have, and whether it may be null."""
    given = part.get("type")
    kinds = [given] if isinstance(given, str) else [k for k in given or () if isinstance(k, str)]
    if not kinds:
        kinds = ["object"] if "properties" in part else ["array"] if "items" in part else []
    return [kind for kind in kinds if kind != "null"], "null" in kinds


def _is_empty_object(part: Mapping[str, Any]) -> bool:
    """Whether it takes nothing at all: such a group is not worth a word, and is refused."""
    return part.get("type") == "object" and "properties" in part and not part["properties"]
