"""The docstrings of generated methods, and the examples in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from generator.docstrings import print_docstring
from generator.examples import Example
from generator.literals import print_literal
from generator.printing import (
    find_run_stream,
    list_method_keywords,
    list_page_keywords,
    list_run_keywords,
)
from generator.python_types import NONE, PythonType
from generator.views import Api, Collection, Keyword, Method, Model, Request
from generator.vocabulary import PAGE_SIZE

# The statuses that a caller may want to treat otherwise than any other failure.
_ERRORS = {"404": "NotFoundError", "409": "ConflictError"}
_ANYTHING = (
    "ModuleException",
    "The base of every other error: an argument that can't be sent, no connection, a timeout, a "
    "refused key.",
)

_NOT_IN_TIME = ("WaitTimeoutError", "It was not over in time; it goes on.")

_PAGES = """\
Each page is one request, made when the page before is used up, and tried again as every call is.
What is created meanwhile repeats nothing that was there before, and hides nothing of it. A platform
that knows no pages is asked once, for the whole list.
"""


def write_request_docstring(
    request: Request, collection: Collection, api: Api, *, awaits: bool
) -> str:
    """Return the docstring of a collection's method."""
    example: list[str] = []
    if request.example is not None:
        example = _print_request_example(
            request.name, request.example, request, collection, api, awaits
        )
    return print_docstring(
        8,
        request.summary,
        request.description,
        args=_describe_keywords(request.keywords),
        returns=_describe_result(request),
        raises=_describe_errors(request),
        example=example,
    )


def write_pages_docstring(
    request: Request, collection: Collection, api: Api, *, awaits: bool
) -> str:
    """Return the docstring of a method that goes through pages."""
    assert request.pages is not None
    example: list[str] = []
    if request.example is not None:
        each = attrs.evolve(request.example, name="item", streams=True)
        example = _print_request_example(request.pages.name, each, request, collection, api, awaits)
    return print_docstring(
        8,
        request.pages.summary,
        _PAGES,
        args=_describe_keywords(list_page_keywords(request)),
        returns=("Yields", f"Each {request.pages.item.code()}."),
        raises=[
            ("ArgumentError", f"(a ValueError) `{PAGE_SIZE}` is out of range."),
            *_describe_errors(request),
        ],
        example=example,
    )


def write_run_docstring(request: Request, collection: Collection, api: Api, *, awaits: bool) -> str:
    """Return the docstring of a method that creates something and waits for its end."""
    assert request.run is not None
    stream = find_run_stream(request, collection)
    example: list[str] = []
    if request.example is not None:
        ended = attrs.evolve(request.example, shows=request.run.finished, expected=["completed"])
        example = _print_request_example(request.run.name, ended, request, collection, api, awaits)
    errors = dict([_NOT_IN_TIME, *_describe_errors(stream), *_describe_errors(request)])
    del errors[_ANYTHING[0]]
    return print_docstring(
        8,
        request.run.summary,
        request.run.description,
        args=_describe_keywords(list_run_keywords(request)),
        returns=("Returns", "What was created, as it is when it is over."),
        raises=[*errors.items(), _ANYTHING],
        example=example,
    )


def _print_request_example(
    method: str,
    example: Example,
    request: Request,
    collection: Collection,
    api: Api,
    awaits: bool,
) -> list[str]:
    variable = collection.module
    name = f"a{method}" if awaits else method
    call = f"{variable}.{name}({_print_arguments(example.arguments, request.keywords, api)})"
    return [
        f">>> {variable} = {collection.name}(configuration)",
        *example.print_call(call, "await" if awaits else ""),
    ]


def write_method_docstring(method: Method, model: Model, api: Api, *, awaits: bool) -> str:
    """Return the docstring of an object's method."""
    returns = _describe_result(method.request)
    if method.does in ("reload", "save", "set", "adopt"):
        returns = None
    elif method.does == "wait":
        returns = ("Returns", "This object, as it is when it is over.")
    raises = _describe_errors(method.request)
    if method.requires is not None:
        raises.insert(0, ("ArgumentError", f"(a ValueError) {method.requires[1]}."))
    if method.does == "wait":
        raises.insert(0, _NOT_IN_TIME)
    return print_docstring(
        8,
        method.summary,
        method.description,
        args=_describe_keywords(list_method_keywords(method)),
        returns=returns,
        raises=raises,
        example=_print_method_example(method, model, api, awaits=awaits),
    )


