"""Objects that know what they were loaded from and with, and what has changed in them since."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import Any, Self, TypeVar, cast

import attrs

from xpander_client.configuration import Configuration
from xpander_client.core.conversion_errors import TOO_DEEP
from xpander_client.core.events import EventText
from xpander_client.core.fields import EXTRA, wire_name
from xpander_client.core.model import Model
from xpander_client.core.model_functions import is_same, list_differences
from xpander_client.core.serialization import (
    dumps,
    loads,
    parts,
    structure,
    unstructure,
)
from xpander_client.errors import ArgumentError
from xpander_client.transport.transport import Bindable, Transport

B = TypeVar("B", bound="TrackedObject")

_NOTHING: Mapping[str, Any] = {}


class TrackedObject(Model, Bindable):
    """The base of objects with methods of their own, such as `Task`.

    It remembers the transport that an object was loaded with, and the object as it was loaded.
    """

    __slots__ = ("_always", "_given_transport", "_stop_requested")

    # Annotated here and not on the class, whose annotations cattrs resolves at run time.
    def __attrs_pre_init__(self) -> None:
        self._always: Mapping[str, Any] = _NOTHING
        self._given_transport: Transport | None = None
        self._loaded = None
        # Set by the worker that runs a task.
        self._stop_requested: Callable[[], bool] | None = None

    @property
    def configuration(self) -> Configuration:
        """The configuration that the object was made with; it can be set to another."""
        return self._transport.configuration

    @configuration.setter
    def configuration(self, configuration: Configuration) -> None:
        self._given_transport = Transport.of(configuration)

    @property
    def _transport(self) -> Transport:
        if self._given_transport is None:
            self._given_transport = Transport.of()
        return self._given_transport

    def _bind(
        self,
        transport: Transport,
        loaded: bytes | EventText | None,
        always: Mapping[str, Any] = _NOTHING,
    ) -> Self:
        """Make the object one that was just loaded; `always` goes with each save, as it is now.

        A reload does not change it: a worker that lost its task must not take over the new
        attempt with the rest.
        """
        self._given_transport = transport
        self._loaded = loaded
        self._always = always
        return self

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], configuration: Configuration | None = None
    ) -> Self:
        """Make the object that `to_dict` gave these values of, or that the platform sent.

        It counts as loaded: `save` sends what is changed from now on. Its calls are made with
        `configuration`, or what the environment says.

        Raises:
            ArgumentError: they are no such object; the message says where.
        """
        return super().from_dict(values)._remember(configuration)

    @classmethod
    def from_json(cls, text: str | bytes, configuration: Configuration | None = None) -> Self:
        """Make the object that JSON text holds; see `from_dict`.

        Raises:
            ArgumentError: it holds no such object; the message says where.
        """
        return super().from_json(text)._remember(configuration)

    def _remember(self, configuration: Configuration | None) -> Self:
        if configuration is not None:
            self.configuration = configuration
        self._loaded = dumps(self)
        return self

    def __copy__(self) -> Self:
        return self._copy(lambda value: value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._copy(lambda value: copy.deepcopy(value, memo))

    def __reduce__(self) -> tuple[Any, ...]:
        values = {field.name: getattr(self, field.name) for field in _fields(self)}
        transport = self._given_transport
        return _rebuild, (type(self), values, transport, self._loaded, dict(self._always))

    def _copy(self, of: Callable[[Any], Any]) -> Self:
        made = _make(
            type(self), {field.name: of(getattr(self, field.name)) for field in _fields(self)}
        )
        made._given_transport = self._given_transport
        made._loaded, made._always = self._loaded, self._always
        made._stop_requested = self._stop_requested
        return made

    def _changes(self) -> dict[str, Any]:
        """List the wire fields that differ from what was loaded; one that was cleared is None."""
        before = self._find_loaded()
        try:
            if before is None:
                return {name: it for name, it in unstructure(self).items() if it is not None}
            return _find_changes(before, self)
        except RecursionError:
            raise ArgumentError(TOO_DEEP) from None

    def _find_loaded(self) -> Self | None:
        """Return an object like the one that was loaded; it is made once, when it is needed."""
        loaded = self._loaded
        if isinstance(loaded, bytes):
            loaded = loads(loaded, type(self))
        elif isinstance(loaded, EventText):
            loaded = structure(loaded.parse_data(), type(self))
        self._loaded = loaded
        return loaded

    def _add_fencing(self, fields: dict[str, Any]) -> dict[str, Any]:
        """`fields`, with those that go with each save; nothing stays nothing."""
        if not fields:
            return fields
        return {**fields, **self._always}

    def _adopt(self, answered: Self, sent: Collection[str] | None = ()) -> Self:
        """Take over what the platform answered.

        Local edits that were not `sent` stay, and still count as changes; None drops them all.
        """
        kept = set() if sent is None else self._changes().keys() - set(sent)
        extra: dict[str, Any] = getattr(self, EXTRA)
        for field in _fields(self):
            if not kept or wire_name(field) not in kept:
                setattr(self, field.name, getattr(answered, field.name))
        if kept:
            edited = {name: extra[name] for name in kept if name in extra}
            setattr(self, EXTRA, {**getattr(answered, EXTRA), **edited})
        self._loaded = answered._loaded
        return self


def _fields(thing: TrackedObject) -> tuple[attrs.Attribute[Any], ...]:
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cast(Any, type(thing)))
    return fields


def _find_changes(before: TrackedObject, now: TrackedObject) -> dict[str, Any]:
    """Return the wire fields that differ, as they are written now."""
    differences = list_differences(before, now)
    if any(name == EXTRA for name, _, _ in differences):
        # An extra may have the name of a field, which then counts if it is not None.
        old, new = parts(before), parts(now)
        differences = [(name, old.get(name), new.get(name)) for name in {**old, **new}]
    changes: dict[str, Any] = {}
    for name, loaded, value in differences:
        # A text may stand for an enum's member, a dict for a model: written they may be the same.
        written = unstructure(value)
        if not is_same(unstructure(loaded), written):
            changes[name] = written
    return changes


def _make(cls: type[B], values: Mapping[str, Any]) -> B:
    """Make an object of these values as they are.

    A handler may have set what no constructor takes.
    """
    made = cls.__new__(cls)
    made.__attrs_pre_init__()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _rebuild(
    cls: type[B],
    values: dict[str, Any],
    transport: Transport | None,
    loaded: Any,
    always: Mapping[str, Any],
) -> B:
    made = _make(cls, values)
    made._given_transport, made._loaded, made._always = transport, loaded, always
    return made


def fence(
    thing: B,
    transport: Transport,
    loaded: bytes,
    always: Mapping[str, Any],
    stop_requested: Callable[[], bool] | None = None,
) -> B:
    """Bind a thing to a worker's transport; `always` goes with each of its saves.

    `loaded` is the JSON that it was loaded from, for one that does not know it; `stop_requested`
    says whether the worker still wants what is made of it.
    """
    before = thing._loaded
    thing._stop_requested = stop_requested
    return thing._bind(transport, loaded if before is None else before, always)
