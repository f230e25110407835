"""`WidgetState`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class WidgetState(OpenStrEnum):
    """How far it is."""

    Raw = "raw"
    Done = "done"
