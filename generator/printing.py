"""Pieces of code that several templates print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from generator.literals import print_literal
from generator.naming import name_module
from generator.python_types import PythonType
from generator.views import Api, Collection, Keyword, Method, Model, Request, Stream
from generator.vocabulary import PAGE_SIZE

_TIMEOUT = Keyword(
    name="timeout",
    type=PythonType("float").optional(),
    default="None",
    description="How long to wait, in seconds; without end when None.",
)

# Inside a class with a method called `list`, and in a module with a function of that name, the
# built-in is not reachable by its own name.
LIST = {"list": "builtins.list"}


def name_data(api: Api) -> dict[str, str]:
    """Return how calls write the names of models: a model is loaded when it is first needed."""
    return {model.name: f"models.{model.name}" for model in api.models}


def print_imports(
    classes: Iterable[str], api: Api, here: str, names: Mapping[str, str] | None = None
) -> list[str]:
    """Print the imports of generated classes for a module in `here`, such as `models`.

    `names` are as in `PythonType.code`.
    """
    homes = {each.name: ("models", each.module) for each in api.models}
    homes |= {each.name: ("models", each.module) for each in api.enumerations}
    homes |= {each.literal.name: ("models", each.module) for each in api.enumerations}
    homes |= {each.name: ("resources", each.module) for each in api.resources}
    lines: list[str] = []
    for name in sorted(set(classes)):
        if name in (names or ()):
            lines.append("from .. import models")
            continue
        room, module = homes[name]
        lines.append(f"from {'.' if room == here else f'..{room}.'}{module} import {name}")
    return lines


def collect_streams(api: Api) -> list[Stream]:
    """Return the streams of an API, one for each kind of event."""
    found: dict[str, Stream] = {}
    for collection in api.collections:
        for request in collection.requests:
            if request.stream is not None:
                found[request.stream.item] = request.stream
    return list(found.values())


def print_parameters(
    names: Mapping[str, str], keywords: Iterable[Keyword], positional: int = 0, first: str = ""
) -> str:
    """Print parameters, the first `positional` by position too; `first` stands before them."""
    parts: list[str] = [first] if first else []
    for index, keyword in enumerate(keywords):
        if index == positional:
            parts.append("*")
        default = "" if keyword.default is None else f" = {keyword.default}"
        parts.append(f"{keyword.name}: {keyword.type.code(names)}{default}")
    return ", ".join(parts)


def list_checked_enums(request: Request) -> list[tuple[str, str]]:
    """Return the keywords that take one of an enumeration's values, each with it."""
    return [
        (keyword.name, enum)
        for keyword in request.keywords
        if (enum := keyword.type.checked_enum) is not None
    ]


def collect_literals(api: Api) -> set[str]:
    """Return the enumerations whose values arguments may be given as texts."""
    return {
        enum
        for collection in api.collections
        for request in collection.requests
        for _, enum in list_checked_enums(request)
    }


def list_request_keywords(request: Request) -> list[Keyword]:
    """Return the keywords of a spec: what a configuration may supply is supplied by now."""
    return [
        keyword
        if keyword.configuration is None
        else Keyword(
            name=keyword.name,
            type=keyword.type.required(),
            default=None,
            description=keyword.description,
        )
        for keyword in request.keywords
    ]


def print_arguments(
    request: Request, source: str, filled: dict[str, str] | None = None, *, only: bool = False
) -> str:
    """Return what a method hands to its spec. `source` is where a configuration is; with `only`
    nothing is handed over but what is `filled` in.
    """
    parts: list[str] = []
    for keyword in request.keywords:
        name = keyword.name
        if only and name not in (filled or {}):
            continue
        value = (filled or {}).get(name, name)
        if value == name and keyword.configuration is not None:
            wanted = print_literal(keyword.configuration)
            value = f"{name} if {name} is not None else {source}.required({wanted})"
        parts.append(f"{name}={value}")
    return ", ".join(parts)


def list_page_keywords(request: Request) -> list[Keyword]:
    """Return the keywords of the methods that go through an operation's pages."""
    assert request.pages is not None
    pages = request.pages
    size = Keyword(
        name=PAGE_SIZE,
        type=PythonType("int"),
        default=print_literal(pages.page_size),
        description=f"How many come with one request, from {pages.least} to {pages.most}.",
    )
    asked = (pages.limit, pages.cursor)
    return [*(each for each in request.keywords if each.name not in asked), size]


def print_first_page(request: Request, source: str) -> str:
    """Return what these methods hand to the spec of the first page."""
    assert request.pages is not None
    pages = request.pages
    begun = [each for each in request.keywords if each.name != pages.cursor]
    size = f"_page_size({PAGE_SIZE}, {pages.least}, {pages.most})"
    return print_arguments(attrs.evolve(request, keywords=begun), source, {pages.limit: size})


def list_run_keywords(request: Request) -> list[Keyword]:
    """Return the keywords of the methods that create something and wait for its end."""
    assert request.run is not None
    defaults = request.run.defaults
    return [
        *(
            attrs.evolve(each, default=defaults[each.name], type=each.type.required())
            if each.name in defaults
            else each
            for each in request.keywords
        ),
        _TIMEOUT,
    ]


def find_run_stream(request: Request, collection: Collection) -> Request:
    """Return the operation that follows what a creation made."""
    assert request.run is not None
    name = request.run.stream.partition(".")[2]
    [found] = [each for each in collection.requests if each.name == name]
    return found


