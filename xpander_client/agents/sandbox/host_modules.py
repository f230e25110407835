"""Modules of the standard library that the sandbox's interpreter does not have.

These functions run on the host, for nothing but data. Their arguments are bounded, as no limit of
the sandbox holds here. What works on the caller's own lists, or calls functions that it is given,
can't run on the host: that is in `sandbox_modules`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from types import ModuleType
from typing import Any

from xpander_client.agents.sandbox.capabilities import HostModule

_MOST_ITEMS = 1_000_000
_LONGEST_TEXT = 5_000_000
_MOST_BITS = 4096
"""Of an int: arithmetic with longer ones takes more than linear time."""

_FUNCTIONS = {
    "html": ("escape", "unescape"),
    "statistics": (
        *("mean", "fmean", "geometric_mean", "harmonic_mean", "median", "median_low"),
        *("median_high", "median_grouped", "mode", "multimode", "pstdev", "pvariance", "stdev"),
        *("variance", "quantiles", "covariance", "correlation", "linear_regression"),
    ),
    "string": ("capwords",),
    "textwrap": ("dedent", "fill", "indent", "shorten", "wrap"),
    "urllib.parse": ("quote", "quote_plus", "unquote", "unquote_plus", "urlencode", "urljoin"),
    "uuid": ("uuid4",),
}
_CONSTANTS = {
    "string": (
        *("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits"),
        *("octdigits", "printable", "punctuation", "whitespace"),
    ),
}


@lru_cache(maxsize=1)
def standard_modules() -> tuple[HostModule, ...]:
    """Return the modules that are open to every agent, at low visibility."""
    return tuple(
        HostModule(name=name, target=_module(name), visibility="low") for name in _FUNCTIONS
    )


def _module(name: str) -> ModuleType:
    from importlib import import_module

    original = import_module(name)
    module = ModuleType(name, original.__doc__)
    names = (*_FUNCTIONS[name], *_CONSTANTS.get(name, ()))
    for one in names:
        value = getattr(original, one)
        setattr(module, one, _bound_regex(value) if callable(value) else value)
    module.__all__ = names  # type: ignore[attr-defined]  # modules have what is set
    return module


def _bound_regex(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        _check((args, kwargs))
        return function(*args, **kwargs)

    return bounded


def _check(value: Any) -> None:
    waiting = [value]
    seen = 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if seen > _MOST_ITEMS:
            raise ValueError(f"more than {_MOST_ITEMS} items")
        if isinstance(one, int):
            if one.bit_length() > _MOST_BITS:
                raise ValueError(f"an int of more than {_MOST_BITS} bits")
        elif isinstance(one, (str, bytes)):
            if len(one) > _LONGEST_TEXT:
                raise ValueError(f"a text of more than {_LONGEST_TEXT} characters")
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.keys())
            waiting.extend(one.values())
