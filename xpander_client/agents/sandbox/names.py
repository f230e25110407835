"""What names, attributes and calls of agent code mean on the host: what was opened there."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import getattr_static
from itertools import islice
from typing import Any
from uuid import UUID

import attrs

from xpander_client.agents.sandbox.capabilities import OPERATORS, HostClass, is_async
from xpander_client.agents.sandbox.dialect.rewriting import CHANGE, REREAD
from xpander_client.agents.sandbox.exports import Openings, Target
from xpander_client.agents.sandbox.marshal import (
    LONGEST_ITERATOR,
    Crossing,
    Handle,
    Inputs,
    check_field,
)
from xpander_client.agents.sandbox.operations import BETWEEN_OBJECTS, OPERATIONS, UNOPENED
from xpander_client.agents.sandbox.processes import inside_host_call
from xpander_client.agents.sandbox.wire_types import find_type_id, wrap_class


@attrs.define
class Names:
    """Finds what the code of one session means."""

    openings: Openings
    crossing: Crossing
    inputs: Mapping[str, Any]
    """The arguments of the call, as code has changed them."""

    def is_opened(self, name: str) -> bool:
        """Tell whether something was opened under this name."""
        openings = self.openings
        return name in openings.functions or name in openings.classes or name in openings.instances

    def wrap_inputs(self) -> Any:
        """Return the inputs as they go into the sandbox."""
        return self.crossing.inputs(self.inputs)

    def find_opened(self, name: str) -> tuple[Any, ...]:
        """Find what was opened under this name, in a tuple, empty if nothing."""
        openings = self.openings
        if name in openings.functions:
            return (name_function(name),)
        if name in openings.classes:
            return (wrap_class(openings.classes[name].cls),)
        if name in openings.instances:
            return (self.crossing.into(openings.instances[name].target),)
        return ()

    def find_attribute(self, object_id: Any, name: str) -> tuple[Any, ...]:
        """Find an attribute of a class or an object of the host, in a tuple, empty if there is
        none.

        What can be called is a `Target`, anything else is as it goes into the sandbox.
        """
        opened = self.openings.by_id.get(object_id)
        if opened is not None:
            if not _has_itself(opened, name):
                return ()
            value = getattr(opened.cls, name)
            if callable(value) and not isinstance(value, type):
                return (_of_class(opened, name),)
            return (self.crossing.into(value),)
        handle = self.crossing.handle(object_id)
        if handle is None:
            return ()
        if isinstance(handle.value, Inputs):
            return (self._input(name),)
        if not handle.is_open(name):
            return ()
        token = inside_host_call.set(True)
        try:
            value = getattr(handle.value, name)
        finally:
            inside_host_call.reset(token)
        has_keys = self.crossing.open_keys(value, type(handle.value))
        if callable(value) and not isinstance(value, type):
            if has_keys or self.openings.find_class(value) is not None:
                return (self.crossing.into(value),)
            return (self._method(handle, name),)
        return (self.crossing.into(value),)

    def find_target(self, name: str, object_id: UUID | None) -> Target:
        """Find what a call is of: by its name, or a method of a class or an object by its id.

        Raises:
            AttributeError, NameError, TypeError: there is none, or it is not open to this code.
        """
        openings = self.openings
        if object_id is None:
            if name in openings.functions:
                return openings.functions[name]
            if name == "__x_module":
                return Target(name, openings.inner.__getitem__)
            if name in openings.classes:
                return _constructor(openings.classes[name])
            if name == "on_host":
                return Target(name, self._on_host)
            if name == CHANGE:
                return Target(name, self._change)
            if name == REREAD:
                return Target(name, self._reread)
            raise NameError(f"name '{name}' is not defined")
        opened = openings.by_id.get(object_id)
        if opened is not None:
            return _constructor(opened) if name == "__call__" else _of_class(opened, name)
        handle = self.crossing.handle(object_id)
        if handle is None:
            raise TypeError("this class can't be called by agent code")
        if isinstance(handle.value, Inputs):
            return self._input(name)
        return self._method(handle, name)

    def find_operation(self, name: str, operands: list[Any]) -> Target:
        """Find what an operator, or a builtin, does with objects of the host."""
        subjects = operands if name in BETWEEN_OBJECTS else operands[:1]
        opened = next(filter(None, map(self.crossing.find_class, subjects)), None)
        if opened is not None:
            return Target(name, OPERATIONS[name], False, opened.exception_mappings)
        if name in UNOPENED:
            return Target(name, UNOPENED[name])
        raise TypeError(f"'{type(operands[0]).__name__}' object is not open to agent code")

    def _change(self, value: Any, name: str, new: Any) -> None:
        """Set an attribute of an object of the host, as code has set its copy's."""
        if isinstance(value, Inputs):
            self.inputs = {**self.inputs, name: new}
            return
        opened = self.openings.find_class(value)
        kind = type(value).__name__
        if isinstance(value, type):
            raise AttributeError(f"{name!r} of the class {value.__name__} can't be set")
        if opened is None:
            raise AttributeError(
                f"'{kind}' object is not open to agent code, so its {name!r} can't be set: "
                "make a dict with what is to be changed"
            )
        if not opened.is_open(name) or callable(getattr(type(value), name, None)):
            raise AttributeError(f"'{kind}' object has no open attribute '{name}' that can be set")
        setattr(value, name, check_field(type(value), name, new))

    def _reread(self, value: Any, name: str) -> Any:
        if not Handle(value, self.openings.find_class(value), None).is_open(name):
            raise AttributeError(name)
        return getattr(value, name)

    def _on_host(self, operation: str, value: Any, *args: Any) -> Any:
        """Carry out an operator on an object of the host, which the sandbox has none for."""
        opened = self.openings.find_class(value)
        special = f"__{operation}__"
        if opened is None:
            raise TypeError(f"'{type(value).__name__}' object is not open to agent code")
        if special not in OPERATORS or not hasattr(type(value), special):
            raise TypeError(f"'{type(value).__name__}' object has no operation {operation!r}")
        if operation == "iter":
            return list(islice(value, LONGEST_ITERATOR))
        result = getattr(value, special)(*args)
        if result is NotImplemented and len(args) == 1:
            # As Python does: the other operand may know.
            result = getattr(args[0], f"__r{operation}__", lambda _: NotImplemented)(value)
        if result is NotImplemented:
            raise TypeError(f"{operation!r} is not possible between these objects")
        return result

    def _input(self, name: str) -> Target:
        value = self.inputs.get(name)
        if not callable(value):
            raise AttributeError(
                f"there is no input {name!r} that could be called (arguments are attributes: "
                "write inputs.name)"
            )
        return Target(f"inputs.{name}", value, is_async(value))

    def _method(self, handle: Handle, name: str) -> Target:
        kind = type(handle.value).__name__
        if handle.opened is None:
            raise AttributeError(
                f"'{kind}' object is not open to agent code: it has no '{name}' here"
            )
        if not handle.opened.is_open(name):
            raise AttributeError(f"'{kind}' object has no open attribute '{name}'")
        function = getattr(handle.value, name)
        if isinstance(function, type):
            opened = self.openings.by_id.get(find_type_id(function))
            if opened is not None:
                return _constructor(opened)
            raise TypeError(f"'{name}' of a '{kind}' object can't be called by agent code")
        if not callable(function):
            raise TypeError(f"'{name}' of a '{kind}' object is no method, it is {function!r:.60}")
        return Target(
            f"{handle.opened.name}.{name}",
            function,
            is_async(function),
            handle.opened.exception_mappings,
        )


