"""The forms in which classes of the host, and their objects, go into the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from xpander_client.agents.sandbox.dialect.rewriting import MARK

if TYPE_CHECKING:
    from pydantic_monty import ClassInstance, ClassType

_type_ids: WeakKeyDictionary[type[Any], UUID] = WeakKeyDictionary()


def find_type_id(cls: type[Any]) -> UUID:
    """Return the id of a class, which tells apart classes of the same name."""
    known = _type_ids.get(cls)
    if known is None:
        known = _type_ids.setdefault(cls, uuid4())
    return known


@lru_cache(maxsize=1)
def _load_wrappers() -> tuple[Any, Any]:
    """Return the classes that wrap an object and a class, of the interpreter's own classes.

    They are made when first needed, as the interpreter is heavy to import.
    """
    from pydantic_monty import ClassInstance, ClassType

    class HandleWrapper(ClassInstance):
        """Sends these attributes along with the object, which are made by `Crossing`."""

        sent: Mapping[str, Any] = {}

        def get_eager_attrs(self) -> dict[str, Any]:
            return dict(self.sent)

    class HostType(ClassType):
        """Shows in the sandbox that it is a class of the host."""

        def get_eager_attrs(self) -> dict[str, Any]:
            return {MARK: True}

    return HandleWrapper, HostType


def wrap_class(cls: type[Any]) -> ClassType:
    """Wrap a class for the sandbox. What is called on it is answered here."""
    made: ClassType = _load_wrappers()[1](cls, id=find_type_id(cls))
    return made


def is_wrapped(value: object) -> bool:
    """Tell whether a value is an object of the host as the sandbox gets it."""
    # Threads that are the first ones at once may each have made wrappers of their own.
    from pydantic_monty import ClassInstance

    return isinstance(value, ClassInstance)


def wrap_object(value: object, object_id: UUID) -> ClassInstance:
    """Wrap an object for the sandbox, which then means it by its id."""
    made: ClassInstance = _load_wrappers()[0](
        value, id=object_id, class_type=wrap_class(type(value))
    )
    return made
