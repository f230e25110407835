"""Counters, defaultdicts and deques of agent code, which leave the sandbox as dicts and lists.

What they are is asked in the sandbox, when a session's code has named one of them, so that the next
call finds what this one made.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xpander_client.agents.state.codec import FACTORIES, Factory, Instance, Unstorable

NAMES = frozenset({"Counter", "defaultdict", "deque"})
SOURCE = """\
import collections as __x_collections
class __x_Box:
    pass
def __x_boxed(value, fields, path=()):
    kind = type(value)
    if kind is int or kind is str or kind is float or kind is bool or value is None:
        return value
    if id(value) in path or len(path) > 100:
        return value
    path = (*path, id(value))
    if kind is list:
        return [__x_boxed(one, fields, path) for one in value]
    if kind is tuple:
        return tuple([__x_boxed(one, fields, path) for one in value])
    box = __x_Box()
    box.of = None
    if kind is __x_collections.deque:
        box.kind = "deque"
        box.content = [__x_boxed(one, fields, path) for one in value]
        box.of = value.maxlen
        return box
    if kind is dict or kind is __x_collections.Counter or kind is __x_collections.defaultdict:
        content = {key: __x_boxed(one, fields, path) for key, one in value.items()}
        if kind is dict:
            return content
        box.content = content
        box.kind = "Counter"
        if kind is __x_collections.defaultdict:
            box.kind = "defaultdict"
            made_by = value.default_factory
            if made_by is not None:
                box.of = getattr(made_by, "__name__", None) or repr(made_by)
        return box
    name = getattr(kind, "__name__", None)
    if name in fields:
        box.kind = "object"
        box.of = name
        box.content = {
            one: __x_boxed(getattr(value, one), fields, path)
            for one in fields[name] if hasattr(value, one)
        }
        return box
    return value
None
"""
_NAMED = re.compile(r"<(?:function|class) '([^']+)'")


def write_box(name: str, attributes: Mapping[str, tuple[str, ...]]) -> str:
    """Write the expression for a variable with boxes for what would else be a dict or a list."""
    return f"__x_boxed({name}, {dict(attributes)!r})"


def fields(value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the classes of agent code whose objects are in a value, and the objects' attributes."""
    if isinstance(value, Instance):
        if not value.record:
            yield value.class_name, tuple(value.attributes)
        value = value.attributes
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for one in value:
        yield from fields(one)


def unbox(box: Instance) -> Any:
    """Return what is in a box, as what it is."""
    content, of = box.attributes["content"], box.attributes["of"]
    match box.attributes["kind"]:
        case "Counter":
            return Counter(content)
        case "deque":
            return deque(content, of)
        case "defaultdict":
            return defaultdict(None if of is None else FACTORIES.get(of, Factory(of)), content)
    return Instance(of, content)


def with_factories(value: Any, source: Callable[[str], str | None]) -> Any:
    """Return the value with the source of functions that make missing items, or what can't be kept
    of it.

    `source` has the source for the name of a function.
    """
    for one in _defaultdicts(value):
        factory = one.default_factory
        if isinstance(factory, Factory):
            found = _NAMED.match(factory.source)
            made_by = source(found[1] if found is not None else factory.source)
            if made_by is None:
                return Unstorable("a defaultdict with a function that has no name")
            one.default_factory = Factory(made_by)
    return value


def _defaultdicts(value: Any) -> Iterator[defaultdict[Any, Any]]:
    if isinstance(value, defaultdict):
        yield value
    if isinstance(value, Instance):
        value = value.attributes
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple, deque)):
        return
    for one in value:
        yield from _defaultdicts(one)
