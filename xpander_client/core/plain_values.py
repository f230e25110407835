"""What data can do: be made of plain values and JSON, and become such, also by pydantic's names."""

from __future__ import annotations

import builtins
import copy
from collections.abc import Mapping, Set
from typing import Any, Self, TypeAlias, TypedDict, Unpack

from xpander_client.core.conversion_errors import ConversionError, name_value
from xpander_client.core.serialization import dumps, loads, parse, structure
from xpander_client.errors import ArgumentError

Selection: TypeAlias = Set[str] | Set[int] | Mapping[str, Any] | Mapping[int, Any]
"""Fields by name, or items by number. A mapping goes on inside of them, or says True."""


class _DumpOptions(TypedDict, total=False):
    include: Selection | None
    exclude: Selection | None
    by_alias: bool | None
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    round_trip: bool
    warnings: object


class PlainValues:
    """Gives attrs classes `to_dict`, `from_dict`, and the methods that pydantic's models have.

    `to_dict` and `to_json` write what the platform gets, where None is not written. `model_dump`
    and `model_dump_json` write what pydantic would: all fields, those that are None and those that
    are worked out too.

    Example:
        >>> from xpander_client import User
        >>> user = User.model_validate({"email": "ada@example.com", "id": "u1"})
        >>> user.model_dump(include={"id", "timezone"}), user.model_dump_json(exclude_none=True)
        ({'id': 'u1', 'timezone': None}, '{"email":"ada@example.com","id":"u1"}')
        >>> user.model_copy(update={"id": "u2"}).id, user.id
        ('u2', 'u1')
    """

    __slots__ = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the object that `to_dict` gave these values of, or that the platform sent.

        Raises:
            ArgumentError: they are no such object; the message says where.
        """
        try:
            return structure(builtins.dict(values), cls)
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

    def to_dict(self) -> builtins.dict[str, Any]:
        """Give what JSON can hold of the object, under the names of the wire: dates are texts.

        Everything is in it, secrets too. What is None is left out.

        Raises:
            ArgumentError: something in it has no JSON form; the message says where.
        """
        values: builtins.dict[str, Any] = parse(dumps(self))
        return values

    def to_json(self) -> str:
        """Give the object as JSON text; see `to_dict`.

        Raises:
            ArgumentError: something in it has no JSON form; the message says where.
        """
        return dumps(self).decode()

    @classmethod
    def model_validate(cls, obj: Any) -> Self:
        """Make the object that a mapping holds, as `from_dict` does; an object of the class stays.

        Raises:
            ArgumentError: (a ValueError) it is no such object; the message says where.
        """
        if isinstance(obj, cls):
            return obj
        if not isinstance(obj, Mapping):
            raise ArgumentError(f"$: expected an object, got {name_value(obj)}")
        return cls.from_dict(obj)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:
        """Make the object that JSON text holds, as `from_json` does.

        Raises:
            ArgumentError: (a ValueError) it holds no such object; the message says where.
        """
        return cls.from_json(json_data)

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Selection | None = None,
        exclude: Selection | None = None,
        by_alias: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        round_trip: bool = False,
        warnings: object = True,
    ) -> builtins.dict[str, Any]:
        """Return the fields and what is in them as dicts, lists and values.

        Args:
            mode: `json` for values that JSON has; `python` keeps dates and enums as they are.
            include: The only fields to return.
            exclude: Fields to leave out.
            by_alias: Fields have one name, that of the wire, with it and without.
            exclude_unset: Whether to leave out fields that are what they are when not given.
            exclude_defaults: The same.
            exclude_none: Whether to leave out fields that are None.
            round_trip: Whether to leave out what is worked out, such as `Tokens.total_tokens`.
            warnings: Nothing is warned of, with it and without.
        """
        from xpander_client.core.model_dump import Dump  # few programs write such

        return Dump(
            as_json=mode == "json",
            without_defaults=exclude_unset or exclude_defaults,
            without_none=exclude_none,
            without_computed=round_trip,
        ).write_model(self, include, exclude)

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        ensure_ascii: bool = False,
        **options: Unpack[_DumpOptions],
    ) -> str:
        """Return the fields as JSON text, one line when `indent` is None; see `model_dump`."""
        import json

        return json.dumps(
            self.model_dump(mode="json", **options),
            indent=indent,
            ensure_ascii=ensure_ascii,
            separators=(",", ":") if indent is None else None,
        )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, with other values for the fields that `update` names.

        As with pydantic, nobody looks at these values. What a copy that is not `deep` holds is what
        this object holds.
        """
        made = copy.deepcopy(self) if deep else copy.copy(self)
        for name, value in (update or {}).items():
            object.__setattr__(made, name, value)  # some are frozen
        return made

    def dict(self, **options: Unpack[_DumpOptions]) -> builtins.dict[str, Any]:
        """Return what `model_dump` returns: its name in pydantic's first version."""
        return self.model_dump(**options)

    def json(self, *, indent: int | None = None, **options: Unpack[_DumpOptions]) -> str:
        """Return what `model_dump_json` returns: its name in pydantic's first version."""
        return self.model_dump_json(indent=indent, **options)
