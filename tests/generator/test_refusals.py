"""What would be lost or printed wrong is an error that names its place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from generator import SpecError, generate
from generator.__main__ import main

MISSING = object()
GET = "paths./things/{thing_id}.get"
POST = "paths./things.post"
THING = "components.schemas.Thing"


def sound() -> dict[str, Any]:
    """A specification with nothing wrong in it."""
    ok: dict[str, Any] = {
        "description": "The thing.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
    }
    created = copy.deepcopy(ok)
    created["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {
            "/things": {
                "get": {
                    "operationId": "Things.list",
                    "tags": ["Things"],
                    "summary": "List the things.",
                    "x-pages": {"method": "iter", "page_size": 5, "summary": "Go through them."},
                    "parameters": [
                        {
                            "name": "limit",
                            "in": "query",
                            "schema": {"type": "integer", "minimum": 1, "maximum": 9},
                        },
                        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
                    ],
                    "responses": {
                        "200": {
                            "description": "The things.",
                            "headers": {"x-next-cursor": {"schema": {"type": "string"}}},
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/Thing"},
                                    }
                                }
                            },
                        }
                    },
                },
                "post": {
                    "operationId": "Things.create",
                    "tags": ["Things"],
                    "summary": "Make a thing.",
                    "parameters": [
                        {"name": "dry", "in": "query", "schema": {"type": "boolean"}},
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        },
                    },
                    "x-run": {
                        "method": "run",
                        "stream": "Things.events",
                        "follows": "kind",
                        "finished": "kind",
                        "summary": "Make a thing, and wait for it.",
                    },
                    "responses": {"200": created},
                },
            },
            "/things/{thing_id}": {
                "get": {
                    "operationId": "Things.get",
                    "tags": ["Things"],
                    "summary": "Get a thing.",
                    "parameters": [
                        {
                            "name": "thing_id",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string"},
                        }
                    ],
                    "responses": {"200": copy.deepcopy(ok)},
                },
            },
            "/things/{thing_id}/events": {
                "get": {
                    "operationId": "Things.events",
                    "tags": ["Things"],
                    "summary": "Follow a thing.",
                    "x-stream": {
                        "item": "Happening",
                        "terminal": {"type": ["end"]},
                        "probe": "Things.get",
                    },
                    "parameters": [
                        {
                            "name": "thing_id",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string"},
                        }
                    ],
                    "responses": {
                        "200": {
                            "description": "Events.",
                            "content": {"text/event-stream": {"schema": {"type": "string"}}},
                        }
                    },
                },
            },
        },
        "components": {
            "schemas": {
                "Thing": {
                    "type": "object",
                    "description": "A thing.",
                    "required": ["id"],
                    "properties": {
                        "id": {"type": "string"},
                        "kind": {"$ref": "#/components/schemas/Kind"},
                    },
                },
                "Kind": {"type": "string", "enum": ["a", "b"]},
                "Happening": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"type": "string"}, "data": {}},
                },
            }
        },
    }


def changed(place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A sound specification but for one place."""
    spec = sound()
    at: Any = spec
    for step in place[:-1]:
        at = at[step]
    if value is MISSING:
        del at[place[-1]]
    elif isinstance(at, list) and place[-1] == len(at):
        at.append(value)
    else:
        at[place[-1]] = value
    return spec


def write(spec: dict[str, Any], directory: Path) -> Path:
    path = directory / "things.yaml"
    path.write_text(json.dumps(spec), encoding="utf-8")  # JSON is YAML, and keeps the order
    return path


def test_the_sound_specification_is_printed(tmp_path: Path) -> None:
    assert "resources/things.py" in generate(write(sound(), tmp_path), "things")


CREATE = ("paths", "/things", "post")
READ = ("paths", "/things/{thing_id}", "get")
LIST = ("paths", "/things", "get")
PAGES = "paths./things.get.x-pages"
RUN = "paths./things.post.x-run"
FOLLOW = ("paths", "/things/{thing_id}/events", "get")
SCHEMAS = ("components", "schemas")
PROPERTIES = (*SCHEMAS, "Thing", "properties")
CONTENT = ("requestBody", "content")
JSON = "application/json"

