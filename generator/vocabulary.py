"""The words that a specification may use: its extensions, and JSON Schema's keywords."""

from __future__ import annotations

from typing import Any

from generator.values import is_list, is_object, is_tuple

KEYWORDS = frozenset(
    {
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "oneOf",
        "properties",
        "required",
        "type",
    }
)
"""What the generated code follows."""

IGNORED_KEYWORDS = frozenset(
    {
        "contentMediaType",
        "contentSchema",
        "deprecated",
        "example",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "multipleOf",
        "pattern",
        "readOnly",
        "title",
        "uniqueItems",
        "writeOnly",
    }
)
"""What says something to readers and platforms, and nothing to a client."""

BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "pattern", "maxItems")
"""Those of them that are printed beside a field, for platforms to hold values against."""

RESOURCE_METHODS: dict[str, frozenset[str]] = {
    "load": frozenset({"operation"}),
    "open": frozenset({"operation", "arguments"}),
    "make": frozenset({"operation"}),
    "reload": frozenset({"operation", "arguments"}),
    "save": frozenset({"operation", "arguments"}),
    "set": frozenset({"operation", "arguments", "sets"}),
    "adopt": frozenset({"operation", "arguments"}),
    "call": frozenset({"operation", "arguments"}),
    "stream": frozenset({"operation", "arguments"}),
    "wait": frozenset({"stream", "probe", "arguments", "finished"}),
}
"""What a method of an object may do, and what has to be said of it then."""

RESERVED_OPERATIONS = frozenset({"aclose", "close", "options", "with_raw_response"})
"""The names that every collection of operations has already."""

PAGE_LIMIT, PAGE_CURSOR, PAGE_NEXT = "limit", "cursor", "x-next-cursor"
"""The parameters that ask for a page of a list, and the header with the cursor of the next one."""

PAGE_SIZE = "page_size"
"""The keyword that says how large pages are, where a list is gone through."""

_REPLAY = ("always", "keyed", "never")
_ROOT = ("api", "events")
_DOES = tuple(RESOURCE_METHODS)
_REQUIRES = {"field": str, "message": str}

# A shape is a type, a tuple of allowed values, a list of one shape, or a dictionary: of fields (a
# "?" marks those that may be missing), or of anything under "*".
_ARGUMENT = {
    "in": str,
    "default?": object,
    "configuration?": ("api_key", "organization_id", "agent_id"),
    "description?": str,
}
_METHOD: dict[str, Any] = {
    "does": _DOES,
    "operation?": str,
    "stream?": str,
    "probe?": str,
    "async?": str,
    "arguments?": {"*": object},
    "requires?": _REQUIRES,
    "separately?": {"*": str},
    "sets?": [str],
    "begins?": [str],
    "follows?": str,
    "finished?": str,
    "summary?": str,
    "description?": str,
    "example?": {"arguments?": {"*": object}},
}

EXTENSIONS: dict[str, dict[str, Any]] = {
    "operation": {
        "x-arguments": {"*": (str, _ARGUMENT)},
        "x-example": {
            "arguments?": {"*": object},
            "name?": str,
            "shows?": str,
            "each?": str,
            "prints?": bool,
        },
        "x-filters": str,
        "x-pages": {"method": str, "page_size": int, "summary": str},
        "x-partial": bool,
        "x-replay": _REPLAY,
        "x-root": _ROOT,
        "x-run": {
            "method": str,
            "stream": str,
            "follows": str,
            "finished": str,
            "defaults?": {"*": object},
            "summary": str,
            "description?": str,
        },
        "x-stream": {
            "item": str,
            "named?": bool,
            "terminal?": {"*": [str]},
            "probe?": str,
            "resume?": bool,
        },
    },
    "parameter": {"x-transport": bool},
    "schema": {
        "x-data-types": {"field": str, "by": str, "types": {"*": dict}},
        "x-enum-descriptions": [str],
        "x-enum-varnames": [str],
        "x-mixins": [str],
        "x-private": bool,
        "x-resource": {"*": _METHOD},
        "x-secret": bool,
        "x-work-result": bool,
        "x-task-status": bool,
        "x-total": [str],
    },
}
"""Where each extension may stand, and what it must look like."""


def find_shape_fault(shape: Any, value: Any) -> str | None:
    """Say why a value is not of a shape, or None."""
    if is_tuple(shape):
        if all(isinstance(each, str) for each in shape):
            return None if value in shape else f"must be one of {', '.join(shape)}"
        faults = [find_shape_fault(each, value) for each in shape]
        return None if None in faults else faults[-1]
    if isinstance(shape, type):
        if isinstance(value, shape) and not (shape is not bool and isinstance(value, bool)):
            return None
        return None if shape is object else f"must be a {shape.__name__}"
    if is_list(shape):
        if not is_list(value):
            return "must be a list"
        return next((fault for item in value if (fault := find_shape_fault(shape[0], item))), None)
    if not is_object(value):
        return "must be an object"
    if "*" in shape:
        return _find_first_fault(value, dict.fromkeys(value, shape["*"]))
    required = {key: inner for key, inner in shape.items() if not key.endswith("?")}
    optional = {key[:-1]: inner for key, inner in shape.items() if key.endswith("?")}
    for key in required:
        if key not in value:
            return f"needs `{key}`"
    for key in value:
        if key not in required and key not in optional:
            return f"knows no `{key}`"
    return _find_first_fault(value, {**required, **optional})


def _find_first_fault(value: dict[str, Any], shapes: dict[str, Any]) -> str | None:
    for key, item in value.items():
        if fault := find_shape_fault(shapes[key], item):
            return f"`{key}` {fault}"
    return None
