"""A function as a model is told of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import attrs

from xpander_client.core.signatures import read_signature
from xpander_client.errors import ArgumentError
from xpander_client.tools.functions.docstrings import parameters_in
from xpander_client.tools.functions.parameters import Parameters, read_parameters


@attrs.frozen
class DescribedFunction:
    """A function's name, what it does, and what it takes."""

    name: str
    description: str
    """Its docstring, without what that says of parameters."""
    parameters: Parameters


def describe_function(function: Callable[..., Any]) -> DescribedFunction:
    """Find out what a model has to know of a function.

    Raises:
        ArgumentError: it has no name, or can't be called with keywords only.

    Example:
        >>> def sum_up(region: str, year: int = 2026) -> float:
        ...     "Sum up the sales of a region."
        ...     return 200.0
        >>> described = describe_function(sum_up)
        >>> described.name, described.parameters.schema["required"]
        ('sum_up', ['region'])
    """
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        raise ArgumentError(f"{function!r} has no name to call it by; give a function made by def")
    try:
        names = read_signature(function).parameters
    except ValueError as error:
        raise ArgumentError(f"{name} can't be described to a model: {error}") from None
    for parameter in names.values():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise ArgumentError(
                f"{name} can't be called by a model: its parameter {parameter.name} has no keyword"
            )
    description, descriptions = parameters_in(inspect.getdoc(function) or "", names)
    return DescribedFunction(name, description, read_parameters(function, descriptions))
