"""The configuration that a measurement gives in the environment."""

from __future__ import annotations

import os

from xpander_client import Configuration

configuration = Configuration(
    async_backend="aiohttp" if os.environ.get("OVER_AIOHTTP") else "httpx"
)
