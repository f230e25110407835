"""What all data of the wire can do: be made of plain values and JSON, and become such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.serialization import complete, dumps, loads, parse, structure
from xpander_client.errors import ArgumentError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

if TYPE_CHECKING:
    # A handler sets what it has, and that is what it reads until the task is saved.
    WorkResult: TypeAlias = str | Any | None
else:
    WorkResult = str | None


class Model:
    """The base of all data: `Task`, `AgentExecutionInput`, `TaskUpdateEvent` and the others.

    What a constructor is given becomes what the field is declared as: a dict the model, a text the
    date or the enum's member. What can't is refused with an `ArgumentError`. pydantic takes
    a model as the type of a field, and so does FastAPI as that of an answer.

    Example:
        >>> from xpander_client import User
        >>> user = User.from_json('{"id": "u1", "email": "ada@example.com"}')
        >>> user.to_dict() == dict(user) == {"id": "u1", "email": "ada@example.com"}
        True
    """

    __slots__ = ()

    __attrs_post_init__ = complete

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the object that `to_dict` gave these values of, or that the platform sent.

        Raises:
            ArgumentError: they are no such object; the message says where.
        """
        try:
            return structure(dict(values), cls)
        except ConversionError as error:
            raise ArgumentError(str(error)) from None

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Make the object that JSON text holds.

        Raises:
            ArgumentError: it holds no such object; the message says where.
        """
        try:
            return loads(text, cls)
        except ConversionError as error:
            raise ArgumentError(str(error)) from None

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold of the object, under the names of the wire: dates are texts.

        Everything is in it, secrets too. What is None is left out.

        Raises:
            ArgumentError: something in it has no JSON form; the message says where.
        """
        values: dict[str, Any] = parse(dumps(self))
        return values

    def to_json(self) -> str:
        """Give the object as JSON text; see `to_dict`.

        Raises:
            ArgumentError: something in it has no JSON form; the message says where.
        """
        return dumps(self).decode()

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
