"""`Colour`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["Colour"]


class Colour(OpenStrEnum):
    """What a widget looks like."""

    Red = "red"
    DarkGreen = "dark-green"
