"""Rewrites a specification into the plain shape that is printed from.

Enumerations and objects described in place get names of their own, `allOf` becomes one object, and
references to parameters, bodies and responses are filled in.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from generator.document import METHODS, Document, Place, SpecError
from generator.naming import name_member
from generator.values import is_list, is_object


def normalise(document: Document) -> Document:
    """Return a copy of the specification in plain shape.

    Raises:
        SpecError: two things would have to be called the same, or an `allOf` contradicts itself.
    """
    plain = Document(deepcopy(document.raw), document.root)
    schemas = plain.raw.setdefault("components", {}).setdefault("schemas", {})
    for place, _, schema in list(plain.walk_schemas()):
        _merge(schema, plain, place)
    hoisting = _Hoisting(plain, schemas)
    for place, name, schema in list(plain.walk_schemas()):
        hoisting.name_inside(schema, name, place)
    for operation in list(plain.walk_operations()):
        raw = dict(operation.raw)
        prefix = name_member(raw.get("operationId", operation.path))
        raw["parameters"] = [dict(found) for _, found in operation.parameters]
        for parameter in raw["parameters"]:
            parameter["schema"] = hoisting.name(
                parameter.get("schema", {}),
                prefix + name_member(parameter["name"]),
                operation.place / "parameters" / parameter["name"],
            )
        if "requestBody" in raw:
            place, body = plain.dereference(raw["requestBody"], operation.place / "requestBody")
            raw["requestBody"] = body = deepcopy(body)
            _hoist_content(hoisting, body, f"{prefix}Body", place)
        responses = {}
        for status, response in raw.get("responses", {}).items():
            place, response = plain.dereference(response, operation.place / "responses" / status)
            responses[str(status)] = response = deepcopy(response)
            _hoist_content(hoisting, response, f"{prefix}Answer{status}", place)
        raw["responses"] = responses
        item = plain.raw["paths"][operation.path]
        item[operation.method] = raw
    for item in plain.raw.get("paths", {}).values():
        if any(method in item for method in METHODS):
            item.pop("parameters", None)
    return plain


def _hoist_content(hoisting: _Hoisting, holder: dict[str, Any], name: str, place: Place) -> None:
    for kind, media in holder.get("content", {}).items():
        if "schema" in media:
            at = place / "content" / kind / "schema"
            media["schema"] = hoisting.name(media["schema"], name, at)


class _Hoisting:
    """Gives names to what was described in place."""

    def __init__(self, document: Document, schemas: dict[str, Any]) -> None:
        self._document = document
        self._schemas = schemas

    def name_inside(self, schema: dict[str, Any], name: str, place: Place) -> None:
        """Name what is described inside a schema that has a name already."""
        for wire, found in schema.get("properties", {}).items():
            at = place / "properties" / wire
            schema["properties"][wire] = self.name(found, name + name_member(wire), at)
        self._name_members(schema, name, place)

    def name(self, schema: dict[str, Any], name: str, place: Place) -> dict[str, Any]:
        """Return the schema, or a reference to it under its new name."""
        schema = deepcopy(schema)
        _merge(schema, self._document, place)
        if "enum" in schema or schema.get("properties"):
            if name in self._schemas:
                raise SpecError([(place, f"would be called {name}, as another schema is")])
            values = schema.get("enum", ())
            reference: dict[str, Any]
            kept: dict[str, Any] = {
                key: schema.pop(key) for key in ("default", "readOnly") if key in schema
            }
            if None in values or is_list(schema.get("type")):
                schema["enum"] = [value for value in values if value is not None]
                schema["type"] = next(kind for kind in schema["type"] if kind != "null")
                reference = {"anyOf": [{"$ref": _refer_to(name)}, {"type": "null"}]}
            else:
                reference = {"$ref": _refer_to(name)}
            self._schemas[name] = schema
            self.name_inside(schema, name, place)
            return {**kept, "description": schema.get("description", ""), **reference}
        self._name_members(schema, name, place)
        return schema

    def _name_members(self, schema: dict[str, Any], name: str, place: Place) -> None:
        for key in ("anyOf", "oneOf"):
            for index, member in enumerate(schema.get(key, [])):
                label = f"{name}{index}" if len(schema[key]) > 2 else name
                schema[key][index] = self.name(member, label, place / key / index)
        for key in ("items", "additionalProperties"):
            if is_object(schema.get(key)):
                schema[key] = self.name(schema[key], f"{name}Item", place / key)


def _refer_to(name: str) -> str:
    return f"#/components/schemas/{name}"


def _merge(schema: dict[str, Any], document: Document, place: Place) -> None:
    """Make an `allOf` the one object that it describes."""
    members = schema.pop("allOf", None)
    if members is None:
        return
    if len(members) == 1 and "$ref" in members[0] and not schema.get("properties"):
        schema["$ref"] = members[0]["$ref"]
        return
    properties: dict[str, Any] = {}
    required: list[str] = []
    for index, member in enumerate([*members, schema]):
        at, found = document.dereference(member, place / "allOf" / index)
        found = deepcopy(found)
        _merge(found, document, at)
        if found.get("type", "object") != "object" or "anyOf" in found or "oneOf" in found:
            raise SpecError([(place / "allOf" / index, "only objects can be merged")])
        for wire, described in found.get("properties", {}).items():
            if wire in properties and properties[wire] != described:
                raise SpecError([(place, f"{wire} is described twice, and differently")])
            properties[wire] = described
        required += [name for name in found.get("required", []) if name not in required]
        for key in ("description", "additionalProperties"):
            if key in found and key not in schema:
                schema[key] = found[key]
    schema.update(type="object", properties=properties, required=required)
