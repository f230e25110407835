"""`OutputFormat`, where the official client has it."""

from __future__ import annotations

from xpander_client.api.models import OutputFormat

__all__ = ["OutputFormat"]
