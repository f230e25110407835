"""How a type looks in JSON, and what does not fit it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs

from xpander_client.core.tool_schema import Schema

_LONGEST = 80


class MisfitError(ValueError):
    """JSON that does not fit a type. The text says where and why, for the model to read."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(why, path)
        self.why = why
        self.path = path

    def __str__(self) -> str:
        return f"{self.path.removeprefix('.')}: {self.why}" if self.path else self.why

    def within(self, step: str) -> MisfitError:
        """Make the same error, from one step further out: `.name` or `[0]`."""
        return MisfitError(self.why, f"{step}{self.path}")


def misfit(expected: str, value: Any) -> MisfitError:
    """Make the error of a value that is something else than what was expected."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return MisfitError(f"expected {expected}, got {shown}")


@attrs.frozen(eq=False)
class Form:
    """How a type looks in JSON: its schema, and how a value is made of what a model wrote.

    `read(value, is_lenient)` raises `MisfitError`. Leniently, JSON that came as a text counts for
    what it says: `"5"` is a number, `"[1, 2]"` a list.
    """

    schema: Schema
    read: Callable[[Any, bool], Any]


ANYTHING = Form({}, lambda value, is_lenient: value)


def describe_form(form: Form, text: str | None) -> Form:
    """Return the form with a description in its schema."""
    return attrs.evolve(form, schema={**form.schema, "description": text}) if text else form


def lenient(form: Form) -> Form:
    """Return the form, which takes a text for the JSON that is in it where it may and has to."""

    def read(value: Any, is_lenient: bool) -> Any:
        try:
            return form.read(value, is_lenient)
        except MisfitError:
            if not is_lenient or not isinstance(value, str):
                raise
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                inner = value
            if isinstance(inner, str):
                raise
        return form.read(inner, is_lenient)

    return attrs.evolve(form, read=read)


@attrs.define
class Definitions:
    """The forms of types that contain themselves.

    Their schemas are in `schemas`, and referred to as `#/$defs/NAME`.
    """

    schemas: dict[str, Schema] = attrs.field(factory=dict, init=False)
    _names: dict[Any, str] = attrs.field(factory=dict, init=False)
    _made: dict[Any, Form] = attrs.field(factory=dict, init=False)
    _open: set[Any] = attrs.field(factory=set, init=False)

    def define(self, key: Any, name: str, make: Callable[[], Form]) -> Form:
        """Return the form of a type that may contain itself; it becomes a definition then."""
        if key in self._open or key in self._names:
            return self._refer(key, name)
        self._open.add(key)
        self._made[key] = form = make()
        self._open.discard(key)
        if key not in self._names:
            return form
        self.schemas[self._names[key]] = form.schema
        return self._refer(key, name)

    def _refer(self, key: Any, name: str) -> Form:
        """Return what stands for a definition, in other schemas and in its own."""
        if key not in self._names:
            taken = set(self._names.values())
            numbered = (f"{name}{number}" for number in range(2, len(taken) + 3))
            self._names[key] = next(each for each in (name, *numbered) if each not in taken)

        def read(value: Any, is_lenient: bool) -> Any:  # made by then
            return self._made[key].read(value, is_lenient)

        return Form({"$ref": f"#/$defs/{self._names[key]}"}, read)