def _describe_keywords(keywords: Iterable[Keyword]) -> list[tuple[str, str]]:
    return [(keyword.name, _describe_keyword(keyword)) for keyword in keywords]


def _describe_keyword(keyword: Keyword) -> str:
    description = keyword.description or "(No description.)"
    if keyword.configuration is None:
        return description
    return f"{description} The configuration's `{keyword.configuration}` when None."


def _describe_result(request: Request) -> tuple[str, str] | None:
    if request.stream is not None:
        return ("Yields", f"Each {request.result.code()} when it arrives.")
    if request.result == NONE:
        return None
    return ("Returns", request.answer or "The answer.")


def _describe_errors(request: Request) -> list[tuple[str, str]]:
    errors = [
        (_ERRORS[code], " ".join(text.split()))
        for code, text in request.statuses
        if code in _ERRORS and text
    ]
    if request.replay == "keyed":
        errors.append(
            ("UnknownOutcomeError", "The request may have been carried out, and no answer came.")
        )
    if request.stream is not None:
        errors.append(("StreamError", "The stream broke, and could not be resumed."))
    return [*errors, _ANYTHING]


def _print_arguments(given: Mapping[str, object], keywords: Iterable[Keyword], api: Api) -> str:
    types = {keyword.name: keyword.type for keyword in keywords}
    return ", ".join(
        f"{name}={_print_value(value, types[name], api)}" for name, value in given.items()
    )


def _print_value(value: object, found: PythonType, api: Api) -> str:
    for enumeration in api.enumerations:
        if any(part.name == enumeration.name for part in found.parts()):
            for name, wire, _ in enumeration.members:
                if wire == value:
                    return f"{enumeration.name}.{name}"
    return print_literal(value)


def _print_method_example(method: Method, model: Model, api: Api, *, awaits: bool) -> list[str]:
    if method.example is None:
        return []
    word = "await" if awaits else ""
    prefix = "await " if awaits else ""
    name = method.twin if awaits else method.name
    keywords = [*list_method_keywords(method), *method.request.keywords]
    # What a save's example gives are the fields that are set before.
    saves = method.does == "save"
    given: Mapping[str, object] = {} if saves else method.example.arguments
    arguments = _print_arguments(given, keywords, api)
    if method.does in ("load", "make"):
        ids = ", ".join(print_literal(value) for value in given.values())
        passed = f"{ids}, configuration" if method.does == "load" else f"configuration, {arguments}"
        return method.example.print_call(f"{model.name}.{name}({passed})", word)
    setup, variable = _print_setup(model, api, awaits=awaits)
    if method.does == "save":
        edits = method.example.arguments.items()
        setup += [f">>> {variable}.{field} = {print_literal(value)}" for field, value in edits]
    call = f"{variable}.{name}({arguments})"
    if method.does in ("reload", "save", "set", "adopt"):
        shows = method.example.shows
        return [
            *setup,
            f">>> {prefix}{call}",
            f">>> print({variable}.{shows})",
            *method.example.expected,
        ]
    if method.does == "wait":
        call = f"{variable}.{name}(timeout=60)"
        return [
            *setup,
            f">>> {variable} = {prefix}{call}",
            f">>> print({variable}.status)",
            "completed",
        ]
    return [*setup, *method.example.print_call(call, word)]


def _print_setup(model: Model, api: Api, *, awaits: bool) -> tuple[list[str], str]:
    """Return how an example comes by an object, and what it calls it."""
    prefix = "a" if awaits else ""
    for method in model.methods:
        if method.does == "load" and method.example is not None:
            ids = ", ".join(print_literal(value) for value in method.example.arguments.values())
            call = f"{model.name}.{prefix}{method.name}({ids}, configuration)"
            variable = method.example.name
            return [f">>> {variable} = {'await ' if awaits else ''}{call}"], variable
    for collection in api.collections:
        for request in collection.requests:
            if request.example is None or request.result.name != "list":
                continue
            if request.result.members[0].name == model.name:
                arguments = _print_arguments(request.example.arguments, request.keywords, api)
                call = f"{collection.name}(configuration).{prefix}{request.name}({arguments})"
                taken = f"(await {call})[0]" if awaits else f"{call}[0]"
                return [f">>> item = {taken}"], "item"
    return [], "self"
