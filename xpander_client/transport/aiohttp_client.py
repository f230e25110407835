"""The async client of the aiohttp backend."""

from __future__ import annotations

from typing import Any

import aiohttp
import httpx
import httpx_aiohttp


def new_client(
    *,
    proxy: str | None = None,
    mounts: dict[str, httpx.AsyncBaseTransport | None] | None = None,
    timeout: None = None,
    **settings: Any,
) -> httpx.AsyncClient:
    """Make a client as `httpx.AsyncClient` would be with these settings, over aiohttp."""
    routes = dict(mounts or {})
    if proxy is not None:
        routes["all://"] = _Transport(proxy=httpx.Proxy(proxy), **settings)
    return httpx.AsyncClient(
        transport=_Transport(**settings), mounts=routes, timeout=timeout, trust_env=False
    )


class _Transport(httpx_aiohttp.AiohttpTransport):
    """Lets no exception of aiohttp out."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
