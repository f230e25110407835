"""What operators and builtins do with objects of the host, where agent code uses them there."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from xpander_client.agents.sandbox.marshal import LONGEST_ITERATOR

_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lshift", "rshift")
_ORDERS = ("lt", "le", "gt", "ge", "eq", "ne")


def _key(key: Any) -> Any:
    """Return a key with its slices: they come as tuples that say so."""
    if type(key) is tuple:
        if len(key) == 4 and type(key[0]) is str and key[0] == "__x_slice":
            return slice(*key[1:])
        return tuple(_key(one) for one in key)
    return key


def _items(value: Any) -> list[Any]:
    items = list(islice(iter(value), LONGEST_ITERATOR + 1))
    if len(items) > LONGEST_ITERATOR:
        raise ValueError(
            f"a {type(value).__name__} with more than {LONGEST_ITERATOR} elements can't come into "
            "the sandbox: take a part of it, or use its methods"
        )
    return items


def _set(value: Any, key: Any, item: Any) -> None:
    value[_key(key)] = item


def _delete(value: Any, key: Any) -> None:
    del value[_key(key)]


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in (*_BINARY, *_ORDERS, "xor")},
    **{f"i{name}": getattr(operator, f"i{name}") for name in (*_BINARY, "and", "or", "xor")},
    **{name: getattr(operator, f"{name}_") for name in ("and", "or")},
    "neg": operator.neg,
    "pos": operator.pos,
    "invert": operator.invert,
    "abs": abs,
    "contains": operator.contains,
    "truth": operator.truth,
    "iter": _items,
    "len": len,
    "getitem": lambda value, key: value[_key(key)],
    "setitem": _set,
    "delitem": _delete,
    "str": str,
    "repr": repr,
    "format": format,
    "int": int,
    "float": float,
    "round": round,
}
"""By the names that `preludes` uses."""

BETWEEN_OBJECTS = frozenset(
    {*_BINARY, *_ORDERS, *(f"i{name}" for name in _BINARY)}
    | {"and", "or", "xor", "iand", "ior", "ixor"}
)
"""Those of two objects, of which one has to be open."""

UNOPENED: Mapping[str, Callable[..., Any]] = {
    "eq": operator.is_,
    "ne": operator.is_not,
    "truth": lambda value: True,
    "str": lambda value: None,
    "repr": lambda value: None,
    "format": lambda value, specification: None,
}
"""What there is for objects that are not open: no more than that they are themselves."""
