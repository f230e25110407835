"""The base of all data of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

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