def _constructor(opened: HostClass) -> Target:
    if not opened.constructable:
        raise TypeError(f"objects of {opened.name} can't be made by agent code")
    return Target(opened.name, opened.cls, False, opened.exception_mappings)


def _of_class(opened: HostClass, name: str) -> Target:
    """Find a class method or static method. Others need an object, so they go through a handle."""
    if not _has_itself(opened, name):
        raise AttributeError(f"type object '{opened.name}' has no open attribute '{name}'")
    kind = getattr_static(opened.cls, name, None)
    if not isinstance(kind, (classmethod, staticmethod)) and not _is_builtin_of_class(
        opened.cls, name
    ):
        raise TypeError(f"{opened.name}.{name} needs an object: call it on one")
    function = getattr(opened.cls, name)
    return Target(f"{opened.name}.{name}", function, is_async(function), opened.exception_mappings)


def _has_itself(opened: HostClass, name: str) -> bool:
    """Whether a member is open and the class's own, not its metaclass's, as `mro`."""
    return opened.is_open(name) and any(name in vars(one) for one in opened.cls.__mro__)


def _is_builtin_of_class(cls: type[Any], name: str) -> bool:
    # Class methods of C classes, as `datetime.now`, are bound to the class.
    return getattr(getattr(cls, name, None), "__self__", None) is cls


def name_function(name: str) -> Any:
    """Return a function that agent code has as a value.

    Should the value come back, it is this name: so the name is none that data would have.
    """
    return give_name(f"<function {name}>")


def give_name(name: str) -> Any:
    """Return a function that is called by this name in the sandbox."""

    def function() -> None:
        """Is never called: calls are answered by name."""

    function.__name__ = name
    return function
