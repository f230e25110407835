"""What the templates print, as data: models, enumerations, operations, objects with methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from generator.examples import Example
from generator.literals import print_literal
from generator.python_types import PythonType, make_literal


@attrs.frozen(kw_only=True)
class Field:
    """A field of a model. `default` is code, None for a required field; one that is sent `always`
    is sent as null, too. `bounds` are those of JSON Schema, by its keywords. A private one has a
    property of its keyword's name before it.
    """

    name: str
    wire: str
    type: PythonType
    default: str | None
    always: bool
    secret: bool
    description: str
    bounds: dict[str, Any]
    is_private: bool

    def declare(self, names: Mapping[str, str]) -> str:
        """Return what the field is assigned, or nothing; `names` are as in `PythonType.code`."""
        options: list[str] = []
        if self.default in ("[]", "{}"):
            # The annotation as a factory: a bare `list` would be one of anything.
            options.append(f"factory={self.type.required().factory(names)}")
        elif self.default is not None and self.default[0] in "[{":
            options.append(f"factory=lambda: {self.default}")
        elif self.default is not None:
            options.append(f"default={self.default}")
        if self.is_private:
            # attrs would find the keyword by itself, type checkers would not.
            options.append(f'alias="{self.name.lstrip("_")}"')
        metadata: dict[str, Any] = {}
        if self.wire != self.name:
            metadata["wire"] = self.wire
        if self.always:
            metadata["always"] = True
        if self.bounds:
            metadata["bounds"] = self.bounds
        if self.secret:
            options.append("repr=False")
        if metadata:
            options.append(f"metadata={print_literal(metadata)}")
        if not options:
            return ""
        if len(options) == 1 and options[0].startswith("default="):
            return f" = {self.default}"
        return f" = attrs.field({', '.join(options)})"


@attrs.frozen(kw_only=True)
class Total:
    """A property that is the sum of fields."""

    name: str
    of: list[str]
    description: str


@attrs.frozen(kw_only=True)
class Model:
    """A class of data. `methods` and `mixins` (module and class of the runtime) are empty
    but for objects that the platform is asked about.
    """

    name: str
    module: str
    description: str
    fields: list[Field]
    totals: list[Total]
    imports: list[str]
    late_imports: list[str]
    methods: list[Method]
    mixins: list[tuple[str, str]]
    is_resource: bool

    @property
    def types(self) -> list[PythonType]:
        """All annotations of its fields."""
        return [field.type for field in self.fields]

    def names(self, text: str) -> bool:
        """Tell whether a field's annotation contains a name."""
        return any(found.names(text) for found in self.types)


@attrs.frozen(kw_only=True)
class Enumeration:
    """An open enumeration: members as name, value and description."""

    name: str
    module: str
    description: str
    members: list[tuple[str, str, str]]
    is_task_status: bool

    @property
    def literal(self) -> PythonType:
        """The values as texts, which calls take as well."""
        return make_literal(self.name)


@attrs.frozen(kw_only=True)
class Keyword:
    """A keyword of a method. `default` is code, None for a required one."""

    name: str
    type: PythonType
    default: str | None
    description: str
    configuration: str | None = None


@attrs.frozen
class EventKind:
    """A class that tells events apart: those of one `value`, whose data is of `type`."""

    name: str
    value: str
    type: PythonType


@attrs.frozen(kw_only=True)
class Stream:
    """How the events of a stream are read. `decoder` and `ends` are names in `streams`."""

    item: str
    named: bool
    probe: str | None
    resume: bool
    decoder: str
    ends: str | None
    terminal_field: str | None
    terminal: list[str]
    data_name: str | None
    event_class: PythonType | None
    kinds: list[EventKind]
    by: str
    field: str
    names_task: bool


@attrs.frozen(kw_only=True)
class Pages:
    """The pair of methods that go through a list page by page. `limit` and `cursor` are keywords of
    the list's operation; `least` and `most` bound the size of a page.
    """

    name: str
    page_size: int
    least: int
    most: int
    limit: str
    cursor: str
    item: PythonType
    summary: str


@attrs.frozen(kw_only=True)
class Run:
    """The pair of methods that create something and wait until it is over. `stream` is the
    operation that follows it, if the field `follows` of what was created says so.
    """

    name: str
    stream: str
    follows: str
    finished: str
    defaults: dict[str, str]
    summary: str
    description: str


@attrs.frozen(kw_only=True)
class Request:
    """An operation: its spec and its pair of methods.

    `filters` is the keyword that takes query parameters in one mapping. `places` leads from what a
    message calls a place in the request to the argument that goes there.
    """

    id: str
    collection: str
    name: str
    method: str
    path: str
    keywords: list[Keyword]
    positional: int
    ids: list[str]
    query: list[tuple[str, str]]
    filters: str | None
    headers: list[tuple[str, str]]
    body: str | None
    body_classes: set[str]
    places: dict[str, str]
    replay: str
    root: str
    stream: Stream | None
    pages: Pages | None
    run: Run | None
    result: PythonType
    partial: bool
    summary: str
    description: str
    answer: str
    statuses: list[tuple[str, str]]
    example: Example | None


@attrs.frozen(kw_only=True)
class Collection:
    """A class of operations, like `Tasks`."""

    name: str
    module: str
    summary: str
    description: str
    requests: list[Request]


@attrs.frozen(kw_only=True)
class Method:
    """A method of an object: an operation, with what the object knows filled in."""

    name: str
    twin: str
    does: str
    request: Request
    probe: Request | None
    filled: dict[str, str]
    keywords: list[Keyword]
    requires: tuple[str, str] | None
    separately: list[tuple[str, str]]
    sets: list[Keyword]
    follows: str | None
    finished: str | None
    summary: str
    description: str
    example: Example | None
    classes: set[str]


@attrs.frozen(kw_only=True)
class Api:
    """All that is printed."""

    title: str
    models: list[Model]
    resources: list[Model]
    enumerations: list[Enumeration]
    collections: list[Collection]
