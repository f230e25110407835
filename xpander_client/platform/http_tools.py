"""Calls the tools that are HTTP requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import orjson

from .http_operation import BODILESS, HttpOperation
from .refusal import Refusal

__all__ = ["HttpTools"]

TOLD = 500
"""How many characters of a failed answer are handed on."""


class HttpTools:
    """Sends the requests behind tools, over connections that are kept.

    An answer has `timeout` seconds, from the first byte sent to the last one received, and may not
    be larger than `limit` bytes.
    """

    def __init__(self, *, timeout: float, limit: int) -> None:
        self._timeout = timeout
        self._limit = limit
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def call(
        self,
        tool_id: str,
        operation: HttpOperation,
        *,
        path_params: Mapping[str, Any],
        query_params: Mapping[str, Any],
        body_params: Mapping[str, Any],
        headers: Mapping[str, Any],
    ) -> bytes:
        """What the tool's server answers, as JSON; an answer that is none becomes a JSON text.

        Raises:
            Refusal: 422, these arguments make no request; 424, the server can't be reached, does
                not answer in time, or answers with a failure.
        """
        target = operation.target(path_params, query_params)
        sent = {"accept": "application/json, */*;q=0.5", **operation.sent_headers(headers)}
        content = None
        if body_params or operation.method not in BODILESS:
            content = orjson.dumps(dict(body_params))
            sent = {"content-type": "application/json"} | sent
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=None,
                # A redirect would take the tool's secrets to who knows where.
                follow_redirects=False,
                # Callers have nothing to do with each other: no cookie of one is sent for another.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        request = self._client.build_request(
            operation.method, target, headers=sent, content=content
        )
        try:
            async with asyncio.timeout(self._timeout):
                status, kind, body = await self._answer(self._client, request)
        except TimeoutError:
            raise _failed(tool_id, f"did not answer within {self._timeout:g} s") from None
        except httpx.HTTPError as error:
            # The kind of the failure, not its text, which may hold the address.
            raise _failed(tool_id, f"could not be reached: {type(error).__name__}") from None
        if body is None:
            raise _failed(tool_id, f"answered with more than {self._limit} bytes")
        if status >= 300:
            text = operation.redacted(body.decode(errors="replace"))[:TOLD].strip()
            raise _failed(tool_id, f"answered {status}" + (f": {text}" if text else ""))
        return _as_json(kind, body)

    async def _answer(
        self, client: httpx.AsyncClient, request: httpx.Request
    ) -> tuple[int, str, bytes | None]:
        response = await client.send(request, stream=True)
        try:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > self._limit:
                    return response.status_code, "", None
            return response.status_code, response.headers.get("content-type", ""), bytes(body)
        finally:
            await response.aclose()


def _failed(tool_id: str, how: str) -> Refusal:
    return Refusal(424, f"the tool {tool_id} {how}")


def _as_json(kind: str, body: bytes) -> bytes:
    if not body:
        return b"null"
    # Objects and lists are JSON whatever they are called; the text "1" may be meant as a text.
    if "json" in kind.lower() or body.lstrip()[:1] in (b"{", b"["):
        try:
            return orjson.dumps(orjson.loads(body))
        except orjson.JSONDecodeError:
            pass
    return orjson.dumps(body.decode(errors="replace"))
