"""Refuses what would be lost or printed wrong, each with its place in the specification.

What openapi-python-client leaves out silently is caught here; what it leaves out and says so is
caught where it is driven.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from generator.arguments import list_arguments
from generator.document import METHODS, Document, Operation, Place, SpecError
from generator.naming import find_name_fault, name_attribute, name_event_kind, name_member
from generator.values import is_list, is_object
from generator.vocabulary import (
    EXTENSIONS,
    IGNORED_KEYWORDS,
    KEYWORDS,
    PAGE_CURSOR,
    PAGE_LIMIT,
    PAGE_NEXT,
    PAGE_SIZE,
    RESERVED_OPERATIONS,
    RESOURCE_METHODS,
    find_shape_fault,
)

Problems = Iterator[tuple[Place, str]]

_OPERATION_ID = re.compile(r"[A-Z][A-Za-z0-9]*\.[a-z][a-z0-9_]*")
_MIXIN = re.compile(r"([a-z][a-z0-9_]*\.)+[A-Z][A-Za-z0-9]*")
_JSON = "application/json"
_EVENTS = "text/event-stream"


def check(document: Document) -> None:
    """Check a specification as it was written.

    Raises:
        SpecError: all that is wrong with it.
    """
    finders = (_check_version, _check_extension_shapes, _check_schemas, _check_operations)
    _raise_problems(*finders, document=document)


def check_extensions(plain: Document) -> None:
    """Check that what a checked specification's extensions speak of exists. It is in plain shape.

    Raises:
        SpecError: all that does not.
    """
    _raise_problems(_check_arguments, document=plain)
    _raise_problems(_check_streams, _check_pages, _check_runs, _check_resources, document=plain)


def _raise_problems(*finders: Callable[[Document], Problems], document: Document) -> None:
    problems = [problem for find in finders for problem in find(document)]
    if problems:
        raise SpecError(problems)


def _check_version(document: Document) -> Problems:
    version = str(document.raw["openapi"])
    if not re.match(r"3\.[01]\.", version):
        yield document.root / "openapi", f"version {version} is not supported: 3.0 and 3.1 are"


# Extensions --------------------------------------------------------------------------------------

# Below these, keys are names and not keywords.
_NAMES = frozenset(
    {
        "callbacks",
        "content",
        "examples",
        "headers",
        "links",
        "parameters",
        "patternProperties",
        "paths",
        "properties",
        "requestBodies",
        "responses",
        "schemas",
        "securitySchemes",
        "variables",
    }
)
_DATA = frozenset({"default", "enum", "example", "value"})


def _check_extension_shapes(document: Document) -> Problems:
    yield from _check_extension_shapes_in(document.raw, document.root)


def _check_extension_shapes_in(value: Any, place: Place) -> Problems:
    if is_list(value):
        for index, item in enumerate(value):
            yield from _check_extension_shapes_in(item, place / index)
    if not is_object(value):
        return
    steps = place.steps
    are_names = bool(steps) and steps[-1] in _NAMES and not _is_name(place)
    for key, item in value.items():
        at = place / key
        if not are_names and key.startswith("x-"):
            kind = _find_kind(place)
            if key not in EXTENSIONS.get(kind, {}):
                yield at, f"the extension {key} is not known here"
            elif fault := find_shape_fault(EXTENSIONS[kind][key], item):
                yield at, fault
        elif are_names or key not in _DATA:
            yield from _check_extension_shapes_in(item, at)


def _is_name(place: Place) -> bool:
    """Tell whether the last step is a name that somebody chose, such as a property `headers`."""
    steps = place.steps
    return len(steps) > 1 and steps[-2] in _NAMES and not _is_name(Place("", steps[:-1]))


def _find_kind(place: Place) -> str:
    steps = place.steps
    if len(steps) == 3 and steps[0] == "paths" and steps[2] in METHODS:
        return "operation"
    if len(steps) > 1 and steps[-2] == "parameters" and "schemas" not in steps:
        return "parameter"
    return "schema" if {"schema", "schemas"} & set(steps) else "document"


# Schemas -----------------------------------------------------------------------------------------


def _check_schemas(document: Document) -> Problems:
    for place, name, schema in document.walk_schemas():
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
            yield place, f"{name!r} can't be the name of a class: use CapWords"
        yield from _check_schema(schema, place, document)


def _check_schema(schema: Any, place: Place, document: Document) -> Problems:
    if not is_object(schema):
        yield place, "must be a schema object"
        return
    if "$ref" in schema:
        yield from _check_reference(schema["$ref"], place, document)
    for key in schema:
        if not (key in KEYWORDS or key in IGNORED_KEYWORDS or key.startswith("x-")):
            yield place / key, f"the keyword {key} would have no effect"
    if "enum" in schema:
        yield from _check_enumeration(schema, place)
    names: dict[str, str] = {}
    properties: dict[str, Any] = schema.get("properties") or {}
    for wire, found in properties.items():
        at = place / "properties" / wire
        name = name_attribute(wire)
        if fault := find_name_fault(name):
            yield at, f"{fault}: a field can't be called so"
        if name in names:
            yield at, f"would be called {name} in Python, as {names[name]} is"
        names[name] = wire
        yield from _check_schema(found, at, document)
    for name in schema.get("required", []):
        if name not in properties and "allOf" not in schema:
            yield place / "required", f"{name} is required, but not described"
    for key in ("allOf", "anyOf", "oneOf"):
        for index, member in enumerate(schema.get(key, [])):
            yield from _check_schema(member, place / key / index, document)
    if "items" in schema:
        yield from _check_schema(schema["items"], place / "items", document)
    elif schema.get("type") == "array":
        yield place, "an array needs `items`"
    if is_object(schema.get("additionalProperties")):
        at = place / "additionalProperties"
        yield from _check_schema(schema["additionalProperties"], at, document)
        if schema.get("properties"):
            yield at, "the type of additional properties would be lost beside `properties`"
    if schema.get("format") == "binary":
        yield place / "format", "files are not supported"


def _check_reference(reference: str, place: Place, document: Document) -> Problems:
    if not re.fullmatch(r"#/components/schemas/[A-Za-z0-9]+", str(reference)):
        yield place / "$ref", f"{reference} is no reference to a named schema"
        return
    try:
        document.resolve(reference, place / "$ref")
    except SpecError as error:
        yield from error.problems


def _check_enumeration(schema: dict[str, Any], place: Place) -> Problems:
    values = [value for value in schema["enum"] if value is not None]
    if not values or not all(isinstance(value, str) for value in values):
        kinds = sorted({type(value).__name__ for value in values}) or ["nothing"]
        yield place / "enum", f"only texts can be enumerated, not {' and '.join(kinds)}"
        return
    if len(set(values)) < len(values):
        yield place / "enum", "a value stands twice"
    names = schema.get("x-enum-varnames") or [name_member(value) for value in values]
    for key in ("x-enum-varnames", "x-enum-descriptions"):
        if key in schema and len(schema[key]) != len(values):
            yield place / key, f"has {len(schema[key])} entries for {len(values)} values"
    for name in names:
        if not name.isidentifier() or name.startswith("__") or hasattr(StrEnum, name):
            yield place / "enum", f"{name!r} can't be a member's name: give x-enum-varnames"
    if len(set(names)) < len(names):
        yield place / "enum", "two values would have the same name: give x-enum-varnames"


# Operations --------------------------------------------------------------------------------------


def _check_operations(document: Document) -> Problems:
    seen: dict[str, Place] = {}
    for operation in document.walk_operations():
        place = operation.place
        name = operation.raw.get("operationId")
        if name is None:
            yield place, "has no operationId"
        elif not _OPERATION_ID.fullmatch(str(name)):
            yield place / "operationId", f"{name} is not of the form Tasks.create"
        elif name in seen:
            yield place / "operationId", f"{name} is also the name of {seen[name]}"
        else:
            seen[name] = place
            yield from _check_operation_name(name, operation)
        if not (operation.raw.get("summary") or operation.raw.get("description")):
            yield place, "has neither summary nor description"
        yield from _check_parameters(operation, document)
        yield from _check_body(operation, document)
        yield from _check_answers(operation, document)
    for name, place in seen.items():
        collection, _, method = name.partition(".")
        if f"{collection}.a{method}" in seen:
            yield place / "operationId", f"a{method} is the async form of {method} already"


def _check_operation_name(name: str, operation: Operation) -> Problems:
    collection, _, method = name.partition(".")
    if operation.raw.get("tags") != [collection]:
        yield operation.place / "tags", f"must be [{collection}], as the operationId begins"
    if method in RESERVED_OPERATIONS or (find_name_fault(method) and method != "list"):
        yield operation.place / "operationId", f"{method} can't be the name of a method"


def _check_parameters(operation: Operation, document: Document) -> Problems:
    named = set(re.findall(r"{([^}]*)}", operation.path))
    given: set[str] = set()
    for place, parameter in operation.parameters:
        where = parameter.get("in")
        if where not in ("path", "query", "header"):
            yield place, f"a parameter in {where} is not supported"
        if "schema" not in parameter:
            yield place, "has no schema; `content` would be dropped"
            continue
        for key in ("allowReserved", "allowEmptyValue"):
            if parameter.get(key):
                yield place / key, "would have no effect"
        usual = {"query": "form"}.get(str(where), "simple")
        if parameter.get("style", usual) != usual:
            yield place / "style", f"the style {parameter['style']} is not supported"
        if "explode" in parameter and parameter["explode"] is not (where == "query"):
            yield place / "explode", "is not supported"
        if where == "path":
            given.add(parameter["name"])
        yield from _check_schema(parameter["schema"], place / "schema", document)
        yield from _check_scalar(parameter, place, document)
        if fault := find_name_fault(name_attribute(parameter["name"])):
            yield place, f"{fault}: a keyword can't be called so"
    for name in sorted(named ^ given):
        yield operation.place, f"{name} stands in the path or in its parameters, but not in both"


def _check_scalar(parameter: dict[str, Any], place: Place, document: Document) -> Problems:
    try:
        _, schema = document.dereference(parameter["schema"], place / "schema")
    except SpecError:
        return  # said already
    kinds = schema.get("type", [])
    kinds = kinds if is_list(kinds) else [kinds]
    simple = {"string", "integer", "number", "boolean", "null"}
    if parameter["in"] == "query" and kinds == ["array"]:
        return
    if not kinds or not set(kinds) <= simple:
        yield place / "schema", "a parameter must be a text, a number or a boolean"
    if parameter["in"] == "header" and schema.get("format") in ("date", "date-time"):
        yield place / "schema", "a header that is a date would drop the operation"


def _check_body(operation: Operation, document: Document) -> Problems:
    if "requestBody" not in operation.raw:
        return
    place, body = document.dereference(
        operation.raw["requestBody"], operation.place / "requestBody"
    )
    if not body.get("required"):
        yield place, "a body must be required"
    if list(body.get("content", {})) != [_JSON]:
        kinds = ", ".join(body.get("content", {})) or "nothing"
        yield place / "content", f"a body must be {_JSON} and nothing else, not {kinds}"
        return
    media = body["content"][_JSON]
    if "schema" not in media:
        yield place / "content" / _JSON, "has no schema"
    else:
        yield from _check_schema(media["schema"], place / "content" / _JSON / "schema", document)


def _check_answers(operation: Operation, document: Document) -> Problems:
    wanted = _EVENTS if "x-stream" in operation.raw else _JSON
    place = operation.place / "responses"
    successes = 0
    for status, response in operation.raw.get("responses", {}).items():
        at, found = document.dereference(response, place / str(status))
        if not re.fullmatch(r"[1-5]\d\d", str(status)):
            yield place / str(status), f"{status} is no status code"
            continue
        content = found.get("content", {})
        success = str(status).startswith("2")
        successes += success
        expected = wanted if success else _JSON
        both = success and "x-run" in operation.raw
        if content and list(content) != ([_JSON, _EVENTS] if both else [expected]):
            wished = f"{_JSON} and {_EVENTS}" if both else expected
            yield at / "content", f"must be {wished} and nothing else, not {', '.join(content)}"
            continue
        for kind, media in content.items():
            if "schema" not in media:
                yield at / "content" / kind, "has no schema"
            else:
                yield from _check_schema(
                    media["schema"], at / "content" / kind / "schema", document
                )
    if successes != 1:
        yield place, f"there must be one success, not {successes}"


# What the extensions say -------------------------------------------------------------------------


def _check_arguments(document: Document) -> Problems:
    for operation in document.walk_operations():
        try:
            arguments = list_arguments(operation, document)
        except SpecError as error:
            yield from error.problems
            continue
        place = operation.place / "x-arguments"
        optional = ""
        names: set[str] = set()
        for argument in arguments:
            at = place / argument.name if "x-arguments" in operation.raw else argument.place
            if fault := find_name_fault(argument.name):
                yield at, f"{fault}: a keyword can't be called so"
            if argument.name in names:
                yield at, f"there are two keywords {argument.name}"
            names.add(argument.name)
            if not argument.required:
                optional = argument.name
            elif optional and "x-arguments" in operation.raw:
                yield at, f"is required, and can't stand after {optional}, which is not"
        for name in operation.raw.get("x-example", {}).get("arguments", {}):
            if name not in names:
                yield operation.place / "x-example", f"there is no keyword {name}"


def _check_streams(document: Document) -> Problems:
    schemas = {name: schema for _, name, schema in document.walk_schemas()}
    operations = {each.raw["operationId"]: each for each in document.walk_operations()}
    for name, operation in operations.items():
        raw = operation.raw.get("x-stream")
        if raw is None:
            continue
        place = operation.place / "x-stream"
        item = schemas.get(raw["item"])
        if item is None:
            yield place / "item", f"there is no schema {raw['item']}"
            continue
        for field in raw.get("terminal", {}):
            if field not in item.get("properties", {}):
                yield place / "terminal", f"{raw['item']} has no field {field}"
        if raw.get("named") and "x-data-types" not in item:
            yield place / "named", f"{raw['item']} needs x-data-types"
        if probe := raw.get("probe"):
            known = operations.get(probe)
            if known is None or probe.partition(".")[0] != name.partition(".")[0]:
                yield place / "probe", f"there is no operation {probe} beside this one"
    for place, name, schema in document.walk_schemas():
        data_types = schema.get("x-data-types", {})
        for key in ("field", "by"):
            if data_types and data_types[key] not in schema.get("properties", {}):
                yield place / "x-data-types" / key, f"{name} has no field {data_types[key]}"
        for value in data_types.get("types", {}):
            if (kind := name_event_kind(value)) in schemas:
                at = place / "x-data-types" / "types" / value
                yield at, f"its class would be called {kind}, as a schema is"


def _check_pages(document: Document) -> Problems:
    taken = {each.raw["operationId"] for each in document.walk_operations()}
    for operation in document.walk_operations():
        filters = operation.raw.get("x-filters")
        keywords = {each.name for each in list_arguments(operation, document)}
        if filters is not None and (find_name_fault(filters) or filters in keywords):
            yield operation.place / "x-filters", f"{filters} can't be the name of another keyword"
        raw = operation.raw.get("x-pages")
        if raw is None:
            continue
        place = operation.place / "x-pages"
        collection = operation.raw["tags"][0]
        names = {f"{collection}.{raw['method']}", f"{collection}.a{raw['method']}"}
        if raw["method"] in RESERVED_OPERATIONS or find_name_fault(raw["method"]) or names & taken:
            yield place / "method", f"{raw['method']} can't be the name of a method"
        taken |= names
        for status, response in operation.raw["responses"].items():
            if not status.startswith("2"):
                continue
            if PAGE_NEXT not in response.get("headers", {}):
                yield place, f"the answer has no header {PAGE_NEXT}"
            if response.get("content", {}).get(_JSON, {}).get("schema", {}).get("type") != "array":
                yield place, "the answer is no list"
        query = {
            each["name"]: each["schema"]
            for _, each in operation.parameters
            if each["in"] == "query"
        }
        if any(each.name == PAGE_SIZE for each in list_arguments(operation, document)):
            yield place, f"there is a keyword {PAGE_SIZE} already"
        if PAGE_CURSOR not in query:
            yield place, f"there is no query parameter {PAGE_CURSOR}"
        limit = query.get(PAGE_LIMIT, {})
        if limit.get("type") != "integer" or not {"minimum", "maximum"} <= limit.keys():
            yield place, f"there is no query parameter {PAGE_LIMIT} with a minimum and a maximum"
        elif not limit["minimum"] <= raw["page_size"] <= limit["maximum"]:
            yield place / "page_size", f"is not from {limit['minimum']} to {limit['maximum']}"


def _check_runs(document: Document) -> Problems:
    operations = {each.raw["operationId"]: each for each in document.walk_operations()}
    for name, operation in operations.items():
        raw = operation.raw.get("x-run")
        if raw is None:
            continue
        place = operation.place / "x-run"
        collection = name.partition(".")[0]
        method = raw["method"]
        taken = {f"{collection}.{method}", f"{collection}.a{method}"} & operations.keys()
        if method in RESERVED_OPERATIONS or find_name_fault(method) or taken:
            yield place / "method", f"{method} can't be the name of a method"
        keywords = {each.name for each in list_arguments(operation, document)}
        if "timeout" in keywords:
            yield place, "there is a keyword timeout already"
        for keyword in raw.get("defaults", {}):
            if keyword not in keywords:
                yield place / "defaults" / keyword, "the operation has no such keyword"
        followed = operations.get(raw["stream"])
        if followed is None or raw["stream"].partition(".")[0] != collection:
            yield place / "stream", f"there is no operation {raw['stream']} beside this one"
        elif "probe" not in followed.raw.get("x-stream", {}):
            yield place / "stream", f"{raw['stream']} is no stream with a probe"


def _check_resources(document: Document) -> Problems:
    operations = {each.raw["operationId"]: each for each in document.walk_operations()}
    resources = {name for _, name, schema in document.walk_schemas() if "x-resource" in schema}
    for place, name, schema in document.walk_schemas():
        for mixin in schema.get("x-mixins", []):
            if not _MIXIN.fullmatch(mixin):
                why = f"{mixin} is no class in a module, as `core.message.Words` is"
                yield place / "x-mixins", why
        if name not in resources:
            for wire, found in schema.get("properties", {}).items():
                if any(each.keys() <= {"description"} for each in found.get("anyOf", [])):
                    continue  # anything at all: printed as `Any`, whatever else is said of it
                for used in sorted(_collect_references(found) & resources):
                    at = place / "properties" / wire
                    yield at, f"data can't contain {used}, which calls the platform"
            continue
        fields = {name_attribute(wire) for wire in schema.get("properties", {})}
        for method, raw in schema["x-resource"].items():
            at = place / "x-resource" / method
            for taken in (method, raw.get("async", f"a{method}")):
                if taken in fields or taken == "configuration":
                    yield at, f"{taken} is a field already"
            for key in ("operation", "stream", "probe"):
                if key in raw and raw[key] not in operations:
                    yield at / key, f"there is no operation {raw[key]}"
            if missing := RESOURCE_METHODS[raw["does"]] - raw.keys():
                yield at, f"a method that does {raw['does']} needs {', '.join(sorted(missing))}"
            called = operations.get(raw.get("operation") or raw.get("stream", ""))
            if called is None:
                continue
            if raw["does"] in ("save", "set") and not called.raw.get("x-partial"):
                yield at / "operation", "has no x-partial, so single fields can't be sent"
            keywords = {each.name for each in list_arguments(called, document)}
            for argument in raw.get("arguments", {}):
                if argument not in keywords:
                    yield at / "arguments" / argument, "the operation has no such keyword"
            for first in raw.get("begins", []):
                if first not in keywords:
                    yield at / "begins", f"the operation has no keyword {first}"
        for wire in ("configuration",):
            if wire in fields:
                yield place / "properties" / wire, "is what an object is bound to"


def _collect_references(value: Any) -> set[str]:
    """Return the schemas that a schema refers to directly."""
    if is_object(value):
        inner = [_collect_references(item) for item in value.values()]
        own = [str(value["$ref"]).rsplit("/", 1)[-1]] if "$ref" in value else []
        return set(own).union(*inner)
    if is_list(value):
        return {name for item in value for name in _collect_references(item)}
    return set()