REFUSALS: dict[str, tuple[tuple[str | int, ...], Any, str, str]] = {
    # what: (where it is changed, to what, the place that is named, what is said)
    "a version that is not understood": (("openapi",), "3.2.0", "openapi", "3.2.0"),
    "no operationId": ((*READ, "operationId"), MISSING, GET, "has no operationId"),
    "an operationId of another form": (
        (*READ, "operationId"),
        "get_thing",
        f"{GET}.operationId",
        "not of the form",
    ),
    "an operationId that stands twice": (
        (*READ, "operationId"),
        "Things.create",
        f"{GET}.operationId",
        "also the name of",
    ),
    "a method that is an async twin": (
        (*READ, "operationId"),
        "Things.acreate",
        f"{POST}.operationId",
        "async form",
    ),
    "a method that every collection has": (
        (*READ, "operationId"),
        "Things.options",
        f"{GET}.operationId",
        "can't be the name",
    ),
    "a method that is a keyword": (
        (*READ, "operationId"),
        "Things.import",
        f"{GET}.operationId",
        "can't be the name",
    ),
    "a tag that is not the collection": ((*READ, "tags"), ["Other"], f"{GET}.tags", "[Things]"),
    "an operation without a word about it": (
        (*READ, "summary"),
        MISSING,
        GET,
        "neither summary nor description",
    ),
    "a cookie": (
        (*CREATE, "parameters", 0, "in"),
        "cookie",
        f"{POST}.parameters.0",
        "cookie",
    ),
    "a parameter with content": (
        (*CREATE, "parameters", 0),
        {"name": "dry", "in": "query", "content": {JSON: {"schema": {"type": "string"}}}},
        f"{POST}.parameters.0",
        "no schema",
    ),
    "a parameter in deepObject style": (
        (*CREATE, "parameters", 0, "style"),
        "deepObject",
        f"{POST}.parameters.0.style",
        "deepObject",
    ),
    "a parameter that is not exploded": (
        (*CREATE, "parameters", 0, "explode"),
        False,
        f"{POST}.parameters.0.explode",
        "not supported",
    ),
    "a parameter that is an object": (
        (*CREATE, "parameters", 0, "schema"),
        {"type": "object"},
        f"{POST}.parameters.0.schema",
        "must be a text",
    ),
    "a header that is a date": (
        (*CREATE, "parameters", 0),
        {"name": "since", "in": "header", "schema": {"type": "string", "format": "date-time"}},
        f"{POST}.parameters.0.schema",
        "drop the operation",
    ),
    "a parameter called like a keyword": (
        (*CREATE, "parameters", 0, "name"),
        "from",
        f"{POST}.parameters.0",
        "Python keyword",
    ),
    "a parameter of a path that does not name it": (
        (*READ, "parameters", 0, "name"),
        "other_id",
        GET,
        "not in both",
    ),
    "a body that may be missing": (
        (*CREATE, "requestBody", "required"),
        False,
        f"{POST}.requestBody",
        "must be required",
    ),
    "a body that is a form": (
        (*CREATE, *CONTENT),
        {"multipart/form-data": {"schema": {"type": "object"}}},
        f"{POST}.requestBody.content",
        "multipart/form-data",
    ),
    "a body of two kinds": (
        (*CREATE, *CONTENT, "text/plain"),
        {"schema": {"type": "string"}},
        f"{POST}.requestBody.content",
        "nothing else",
    ),
    "a body without a schema": (
        (*CREATE, *CONTENT, JSON),
        {},
        f"{POST}.requestBody.content.{JSON}",
        "no schema",
    ),
    "an answer of another kind": (
        (*READ, "responses", "200", "content"),
        {"application/xml": {"schema": {}}},
        f"{GET}.responses.200.content",
        "application/xml",
    ),
    "an answer of two kinds": (
        (*READ, "responses", "200", "content", "text/event-stream"),
        {"schema": {}},
        f"{GET}.responses.200.content",
        "nothing else",
    ),
    "an answer without a schema": (
        (*READ, "responses", "200", "content", JSON),
        {},
        f"{GET}.responses.200.content.{JSON}",
        "no schema",
    ),
    "two successes": (
        (*READ, "responses", "201"),
        {"description": "Too."},
        f"{GET}.responses",
        "one success",
    ),
    "no success": (
        (*READ, "responses"),
        {"404": {"description": "No."}},
        f"{GET}.responses",
        "one success",
    ),
    "an answer for a range of statuses": (
        (*READ, "responses", "4XX"),
        {"description": "No."},
        f"{GET}.responses.4XX",
        "no status code",
    ),
    "an answer that is nowhere": (
        (*READ, "responses", "404"),
        {"$ref": "#/components/responses/No"},
        f"{GET}.responses.404",
        "leads nowhere",
    ),
    "a stream that is not declared": (
        (*FOLLOW, "x-stream"),
        MISSING,
        "paths./things/{thing_id}/events.get.responses.200.content",
        JSON,
    ),
    "a stream of events that are not described": (
        (*FOLLOW, "x-stream", "item"),
        "Nothing",
        "paths./things/{thing_id}/events.get.x-stream.item",
        "no schema Nothing",
    ),
    "a stream that ends with a field that is not there": (
        (*FOLLOW, "x-stream", "terminal"),
        {"kind": ["end"]},
        "paths./things/{thing_id}/events.get.x-stream.terminal",
        "no field kind",
    ),
    "a probe that does not exist": (
        (*FOLLOW, "x-stream", "probe"),
        "Things.look",
        "paths./things/{thing_id}/events.get.x-stream.probe",
        "no operation Things.look",
    ),
    "an unknown extension": (
        (*READ, "x-retries"),
        3,
        f"{GET}.x-retries",
        "not known here",
    ),
    "an extension in the wrong place": (
        (*SCHEMAS, "Thing", "x-replay"),
        "always",
        f"{THING}.x-replay",
        "not known here",
    ),
    "an extension of the wrong shape": (
        (*READ, "x-replay"),
        "sometimes",
        f"{GET}.x-replay",
        "must be one of always, keyed, never",
    ),
    "an unknown word in an extension": (
        (*FOLLOW, "x-stream", "retries"),
        3,
        "paths./things/{thing_id}/events.get.x-stream",
        "knows no `retries`",
    ),
    "an argument that goes nowhere": (
        (*CREATE, "x-arguments"),
        {"id": "body.uid"},
        f"{POST}.x-arguments.id",
        "no place",
    ),
    "a parameter that no argument fills": (
        (*CREATE, "x-arguments"),
        {"id": "body.id", "kind": "body.kind"},
        f"{POST}.parameters.0",
        "no keyword",
    ),
    "a required argument after one that is not": (
        (*CREATE, "x-arguments"),
        {"dry": "query.dry", "kind": "body.kind", "id": "body.id"},
        f"{POST}.x-arguments.id",
        "can't stand after kind",
    ),
    "an example with an unknown argument": (
        (*READ, "x-example"),
        {"arguments": {"colour": "red"}},
        f"{GET}.x-example",
        "no keyword colour",
    ),
    "an example that shows what is not there": (
        (*READ, "x-example"),
        {"arguments": {"thing_id": "1"}, "name": "thing", "shows": "id"},
        f"{GET}.x-example",
        "has no example",
    ),
    "a schema that is no class": (
        (*SCHEMAS, "thing-list"),
        {"type": "object"},
        "components.schemas.thing-list",
        "CapWords",
    ),
    "a keyword without effect": (
        (*SCHEMAS, "Thing", "patternProperties"),
        {},
        f"{THING}.patternProperties",
        "no effect",
    ),
    "a discriminator": (
        (*PROPERTIES, "kind"),
        {"oneOf": [{"type": "string"}], "discriminator": {"propertyName": "type"}},
        f"{THING}.properties.kind.discriminator",
        "no effect",
    ),
    "a constant": (
        (*PROPERTIES, "kind"),
        {"const": "a"},
        f"{THING}.properties.kind.const",
        "no effect",
    ),
    "definitions within a schema": (
        (*SCHEMAS, "Thing", "$defs"),
        {"Inner": {}},
        f"{THING}.$defs",
        "no effect",
    ),
    "a reference into a schema": (
        (*PROPERTIES, "kind"),
        {"$ref": "#/components/schemas/Thing/properties/id"},
        f"{THING}.properties.kind.$ref",
        "no reference to a named schema",
    ),
    "a reference to another file": (
        (*PROPERTIES, "kind"),
        {"$ref": "other.yaml#/Kind"},
        f"{THING}.properties.kind.$ref",
        "no reference to a named schema",
    ),
    "a reference that leads nowhere": (
        (*PROPERTIES, "kind"),
        {"$ref": "#/components/schemas/Gone"},
        f"{THING}.properties.kind.$ref",
        "leads nowhere",
    ),
    "an array of nothing": (
        (*PROPERTIES, "kind"),
        {"type": "array"},
        f"{THING}.properties.kind",
        "needs `items`",
    ),
    "a file": (
        (*PROPERTIES, "kind"),
        {"type": "string", "format": "binary"},
        f"{THING}.properties.kind.format",
        "files",
    ),
    "a mixed enumeration": (
        (*SCHEMAS, "Kind", "enum"),
        ["a", 1],
        "components.schemas.Kind.enum",
        "int and str",
    ),
    "an enumeration of numbers": (
        (*SCHEMAS, "Kind"),
        {"type": "integer", "enum": [1, 2]},
        "components.schemas.Kind.enum",
        "not int",
    ),
    "an enumeration whose members collide": (
        (*SCHEMAS, "Kind", "enum"),
        ["a", "A"],
        "components.schemas.Kind.enum",
        "same name",
    ),
    "an enumeration with a member that is no name": (
        (*SCHEMAS, "Kind", "enum"),
        ["1a"],
        "components.schemas.Kind.enum",
        "x-enum-varnames",
    ),
    "an enumeration that hides a method of texts": (
        (*SCHEMAS, "Kind"),
        {"type": "string", "enum": ["a"], "x-enum-varnames": ["title"]},
        "components.schemas.Kind.enum",
        "'title'",
    ),
    "too few names for an enumeration": (
        (*SCHEMAS, "Kind", "x-enum-varnames"),
        ["One"],
        "components.schemas.Kind.x-enum-varnames",
        "1 entries for 2 values",
    ),
    "a default that is no value of the enumeration": (
        (*PROPERTIES, "state"),
        {"type": "string", "enum": ["x"], "default": "y"},
        f"{THING}.properties.state.default",
        "y is no ThingState",
    ),
    "a field called like a keyword": (
        (*PROPERTIES, "class"),
        {"type": "string"},
        f"{THING}.properties.class",
        "Python keyword",
    ),
    "a field called like something that is needed": (
        (*PROPERTIES, "list"),
        {"type": "string"},
        f"{THING}.properties.list",
        "a name that generated code needs",
    ),
    "two fields that would be called the same": (
        (*PROPERTIES, "Kind"),
        {"type": "string"},
        f"{THING}.properties.Kind",
        "as kind is",
    ),
    "a required field that is not described": (
        (*SCHEMAS, "Thing", "required"),
        ["id", "size"],
        f"{THING}.required",
        "size is required",
    ),
    "an allOf that contradicts itself": (
        (*SCHEMAS, "Other"),
        {
            "allOf": [
                {"$ref": "#/components/schemas/Thing"},
                {"type": "object", "properties": {"id": {"type": "integer"}}},
            ]
        },
        "components.schemas.Other",
        "id is described twice",
    ),
    "an allOf of what is no object": (
        (*SCHEMAS, "Other"),
        {"allOf": [{"$ref": "#/components/schemas/Thing"}, {"$ref": "#/components/schemas/Kind"}]},
        "components.schemas.Other.allOf.1",
        "only objects",
    ),
    "data that contains what calls the platform": (
        (*SCHEMAS, "Kind"),
        {"type": "object", "properties": {"thing": {"$ref": "#/components/schemas/Held"}}},
        "components.schemas.Kind.properties.thing",
        "data can't contain Held",
    ),
    "pages that are gone through by a method that is there": (
        (*LIST, "x-pages", "method"),
        "get",
        f"{PAGES}.method",
        "get can't be the name of a method",
    ),
    "pages that are gone through by a method that every collection has": (
        (*LIST, "x-pages", "method"),
        "options",
        f"{PAGES}.method",
        "options can't be the name of a method",
    ),
    "pages of a size that they can't have": (
        (*LIST, "x-pages", "page_size"),
        10,
        f"{PAGES}.page_size",
        "is not from 1 to 9",
    ),
    "pages beside a keyword for their size": (
        (*LIST, "parameters", 2),
        {"name": "pageSize", "in": "query", "schema": {"type": "integer"}},
        PAGES,
        "there is a keyword page_size already",
    ),
    "pages without a limit to their size": (
        (*LIST, "parameters", 0, "schema"),
        {"type": "integer", "minimum": 1},
        PAGES,
        "query parameter limit with a minimum and a maximum",
    ),
    "pages that nothing goes on from": (
        (*LIST, "parameters", 1, "name"),
        "after",
        PAGES,
        "no query parameter cursor",
    ),
    "pages that don't say where they go on": (
        (*LIST, "responses", "200", "headers"),
        MISSING,
        PAGES,
        "no header x-next-cursor",
    ),
    "pages of what is no list": (
        (*LIST, "responses", "200", "content", "application/json", "schema"),
        {"$ref": "#/components/schemas/Thing"},
        PAGES,
        "the answer is no list",
    ),
    "filters called like another argument": (
        (*LIST, "x-filters"),
        "limit",
        "paths./things.get.x-filters",
        "limit can't be the name",
    ),
    "pages that say too little of themselves": (
        (*LIST, "x-pages", "page_size"),
        MISSING,
        PAGES,
        "needs `page_size`",
    ),
    "a creation that is waited for by a method that is there": (
        (*CREATE, "x-run", "method"),
        "get",
        f"{RUN}.method",
        "get can't be the name of a method",
    ),
    "a creation that is followed by nothing": (
        (*CREATE, "x-run", "stream"),
        "Things.watch",
        f"{RUN}.stream",
        "no operation Things.watch beside this one",
    ),
    "a creation that is followed by what is no stream": (
        (*CREATE, "x-run", "stream"),
        "Things.get",
        f"{RUN}.stream",
        "no stream with a probe",
    ),
    "a creation with a default for what it does not take": (
        (*CREATE, "x-run", "defaults"),
        {"wet": True},
        f"{RUN}.defaults.wet",
        "no such keyword",
    ),
    "a creation that takes a time already": (
        (*CREATE, "parameters", 0, "name"),
        "timeout",
        RUN,
        "a keyword timeout already",
    ),
    "a creation that is waited for and not answered with events": (
        (*CREATE, "responses", "200", "content", "text/event-stream"),
        MISSING,
        f"{POST}.responses.200.content",
        "must be application/json and text/event-stream",
    ),
    "a method that needs more": (
        (*SCHEMAS, "Thing", "x-resource"),
        {"reload": {"does": "reload", "operation": "Things.get"}},
        f"{THING}.x-resource.reload",
        "needs arguments",
    ),
    "a method of an operation that does not exist": (
        (*SCHEMAS, "Thing", "x-resource"),
        {"reload": {"does": "reload", "operation": "Things.look", "arguments": {}}},
        f"{THING}.x-resource.reload.operation",
        "no operation Things.look",
    ),
    "a method called like a field": (
        (*SCHEMAS, "Thing", "x-resource"),
        {"id": {"does": "load", "operation": "Things.get"}},
        f"{THING}.x-resource.id",
        "is a field already",
    ),
    "a method that saves with an operation that takes all": (
        (*SCHEMAS, "Thing", "x-resource"),
        {"save": {"does": "save", "operation": "Things.create", "arguments": {}}},
        f"{THING}.x-resource.save.operation",
        "no x-partial",
    ),
    "methods by hand that come from nowhere": (
        (*SCHEMAS, "Held"),
        {"type": "object", "x-mixins": ["Words"], "x-resource": {}},
        "components.schemas.Held.x-mixins",
        "Words is no class in a module",
    ),
    "a method that begins with what its operation does not take": (
        (*SCHEMAS, "Thing", "x-resource"),
        {"again": {"does": "call", "operation": "Things.get", "arguments": {}, "begins": ["no"]}},
        f"{THING}.x-resource.again.begins",
        "no keyword no",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_is_refused_with_its_place(what: str, tmp_path: Path) -> None:
    where, value, place, said = REFUSALS[what]
    spec = changed(where, value)
    if "Held" in said:
        held = {"type": "object", "properties": {"id": {"type": "string"}}, "x-resource": {}}
        spec["components"]["schemas"]["Held"] = held
    with pytest.raises(SpecError) as caught:
        generate(write(spec, tmp_path), "things")
    problems = {str(at): text for at, text in caught.value.problems}
    assert f"things.yaml: {place}" in problems
    assert said in problems[f"things.yaml: {place}"]


def test_a_name_that_hoisting_would_give_twice_is_refused(tmp_path: Path) -> None:
    spec = changed((*PROPERTIES, "state"), {"type": "string", "enum": ["x"]})
    spec["components"]["schemas"]["ThingState"] = {"type": "string", "enum": ["y"]}
    with pytest.raises(SpecError, match=f"{THING}.properties.state: would be called ThingState"):
        generate(write(spec, tmp_path), "things")


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    spec = changed((*READ, "operationId"), MISSING)
    spec["components"]["schemas"]["Kind"]["enum"] = []
    with pytest.raises(SpecError) as caught:
        generate(write(spec, tmp_path), "things")
    assert len(caught.value.problems) == 2


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "things.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: A, version: '1'}\ninfo: {}\n", "utf-8")
    with pytest.raises(SpecError, match="duplicate key"):
        generate(path, "things")


def test_what_only_the_library_notices_is_an_error_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With our own checks out of the way, the library drops the operation and says so.
    monkeypatch.setattr("generator.check", lambda document: None)
    spec = changed(
        (*CREATE, "parameters", 0),
        {"name": "since", "in": "header", "schema": {"type": "string", "format": "date-time"}},
    )
    with pytest.raises(SpecError, match=r"things.yaml: paths\./things\.post: .*not allowed"):
        generate(write(spec, tmp_path), "things")


def test_the_command_prints_the_problems_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write(changed((*READ, "operationId"), MISSING), tmp_path)
    output = tmp_path / "things"
    assert main(["--spec", str(spec), "--output", str(output), "--package", "things"]) == 2
    assert capsys.readouterr().err == f"things.yaml: {GET}: has no operationId\n"
    assert not output.exists()


HOSTILE = 'x"""\n\'\'\' \\N {__import__("os").abort()} {{7*7}} {% raw %} \u2028 \r \x85 end\\'


def test_text_of_the_specification_never_becomes_code(tmp_path: Path) -> None:
    spec = sound()
    thing = spec["components"]["schemas"]["Thing"]
    thing["description"] = HOSTILE
    thing["properties"]["id"]["description"] = HOSTILE
    thing["properties"]["note"] = {"type": "string", "default": HOSTILE}
    spec["components"]["schemas"]["Kind"] |= {
        "enum": ["a", HOSTILE],
        "x-enum-varnames": ["A", "B"],
        "x-enum-descriptions": [HOSTILE, HOSTILE],
    }
    spec["paths"]["/things/{thing_id}"]["get"] |= {"summary": HOSTILE, "description": HOSTILE}
    spec["info"]["title"] = HOSTILE
    files = generate(write(spec, tmp_path), "things")
    for path, text in files.items():
        compile(text, path, "exec")
        assert "object at 0x" not in text
    scope: dict[str, Any] = {}
    exec(compile(files["models/kind.py"], "kind.py", "exec"), scope)
    assert scope["Kind"].B.value == HOSTILE
