"""`Colour`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class Colour(OpenStrEnum):
    """What a widget looks like."""

    Red = "red"
    DarkGreen = "dark-green"


ColourLiteral: TypeAlias = Literal["red", "dark-green"]
"""The values of `Colour` as texts, which calls take as well."""
