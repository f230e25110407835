"""Enumerations that stay open: the platform adds values over time."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


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

    def __reduce_ex__(self, protocol: object) -> tuple[type[Self], tuple[str]]:
        return type(self), (str(self),)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __copy__(self) -> Self:
        return self
