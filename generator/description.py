"""Makes of a plain specification, and of what was read of it, the data that templates print."""

from __future__ import annotations

from typing import Any

import attrs
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import Property

from generator.arguments import MISSING, Argument, find_body_schema, list_arguments
from generator.document import METHODS, Document, Operation, Place, SpecError
from generator.examples import Example, read_example
from generator.literals import print_literal
from generator.naming import name_attribute, name_event_kind, name_member, name_module
from generator.parsing import Parsed
from generator.python_types import NONE, PythonType, find_type
from generator.views import (
    Api,
    Collection,
    Enumeration,
    EventKind,
    Field,
    Keyword,
    Method,
    Model,
    Pages,
    Request,
    Run,
    Stream,
    Total,
)
from generator.vocabulary import BOUNDS, PAGE_CURSOR, PAGE_LIMIT

# Whether a request may be sent again, by its method, where nothing else is said.
REPLAYS = {method: "never" if method == "post" else "always" for method in METHODS}


def describe(document: Document, parsed: Parsed) -> Api:
    """Return what is printed for a specification in plain shape."""
    return _Description(document, parsed).describe()


class _Description:
    def __init__(self, document: Document, parsed: Parsed) -> None:
        self._document = document
        self._parsed = parsed
        self._schemas = {name: (place, schema) for place, name, schema in document.walk_schemas()}
        self._requests: dict[str, Request] = {}

    def describe(self) -> Api:
        for operation in self._document.walk_operations():
            request = self._describe_request(operation)
            self._requests[request.id] = request
        tags = {tag["name"]: tag for tag in self._document.raw.get("tags", [])}
        collections: list[Collection] = []
        for name in dict.fromkeys(request.collection for request in self._requests.values()):
            described = str(tags.get(name, {}).get("description", ""))
            summary, _, rest = described.strip().partition("\n\n")
            collections.append(
                Collection(
                    name=name,
                    module=name_module(name),
                    summary=summary,
                    description=rest,
                    requests=[
                        request for request in self._requests.values() if request.collection == name
                    ],
                )
            )
        resources = {name for name, (_, raw) in self._schemas.items() if "x-resource" in raw}
        models = [
            self._describe_model(name, name in resources)
            for name, (_, raw) in self._schemas.items()
            if raw.get("properties") and name in self._parsed.models
        ]
        late = _find_cycles({model.name: _collect_classes(model) for model in models})
        models = [
            attrs.evolve(
                model,
                imports=sorted(_collect_classes(model) - {model.name} - late[model.name]),
                late_imports=sorted(late[model.name]),
            )
            for model in models
        ]
        return Api(
            title=str(self._document.raw["info"]["title"]),
            models=[model for model in models if not model.is_resource],
            resources=[model for model in models if model.is_resource],
            enumerations=[
                self._describe_enumeration(name)
                for name, (_, raw) in self._schemas.items()
                if "enum" in raw
            ],
            collections=collections,
        )

    # Data ----------------------------------------------------------------------------------------

    def _describe_enumeration(self, name: str) -> Enumeration:
        _, raw = self._schemas[name]
        members = self._list_members(name)
        return Enumeration(
            name=name,
            module=name_module(name),
            description=raw.get("description", ""),
            members=members,
            is_task_status=raw.get("x-task-status", False),
        )

    def _list_members(self, name: str) -> list[tuple[str, str, str]]:
        """Return an enumeration's members: name, value and description."""
        _, raw = self._schemas[name]
        values = [str(value) for value in raw["enum"]]
        names = raw.get("x-enum-varnames") or [name_member(value) for value in values]
        descriptions = raw.get("x-enum-descriptions") or [""] * len(values)
        return list(zip(names, values, descriptions, strict=True))

    def _find_property(self, model: str, wire: str) -> Property:
        found = self._parsed.models[model]
        for each in [*(found.required_properties or []), *(found.optional_properties or [])]:
            if each.name == wire:
                return each
        raise SpecError([(self._schemas[model][0] / "properties" / wire, "was left out")])

    def _find_field_type(self, model: str, wire: str, place: Place) -> PythonType:
        return find_type(self._find_property(model, wire), self._parsed.models, place)

    def _find_description(self, raw: dict[str, Any], place: Place) -> str:
        """Return what is said of a property, or of what it refers to."""
        _, target = self._document.dereference(raw, place)
        return str(raw.get("description") or target.get("description", ""))

    def _print_default(self, raw: dict[str, Any], found: PythonType, place: Place) -> str:
        """Return the code of a field's default."""
        default = raw.get("default")
        if default is None and "$ref" in raw:
            _, target = self._document.resolve(raw["$ref"], self._document.root)
            default = target.get("default")
        if default is not None:
            for part in found.parts():
                if part.is_enum:
                    members = {value: member for member, value, _ in self._list_members(part.name)}
                    if default not in members:
                        raise SpecError([(place / "default", f"{default} is no {part.name}")])
                    return f"{part.name}.{members[default]}"
        return print_literal(default)

    def _describe_model(self, name: str, is_resource: bool) -> Model:
        place, raw = self._schemas[name]
        required: list[Field] = []
        optional: list[Field] = []
        totals: list[Total] = []
        for wire, described in raw["properties"].items():
            at = place / "properties" / wire
            if "x-total" in described:
                totals.append(
                    Total(
                        name=name_attribute(wire),
                        of=[name_attribute(part) for part in described["x-total"]],
                        description=described.get("description", ""),
                    )
                )
                continue
            found = self._find_field_type(name, wire, at)
            if described.get("x-work-result"):
                found = PythonType("WorkResult")
            is_required = wire in raw.get("required", [])
            is_private = bool(described.get("x-private"))
            (required if is_required else optional).append(
                Field(
                    name=f"_{name_attribute(wire)}" if is_private else name_attribute(wire),
                    wire=wire,
                    type=found if is_required or found.name == "WorkResult" else found.optional(),
                    default=None if is_required else self._print_default(described, found, at),
                    secret=bool(described.get("x-secret")),
                    always="default" in described and described["default"] is None,
                    description=self._find_description(described, at),
                    bounds={key: described[key] for key in BOUNDS if key in described},
                    is_private=is_private,
                )
            )
        model = Model(
            name=name,
            module=name_module(name),
            description=raw.get("description", ""),
            fields=required + optional,
            totals=totals,
            imports=[],
            late_imports=[],
            methods=[],
            mixins=[
                (module, mixin)
                for module, _, mixin in (each.rpartition(".") for each in raw.get("x-mixins", []))
            ],
            is_resource=is_resource,
        )
        if not is_resource:
            return model
        methods = [
            self._describe_method(model, method, spec, place / "x-resource" / method)
            for method, spec in raw["x-resource"].items()
        ]
        return attrs.evolve(model, methods=methods)

    # Operations ----------------------------------------------------------------------------------

    def _describe_request(self, operation: Operation) -> Request:
        raw = operation.raw
        collection, _, name = raw["operationId"].partition(".")
        endpoint = self._parsed.endpoints[raw["operationId"]]
        arguments = list_arguments(operation, self._document)
        by_place = {(each.where, each.steps): each for each in arguments}
        keywords = [self._describe_keyword(each, endpoint, operation) for each in arguments]
        if "x-filters" in raw:
            keywords.append(_describe_filters(raw["x-filters"]))
        path = operation.path
        ids: list[str] = []
        for each in arguments:
            if each.where == "path":
                path = path.replace(f"{{{each.steps[0]}}}", f"{{{each.name}}}")
                ids.append(each.name)
        body, classes = self._print_body(operation, by_place)
        status, response = self._find_success(operation)
        method = operation.method.upper()
        result = self._find_result(endpoint, status, operation)
        summary = raw.get("summary") or raw.get("description", "").partition("\n\n")[0]
        return Request(
            id=raw["operationId"],
            collection=collection,
            name=name,
            method=method,
            path=path,
            keywords=keywords,
            # An order that is spelled out is a promise; otherwise only the path's ids have one.
            positional=len(keywords) if "x-arguments" in raw else len(ids),
            ids=ids,
            query=[(each.steps[0], each.name) for each in arguments if each.where == "query"],
            filters=raw.get("x-filters"),
            headers=[
                (each.steps[0].lower(), each.name) for each in arguments if each.where == "header"
            ],
            body=body,
            body_classes=classes,
            places=self._name_places(operation, by_place),
            replay=raw.get("x-replay", REPLAYS[operation.method]),
            root=raw.get("x-root", "api"),
            stream=self._describe_stream(operation) if "x-stream" in raw else None,
            pages=_describe_pages(operation, by_place, result) if "x-pages" in raw else None,
            run=_describe_run(raw["x-run"]) if "x-run" in raw else None,
            result=result,
            partial=bool(raw.get("x-partial")),
            summary=summary,
            description=raw.get("description", "") if "summary" in raw else "",
            answer=response.get("description", ""),
            statuses=[
                (code, response.get("description", ""))
                for code, response in raw["responses"].items()
                if not code.startswith("2")
            ],
            example=read_example(operation, self._document),
        )

    def _find_success(self, operation: Operation) -> tuple[str, dict[str, Any]]:
        [found] = [
            (status, response)
            for status, response in operation.raw["responses"].items()
            if status.startswith("2")
        ]
        return found

    def _find_result(self, endpoint: Endpoint, status: str, operation: Operation) -> PythonType:
        if "x-stream" in operation.raw:
            return PythonType(operation.raw["x-stream"]["item"], is_model=True)
        place = operation.place / "responses" / status
        for response in endpoint.responses.patterns:
            if response.status_code.pattern == status:
                if response.source["attribute"] == "None":
                    return NONE
                return find_type(response.prop, self._parsed.models, place)
        raise SpecError([(place, "was left out")])

    def _describe_keyword(
        self, argument: Argument, endpoint: Endpoint, operation: Operation
    ) -> Keyword:
        found = self._find_argument_type(argument, endpoint, operation)
        default = None
        if argument.default is not MISSING:
            found = found.required()
            default = print_literal(argument.default)
        elif not argument.required:
            found = found.optional()
            default = "None"
        else:
            found = found.required()
        return Keyword(
            name=argument.name,
            type=found.with_literals(),
            default=default,
            description=argument.description,
            configuration=argument.configuration,
        )

    def _find_argument_type(
        self, argument: Argument, endpoint: Endpoint, operation: Operation
    ) -> PythonType:
        if argument.where != "body":
            parameters = {
                "path": endpoint.path_parameters,
                "query": endpoint.query_parameters,
                "header": endpoint.header_parameters,
            }[argument.where]
            for each in parameters:
                if each.name == argument.steps[0]:
                    return find_type(each, self._parsed.models, argument.place)
            raise SpecError([(argument.place, "was left out")])
        if not argument.steps:
            return find_type(endpoint.bodies[0].prop, self._parsed.models, argument.place)
        found = find_body_schema(operation, self._document)
        assert found is not None
        model = _read_reference(found[1])
        for step in argument.steps[:-1]:
            model = _read_reference(self._schemas[model][1]["properties"][step])
        return self._find_field_type(model, argument.steps[-1], argument.place)

    def _print_body(
        self, operation: Operation, by_place: dict[tuple[str, tuple[str, ...]], Argument]
    ) -> tuple[str | None, set[str]]:
        """Return the code that makes the body's bytes, and the classes that it names."""
        found = find_body_schema(operation, self._document)
        if found is None:
            return None, set()
        if ("body", ()) in by_place:
            return f"_dumps({by_place['body', ()].name})", set()
        classes: set[str] = set()
        code = self._print_construction(_read_reference(found[1]), (), by_place, classes)
        return f"_body({code})", classes

    def _print_construction(
        self,
        model: str,
        prefix: tuple[str, ...],
        by_place: dict[tuple[str, tuple[str, ...]], Argument],
        classes: set[str],
    ) -> str:
        classes.add(model)
        _, raw = self._schemas[model]
        parts: list[str] = []
        for wire, described in raw["properties"].items():
            steps = (*prefix, wire)
            argument = by_place.get(("body", steps))
            if argument is not None:
                value = argument.name
                default = described.get("default")
                # None means "not given", so the field keeps its own default.
                if not argument.required and argument.default is MISSING and default is not None:
                    value = f"{print_literal(default)} if {value} is None else {value}"
                parts.append(f"{name_attribute(wire)}={value}")
            elif any(where == "body" and each[: len(steps)] == steps for where, each in by_place):
                inner = self._print_construction(
                    _read_reference(described), steps, by_place, classes
                )
                parts.append(f"{name_attribute(wire)}={inner}")
        return f"models.{model}({', '.join(parts)})"

    def _name_places(
        self, operation: Operation, by_place: dict[tuple[str, tuple[str, ...]], Argument]
    ) -> dict[str, str]:
        """Return what messages call the places of a request, with their arguments, longest first.

        A place in the body is called by its way on the wire, or by the field of the class that
        refused it.
        """
        places = {
            (each.steps[0].lower() if where == "header" else each.steps[0]): each.name
            for (where, _), each in by_place.items()
            if where in ("query", "header")
        }
        found = find_body_schema(operation, self._document)
        if found is None:
            return {place: name for place, name in places.items() if place != name}
        if ("body", ()) in by_place:
            return {**places, "$": by_place["body", ()].name}
        root = _read_reference(found[1])
        for (where, steps), each in by_place.items():
            if where != "body":
                continue
            model = root
            for step in steps[:-1]:
                model = _read_reference(self._schemas[model][1]["properties"][step])
            if steps != (each.name,):
                places[".".join(("$", *steps))] = each.name
            if steps[-1] != each.name:
                places[f"{model}.{name_attribute(steps[-1])}"] = each.name
            elif model != root:
                places[f"{model}."] = ""
        places |= {"$.": "", f"{root}.": ""}
        return {
            place: name
            for place, name in sorted(places.items(), key=lambda item: -len(item[0]))
            if place != name
        }

    # Streams -------------------------------------------------------------------------------------

    def _describe_stream(self, operation: Operation) -> Stream:
        raw = operation.raw["x-stream"]
        item = raw["item"]
        place, schema = self._schemas[item]
        data_types = schema.get("x-data-types", {})
        by = data_types.get("by", "")
        event_class = self._find_field_type(item, by, place) if by else None
        kinds = [
            EventKind(
                name_event_kind(value),
                value,
                self._find_data_type(described, place / "x-data-types" / "types" / value),
            )
            for value, described in data_types.get("types", {}).items()
        ]
        [(field, values)] = raw.get("terminal", {"": []}).items()
        snake = name_module(item)
        return Stream(
            item=item,
            named=bool(raw.get("named")),
            probe=raw.get("probe"),
            resume=bool(raw.get("resume", True)),
            decoder=snake,
            ends=f"is_last_{snake}" if values else None,
            terminal_field=name_attribute(field) if field else None,
            terminal=list(values),
            data_name=f"{snake.upper()}_DATA" if kinds else None,
            event_class=event_class,
            kinds=kinds,
            by=name_attribute(by) if by else "",
            field=name_attribute(data_types.get("field", "")) if data_types else "",
            names_task=by == "type" and data_types.get("field") == "data" and not raw.get("named"),
        )

    def _find_data_type(self, described: dict[str, Any], place: Place) -> PythonType:
        if "$ref" in described:
            return PythonType(_read_reference(described), is_model=True)
        simple = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
        if described.get("type") not in simple:
            raise SpecError([(place, "must be a reference or a simple type")])
        return PythonType(simple[described["type"]])

    # Methods of objects --------------------------------------------------------------------------

    def _describe_method(
        self, model: Model, name: str, raw: dict[str, Any], place: Place
    ) -> Method:
        operation = raw.get("operation") or raw["stream"]
        request = self._requests[operation]
        probe = self._requests[raw["probe"]] if "probe" in raw else None
        filled: dict[str, str] = {}
        changed: dict[str, Any] = {}
        classes: set[str] = set()
        for keyword, value in raw.get("arguments", {}).items():
            if isinstance(value, str):
                filled[keyword] = f"self.{value}"
            elif "build" in value:
                classes.add(value["build"])
                inner = ", ".join(f"{key}=self.{path}" for key, path in value["from"].items())
                filled[keyword] = f"models.{value['build']}({inner})"
            elif "field" in value:
                path = f"self.{value['field']}"
                default = print_literal(value["default"])
                filled[keyword] = f"{path} if {path} is not None else {default}"
            else:
                changed[keyword] = print_literal(value["default"])
        own = [
            attrs.evolve(keyword, default=changed[keyword.name], type=keyword.type.required())
            if keyword.name in changed
            else keyword
            for keyword in request.keywords
            if keyword.name not in filled
        ]
        begins = raw.get("begins", [])
        own.sort(key=lambda keyword: (*begins, keyword.name).index(keyword.name))
        by_name = {keyword.name: keyword for keyword in request.keywords}
        sets = [by_name[each] for each in raw.get("sets", [])]
        if sets:
            first = attrs.evolve(sets[0], default=None, type=sets[0].type.required())
            sets = [first, *sets[1:]]
        requires = raw.get("requires")
        summary = raw.get("summary") or request.summary
        return Method(
            name=name,
            twin=raw.get("async", f"a{name}"),
            does=raw["does"],
            request=request,
            probe=probe,
            filled=filled,
            keywords=own,
            requires=(requires["field"], requires["message"]) if requires else None,
            separately=list(raw.get("separately", {}).items()),
            sets=sets,
            follows=raw.get("follows"),
            finished=raw.get("finished"),
            summary=summary,
            description=raw.get("description", "" if "summary" in raw else request.description),
            example=_make_example(raw, request),
            classes=classes,
        )


