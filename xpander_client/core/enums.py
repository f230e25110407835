"""Enumerations that stay open: the platform adds values over time."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self, overload

from xpander_client.errors import ArgumentError


class OpenStrEnum(StrEnum):
    """A `StrEnum` that takes values it does not know and keeps them as they came.

    Example:
        >>> class Colour(OpenStrEnum):
        ...     Red = "red"
        >>> Colour("red") is Colour.Red, Colour("mauve") == "mauve", Colour("mauve").is_known
        (True, True, False)
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # Not kept in the class: a stream of unknown values must not grow it.
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether this client's version of the contract lists the value."""
        return self._value_ in type(self)._value2member_map_

    @overload
    @classmethod
    def from_argument(cls, place: str, value: None) -> None: ...

    @overload
    @classmethod
    def from_argument(cls, place: str, value: str) -> Self: ...

    @classmethod
    def from_argument(cls, place: str, value: Any) -> Any:
        """Return the member that an argument means; None and members, known or not, stay as is.

        Raises:
            ArgumentError: it is a text that is none; the message names `place` and what is allowed.
        """
        if value.__class__ is not str:
            return value
        member = cls._value2member_map_.get(value)
        if member is None:
            allowed = ", ".join(repr(member.value) for member in cls)
            raise ArgumentError(
                f"{place}: expected one of {allowed}, got {value!r} (what the platform knows and "
                f"this client does not: {cls.__name__}({value!r}))"
            )
        return member

    def __reduce_ex__(self, protocol: object) -> tuple[type[Self], tuple[str]]:
        return type(self), (str(self),)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __copy__(self) -> Self:
        return self
