"""The two worlds are one: each `aX` has its `X`, and the other way round, alike in every detail."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest

import xpander_client
from xpander_client import api, legacy
from xpander_client.core.plain_values import PlainValues
from xpander_client.transport import Resource, TrackedObject

# Async forms whose names are not made by putting an `a` in front.
TWINS = {"async_": "sync", "await_finished": "wait_finished"}
# A worker runs until it is stopped, on an event loop of its own: there is nothing to pair.
ASYNC_ONLY = {
    "Worker",
    # By the names that the official client has for them; in sync code it is `register`.
    *("Events.start", "Events.stop", "Events.__aenter__", "Events.__aexit__"),
    "XpanderEventListener",
}
# They make a copy, a text out of what is there, and so on: no request comes of them.
NOTHING_TO_WAIT_FOR = {
    *vars(PlainValues),
    "options",
    "to_message",
    "add_local_tools",
    "connect",
    "describe_arguments",
    "attach_operations",
    "disable_agent_end_tool",
    "enable_agent_end_tool",
    "extract_tool_calls",
    "get_tools",
    "init_task",
    "on_delegation",
    "retrieve_agentic_interfaces",
    "retrieve_agentic_operations",
    "retrieve_all_graph_tools",
    "retrieve_node_from_graph",
    "retrieve_pending_local_tool_calls",
    "select_llm_provider",
    "set_configuration",
    "update_user_details",
}
# Properties that ask the platform; their async forms are methods.
ASKING = {"memory", "messages", "system_message"}
MAGIC = {"__aenter__": "__enter__", "__aexit__": "__exit__"}


def public_classes() -> list[type]:
    found = {}
    for module in (xpander_client, api, legacy):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing):
                found[thing.__module__, thing.__qualname__] = thing
    return [found[place] for place in sorted(found)]


def methods(cls: type) -> dict[str, Any]:
    """The public methods of a class and of the bases that are ours."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("xpander_client"):
            for name, value in vars(base).items():
                if isinstance(value, property) and name in ASKING:
                    value = value.fget
                function = inspect.unwrap(getattr(value, "__func__", value))
                if inspect.isfunction(function):
                    found[name] = function
    return found


def is_async(function: Any) -> bool:
    returns = str(inspect.signature(function).return_annotation)
    return (
        inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
        or returns.startswith(("AsyncGenerator[", "AsyncIterator[", "Awaitable["))
    )


def twin_of(name: str) -> str:
    return TWINS.get(name) or MAGIC.get(name) or name.removeprefix("a")


ASYNC = [
    (cls, name)
    for cls in public_classes()
    for name, function in methods(cls).items()
    if is_async(function) and (not name.startswith("_") or name in MAGIC)
    if not ASYNC_ONLY & {cls.__name__, f"{cls.__name__}.{name}"}
]


def returned(function: Any) -> str:
    """The annotation of what a method gives, with generators of both worlds written alike."""
    annotation = str(inspect.signature(function).return_annotation)
    tree = ast.parse(annotation, mode="eval").body
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name):
        items = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        if tree.value.id in ("Generator", "AsyncGenerator"):
            return f"Generator[{ast.unparse(items[0])}]"
        if tree.value.id == "Awaitable":
            return ast.unparse(items[0])
    return annotation


def test_there_are_pairs_to_compare() -> None:
    names = {f"{cls.__name__}.{name}" for cls, name in ASYNC}
    assert {"Tasks.acreate", "Task.aevents", "Task.await_finished", "TasksListItem.aload"} <= names
    assert {"Tasks.aiter", "Tasks.aiter_user_tasks"} <= names
    assert {"Agents.aget", "Agent.aload", "TasksWithRawResponse.aget", "Tasks.aclose"} <= names


@pytest.mark.parametrize(
    ("cls", "name"), ASYNC, ids=lambda value: getattr(value, "__name__", value)
)
def test_an_async_method_has_a_sync_twin(cls: type, name: str) -> None:
    found = methods(cls)
    twin = found.get(twin_of(name))
    assert twin is not None, f"{cls.__name__}.{name} has no sync form"
    assert not is_async(twin)
    here = inspect.signature(found[name]).parameters
    there = inspect.signature(twin).parameters
    assert list(here) == list(there)
    for parameter in here:
        assert here[parameter].kind == there[parameter].kind, parameter
        assert here[parameter].default == there[parameter].default, parameter
        assert here[parameter].annotation == there[parameter].annotation, parameter
    assert returned(found[name]) == returned(twin)
    own, other = found[name].__doc__, twin.__doc__
    assert bool(own) == bool(other)
    if own and other and twin.__module__.startswith("xpander_client.api"):
        assert own.partition("Example:")[0].replace(f".{name}`", "`") == (
            other.partition("Example:")[0].replace(f".{twin.__name__}`", "`")
        )


@pytest.mark.parametrize("cls", public_classes(), ids=lambda cls: cls.__name__)
def test_a_sync_method_beside_async_ones_has_an_async_twin(cls: type) -> None:
    found = methods(cls)
    twins = {twin_of(name) for owner, name in ASYNC if owner is cls}
    if not issubclass(cls, TrackedObject | Resource) and not twins:
        return
    lonely = [
        name
        for name, function in found.items()
        if not name.startswith("_")
        and name not in twins
        and not is_async(function)
        and name not in NOTHING_TO_WAIT_FOR
    ]
    assert lonely == []


@pytest.mark.parametrize("cls", public_classes(), ids=lambda cls: cls.__name__)
def test_signatures_spell_out_every_keyword(cls: type) -> None:
    if not cls.__module__.startswith("xpander_client.api"):
        return
    for name, function in vars(cls).items():
        function = getattr(function, "__func__", function)
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        for parameter in inspect.signature(function).parameters.values():
            assert parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            if parameter.name not in ("self", "cls"):
                assert parameter.annotation is not inspect.Parameter.empty


@pytest.mark.parametrize(
    "cls", [cls for cls in public_classes() if cls.__name__.endswith("WithRawResponse")]
)
def test_raw_calls_have_the_names_parameters_and_docs_of_the_plain_ones(cls: type) -> None:
    plain = getattr(api, cls.__name__.removesuffix("WithRawResponse"))
    calls = {
        name: function
        for name, function in vars(plain).items()
        if inspect.isfunction(function)
        and not str(function.__annotations__["return"]).startswith(("Generator", "AsyncGenerator"))
        # What waits for an end has no single answer.
        and "timeout" not in inspect.signature(function).parameters
    }
    raw = {name: function for name, function in vars(cls).items() if inspect.isfunction(function)}
    assert raw.keys() == calls.keys()
    for name, function in raw.items():
        assert inspect.signature(function).parameters == inspect.signature(calls[name]).parameters
        assert function.__doc__ == calls[name].__doc__