def _describe_filters(name: str) -> Keyword:
    return Keyword(
        name=name,
        type=PythonType("dict", (PythonType("Any"),)).optional(),
        default="None",
        description="The same parameters in one mapping, by their names on the wire.",
    )


def _describe_pages(
    operation: Operation,
    by_place: dict[tuple[str, tuple[str, ...]], Argument],
    result: PythonType,
) -> Pages:
    raw = operation.raw["x-pages"]
    limit = by_place["query", (PAGE_LIMIT,)]
    return Pages(
        name=raw["method"],
        page_size=raw["page_size"],
        least=limit.schema["minimum"],
        most=limit.schema["maximum"],
        limit=limit.name,
        cursor=by_place["query", (PAGE_CURSOR,)].name,
        item=result.members[0],
        summary=raw["summary"],
    )


def _describe_run(raw: dict[str, Any]) -> Run:
    return Run(
        name=raw["method"],
        stream=raw["stream"],
        follows=name_attribute(raw["follows"]),
        finished=name_attribute(raw["finished"]),
        defaults={name: print_literal(value) for name, value in raw.get("defaults", {}).items()},
        summary=raw["summary"],
        description=raw.get("description", ""),
    )


def _make_example(raw: dict[str, Any], request: Request) -> Example | None:
    """Return the example of a method: its operation's, without what the object knows itself."""
    if request.example is None:
        return None
    own = raw.get("example", {})
    known = raw.get("arguments", {})
    arguments = own.get("arguments")
    if arguments is None:
        arguments = {
            name: value for name, value in request.example.arguments.items() if name not in known
        }
    return attrs.evolve(request.example, arguments=arguments)


def _read_reference(described: dict[str, Any]) -> str:
    """Return the class that a reference names."""
    return str(described["$ref"]).rsplit("/", 1)[-1]


def _collect_classes(model: Model) -> set[str]:
    return {name for found in model.types for name in found.classes}


def _find_cycles(uses: dict[str, set[str]]) -> dict[str, set[str]]:
    """For each class those it uses that use it in turn: none can be imported before the other."""
    reach: dict[str, set[str]] = {}
    for name, direct in uses.items():
        seen: set[str] = set()
        todo = list(direct)
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo += uses.get(current, ())
        reach[name] = seen
    return {
        name: {other for other in uses[name] if other != name and name in reach.get(other, ())}
        for name in uses
    }
