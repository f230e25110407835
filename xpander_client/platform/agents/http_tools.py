"""Calls the tools that are HTTP requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xpander_client.platform.agents.http_operation import (
    Arguments,
    HttpOperation,
    ToolRequest,
)
from xpander_client.platform.agents.tool_answer import TooLarge, Unreadable, as_json, unpack
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.runtime.ip_addresses import is_public

if TYPE_CHECKING:
    import httpx

_TOLD = 500
"""How many characters of a failed answer are handed on."""

_LOOKED_AT = 64 * 1024
"""How many bytes of a failed answer are searched for what must not be told."""


class HttpTools:
    """Sends the requests behind tools, over connections that are kept.

    An answer has `timeout` seconds, from the first byte sent until it is known what was received,
    and may not be larger than `limit` bytes, neither as it comes nor unpacked.
    """

    def __init__(self, *, timeout: float, limit: int) -> None:
        self._timeout = timeout
        self._limit = limit
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def call(self, tool_id: str, operation: HttpOperation, arguments: Arguments) -> bytes:
        """Send the request, and return the answer as JSON; one that is none becomes a JSON text.

        Raises:
            HttpError: 422, these arguments make no request; 424, the server can't be reached, does
                not answer in time, or answers with a failure or what can't be taken.
        """
        # Beside the loop, as there may be a great deal to look at.
        request = await asyncio.to_thread(operation.request, arguments)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._answer(operation, request)
        except TimeoutError:
            how = f"did not answer within {self._timeout:g} s"
        except _Failed as failure:
            how = str(failure)
        except Unreadable as error:
            how = str(error)
        except TooLarge:
            how = f"answered with more than {self._limit} bytes"
        raise HttpError(424, f"the tool {tool_id} {how}")

    async def _open_transport(self) -> httpx.AsyncHTTPTransport:
        if self._transport is not None:
            return self._transport
        # Beside the loop: it imports httpx, and reads the certificates.
        return self._keep_transport(await asyncio.to_thread(_transport))

    def _keep_transport(self, transport: httpx.AsyncHTTPTransport) -> httpx.AsyncHTTPTransport:
        if self._transport is None:  # else another call was quicker
            self._transport = transport
        return self._transport

    async def _answer(self, operation: HttpOperation, sent: ToolRequest) -> bytes:
        transport = await self._open_transport()
        import httpx  # most platforms never call such a tool

        try:
            request = httpx.Request(
                sent.method,
                sent.url,
                headers=sent.headers,
                content=sent.content,
                extensions={} if operation.is_private else {"trace": _stay_public},
            )
            response = await transport.handle_async_request(request)
            body = bytearray()
            try:
                async for part in response.aiter_raw():
                    body += part
                    if len(body) > self._limit:
                        raise TooLarge
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The kind of the failure, not its text, which may hold the address.
            raise _Failed(f"could not be reached: {type(error).__name__}") from None
        encoding = response.headers.get("content-encoding", "")
        kind = response.headers.get("content-type", "")
        plain = await asyncio.to_thread(unpack, bytes(body), encoding, self._limit)
        if response.status_code >= 300:
            text = plain[:_LOOKED_AT].decode(errors="replace")
            text = operation.redact(text)[:_TOLD].strip()
            raise _Failed(f"answered {response.status_code}" + (f": {text}" if text else ""))
        return await asyncio.to_thread(as_json, kind, plain)


def _transport() -> httpx.AsyncHTTPTransport:
    # Not a client, which logs the URL, keeps cookies of one caller for another, and would follow
    # redirects. A proxy of the environment would see the tool's secrets.
    import httpx

    return httpx.AsyncHTTPTransport(trust_env=False)


class _Failed(Exception):
    """How a tool failed, in words that may be told."""


async def _stay_public(event: str, info: Mapping[str, Any]) -> None:
    """Send nothing to a private network where a public name leads, whoever made it lead there."""
    if event != "connection.connect_tcp.complete":
        return
    stream = info["return_value"]
    address = stream.get_extra_info("server_addr")
    if address is None or not is_public(address[0]):
        await stream.aclose()
        raise _Failed(
            "is behind a public name with an address of a private network; if that is meant, "
            "private_network: true says so"
        )
