"""`Task`, where the official client has it."""

from __future__ import annotations

from xpander_client.api.resources import Task

__all__ = ["Task"]
