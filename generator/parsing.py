"""Drives openapi-python-client: it reads the types, and tells what it would leave out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError, ParseError
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import EnumProperty, ModelProperty
from openapi_python_client.strings import PythonIdentifier

from generator.document import Document, Place, SpecError
from generator.values import is_list, is_object

TEMPLATES = Path(__file__).parent / "templates"


@attrs.frozen
class Parsed:
    """What openapi-python-client read, by the names of the specification."""

    project: Project
    models: dict[str, ModelProperty]
    enums: dict[str, EnumProperty]
    endpoints: dict[str, Endpoint]


def parse(document: Document) -> Parsed:
    """Have a plain specification read.

    Raises:
        SpecError: something in it would be left out.
    """
    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        document_source=Path(document.root.file),
        file_encoding="utf-8",
        overwrite=True,
        output_path=Path(),
    )
    try:
        data = GeneratorData.from_dict(_strip_for_library(document.raw), config=config)
    except ValueError as error:  # it raises this for an enumeration whose members collide
        raise SpecError([(document.root / "components" / "schemas", str(error))]) from error
    if isinstance(data, GeneratorError):
        raise SpecError([(document.root, f"{data.header}: {data.detail}")])
    project = Project(openapi=data, config=config, custom_template_path=TEMPLATES)
    collections = data.endpoint_collections_by_tag.values()
    faults = [*data.errors]
    for collection in collections:
        faults += collection.parse_errors
    if faults:
        raise SpecError(
            [(_find_place(fault, document), _describe_fault(fault)) for fault in faults]
        )
    models = {str(model.class_info.name): model for model in data.models}
    enums = {
        str(enum.class_info.name): enum for enum in data.enums if isinstance(enum, EnumProperty)
    }
    lost = [
        (place, f"openapi-python-client does not print a class called {name}")
        for place, name, schema in document.walk_schemas()
        if ("enum" in schema or schema.get("properties")) and name not in {*models, *enums}
    ]
    if lost:
        raise SpecError(lost)
    by_name = {
        str(endpoint.name): endpoint
        for collection in collections
        for endpoint in collection.endpoints
    }
    endpoints = {
        operation.raw["operationId"]: by_name[
            PythonIdentifier(operation.raw["operationId"], config.field_prefix)
        ]
        for operation in document.walk_operations()
    }
    return Parsed(project, models, enums, endpoints)


def _strip_for_library(value: Any, key: str = "") -> Any:
    """Return a copy without what the library would trip over: titles rename classes, a text beside
    a reference hides it, and examples are of no use to it.
    """
    if is_object(value):
        if isinstance(value.get("$ref"), str):
            return {"$ref": value["$ref"]}
        names = key in ("properties", "schemas", "paths", "responses", "content")
        return {
            name: _strip_for_library(item, name)
            for name, item in value.items()
            if names or key == "info" or not (name in _USELESS or name.startswith("x-"))
        }
    if is_list(value):
        return [_strip_for_library(item) for item in value]
    return value


_USELESS = frozenset({"title", "example", "examples"})
_OPERATION = re.compile(r"parsing ([A-Z]+) (\S+) within")
_SCHEMA = re.compile(r"/components/schemas/([^\s/:]+)|process schema ([^\s:]+)")


def _find_place(fault: ParseError, document: Document) -> Place:
    if found := _OPERATION.search(fault.header or ""):
        return document.root / "paths" / found[2] / found[1].lower()
    if found := _SCHEMA.search(f"{fault.header} {fault.detail}"):
        return document.root / "components" / "schemas" / (found[1] or found[2])
    return document.root


def _describe_fault(fault: ParseError) -> str:
    said = " ".join(f"{fault.header or ''} {fault.detail or ''}".split())
    return said or "openapi-python-client can't read this"
