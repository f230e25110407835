"""The base of all data of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from xpander_client.core.plain_values import PlainValues
from xpander_client.core.serialization import complete, structure

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

if TYPE_CHECKING:
    # A handler sets what it has, and that is what it reads until the task is saved.
    WorkResult: TypeAlias = str | Any | None
else:
    WorkResult = str | None


class Model(PlainValues):
    """The base of all data: `Task`, `AgentExecutionInput`, `TaskUpdateEvent` and the others.

    What a constructor is given becomes what the field is declared as: a dict the model, a text the
    date or the enum's member. What can't is refused with an `ArgumentError`. pydantic takes
    a model as the type of a field, and so does FastAPI as that of an answer. The methods that
    programs know from pydantic's models are here under their names.

    Example:
        >>> from xpander_client import User
        >>> user = User.from_json('{"id": "u1", "email": "ada@example.com"}')
        >>> user.to_dict() == dict(user) == {"id": "u1", "email": "ada@example.com"}
        True
    """

    __slots__ = ()

    __attrs_post_init__ = complete

    # attrs would compile these two anew for each class that is loaded. Few of them are ever used.
    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        model: Any = self.__class__
        read = _make_reader(model)
        return bool(read(self) == read(other))

    __hash__ = None  # type: ignore[assignment]  # objects that are equal can become different

    @recursive_repr()
    def __repr__(self) -> str:
        model: Any = self.__class__
        shown = ", ".join(
            f"{field.name}={getattr(self, field.name)!r}"
            for field in attrs.fields(model)
            if field.repr
        )
        return f"{model.__qualname__.rpartition('>.')[2]}({shown})"

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        # For `dict(task)`, by which FastAPI and others make JSON of what they don't know.
        return iter(self.to_dict().items())

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from pydantic_core import core_schema  # it is pydantic that asks

        def validate(value: Any) -> Any:
            return value if isinstance(value, cls) else structure(value, cls)

        return core_schema.no_info_plain_validator_function(
            validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.to_dict, return_schema=core_schema.dict_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "object", "title": cls.__name__}


@cache
def _make_reader(model: Any) -> attrgetter[Any]:
    """Make what reads the fields by which two objects of a class are compared."""
    return attrgetter(*(field.name for field in attrs.fields(model) if field.eq))
