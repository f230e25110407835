"""The configuration that a measurement gives in the environment."""

from __future__ import annotations

from xpander_client import Configuration

configuration = Configuration()