def collect_signature_classes(requests: Iterable[Request]) -> set[str]:
    """Return the classes that the signatures of requests name."""
    found: set[str] = set()
    for request in requests:
        found |= request.result.classes
        for keyword in request.keywords:
            found |= keyword.type.classes
    return found


def list_method_keywords(method: Method) -> list[Keyword]:
    """Return the keywords of an object's method, in order, without `configuration`."""
    if method.does == "save":
        return [
            Keyword(
                name=name,
                type=PythonType("bool"),
                default="False",
                description=f"Whether to send `{field}` too, if it was changed.",
            )
            for name, field in method.separately
        ]
    if method.does == "set":
        return method.sets
    if method.does == "wait":
        return [_TIMEOUT]
    if method.does in ("load", "open", "make"):
        configuration = Keyword(
            name="configuration",
            type=PythonType("Configuration").optional(),
            default="None",
            description="Who calls, and which platform; "
            + (
                "the object's own when None."
                if method.does == "open"
                else "read from the environment when None."
            ),
        )
        if method.does != "load":
            return [configuration, *method.keywords]
        ids = [keyword for keyword in method.keywords if keyword.name in method.request.ids]
        rest = [keyword for keyword in method.keywords if keyword not in ids]
        return [*ids, configuration, *rest]
    return method.keywords


def count_positional(method: Method) -> int:
    """Return how many of these may be given by position."""
    if method.does == "load":
        return len(method.request.ids) + 1
    if method.does in ("open", "make"):
        return 1
    if method.does in ("set", "wait", "save"):
        return len(list_method_keywords(method))
    return 0 if method.does == "stream" else max(0, method.request.positional - len(method.filled))


def split_description(text: str) -> tuple[str, str]:
    """Return a description's first paragraph, and the rest."""
    summary, _, rest = text.strip().partition("\n\n")
    return summary, rest


def pass_by_name(names: Iterable[str]) -> str:
    """Print arguments that are handed on under their own names."""
    return ", ".join(f"{name}={name}" for name in names)


def print_mapping(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a dictionary of variables by their names on the wire."""
    return "{" + ", ".join(f"{print_literal(wire)}: {name}" for wire, name in pairs) + "}"


def print_texts(values: Iterable[str]) -> str:
    """Print strings, one after the other."""
    return ", ".join(map(print_literal, values))


def print_ids(method: Method) -> str:
    """Return the ids that an object hands to a spec."""
    return ", ".join(f"{name}={method.filled[name]}" for name in method.request.ids)


def print_probe(request: Request, collection: Collection) -> str:
    """Return the code of the spec that asks whether a stream's subject is finished."""
    assert request.stream is not None
    assert request.stream.probe is not None
    name = request.stream.probe.partition(".")[2]
    [found] = [each for each in collection.requests if each.name == name]
    return f"{name}({pass_by_name(found.ids)})"


def find_body_class(request: Request) -> str:
    """Return the model that a request's body is checked against."""
    assert request.body is not None
    return request.body.removeprefix("_body(").partition("(")[0]


def print_answer_class(names: Mapping[str, str], request: Request) -> str:
    """Return what the transport is to make of an answer."""
    code = request.result.code(names)
    if " | " in code:  # a union is no class to type checkers, either
        return f'cast("type[{code}]", {code})'
    return "_ANYTHING" if code == "Any" else code


def print_method_result(names: Mapping[str, str], method: Method) -> str:
    """Return the annotation of what a method returns."""
    if method.does in ("reload", "save", "set", "adopt"):
        return "None"
    if method.does in ("load", "make", "wait"):
        return "Self"
    return method.request.result.code(names)


def answers_anything(requests: Iterable[Request]) -> bool:
    """Tell whether one of the answers may be anything at all."""
    return any(request.result.code() == "Any" for request in requests)


def list_called_requests(model: Model) -> list[Request]:
    """Return the operations whose answers an object's methods return."""
    return [method.request for method in model.methods if method.does == "call"]


def collect_request_classes(collection: Collection) -> set[str]:
    """Return the classes that a module of request specs names."""
    found: set[str] = set()
    for request in collection.requests:
        found |= request.body_classes
        for keyword in request.keywords:
            found |= keyword.type.classes
    return found


def collect_stream_classes(found: Iterable[Stream]) -> set[str]:
    """Return the classes that the readers of streams name."""
    classes: set[str] = set()
    for stream in found:
        classes.add(stream.item)
        for kind in stream.kinds:
            classes |= kind.type.classes
        if stream.event_class is not None:
            classes |= stream.event_class.classes
    return classes


def collect_resource_classes(model: Model) -> set[str]:
    """Return the classes that an object's module names."""
    found = {name for each in model.types for name in each.classes}
    for method in model.methods:
        found |= method.classes
        found |= method.request.result.classes
        for keyword in [*list_method_keywords(method)]:
            found |= keyword.type.classes
    return found - {model.name}


def list_request_modules(model: Model) -> list[str]:
    """Return the modules of request specs that an object's methods use."""
    requests = [method.request for method in model.methods]
    requests += [method.probe for method in model.methods if method.probe is not None]
    return sorted({name_module(request.collection) for request in requests})


def find_module(request: Request) -> str:
    """Return the module that an operation's spec is in."""
    return name_module(request.collection)
