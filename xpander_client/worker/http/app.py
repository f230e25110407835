"""The routes of a worker, and what their callers are told when something is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any, assert_never

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from xpander_client.api.resources import Task
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.result import dumps_anyway
from xpander_client.core.serialization import loads
from xpander_client.runtime.connections import RECOGNIZE
from xpander_client.runtime.hosts import PRIVATE, is_cross_site, is_named
from xpander_client.worker.http.documentation import openapi, page
from xpander_client.worker.http.invocation import (
    Caller,
    InvocationFailed,
    InvocationRefused,
    Invocations,
)
from xpander_client.worker.http.keys import KeyCheck, KeyVerdict
from xpander_client.worker.http.streaming import EventStream

_logger = logging.getLogger("xpander_client.worker")


class InvokeApp:
    """The ASGI app. `body_limit` is in bytes."""

    def __init__(
        self,
        invocations: Invocations,
        keys: KeyCheck,
        *,
        body_limit: int = 10 * 1024 * 1024,
        allowed_hosts: Collection[str] = (),
    ) -> None:
        self._invocations = invocations
        self._keys = keys
        self._body_limit = body_limit
        self._hosts = allowed_hosts
        self._running: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._router = Router(
            [
                Route("/health", self._health),
                Route("/invoke", self._invoke, methods=["POST"]),
                Route("/docs", self._page),
                Route("/openapi.json", self._openapi),
            ],
            redirect_slashes=False,
        )

    def close(self) -> None:
        """Refuse tasks from now on; those that run go on."""
        self._is_closed = True

    def cancel(self) -> None:
        """End what still runs."""
        for request in self._running:
            request.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; whatever goes wrong, the caller sees no more of it than a reason."""
        started = ended = False

        async def answer(message: Message) -> None:
            nonlocal started, ended
            started = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        # `app` makes the router raise what it would answer in plain text.
        inner = {**scope, "app": self}
        request = asyncio.current_task()
        assert request is not None
        self._running.add(request)
        try:
            self._check_origin(scope)
            await self._router(inner, receive, answer)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # Nobody waits for this request's task: what is left to do is to tell the caller.
            if not started:
                await _answer_failure(InvocationRefused(503, "the worker is stopping"))(
                    scope, receive, send
                )
            elif not ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except Exception as error:
            if started:
                _logger.error("%s %a broke off", scope["method"], scope["path"], exc_info=error)
            else:
                await _answer_failure(error)(scope, receive, send)
        finally:
            self._running.discard(request)

    def _check_origin(self, scope: Scope) -> None:
        """Refuse what pages of other sites ask for. Who has a key may name the worker as he likes.

        Raises:
            InvocationRefused: 403 or 421, it comes from such a page.
        """
        headers, private = scope["headers"], scope.get("extensions", {}).get(PRIVATE, False)
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            if is_cross_site(headers, self._hosts, private=private):
                raise InvocationRefused(403, "a page of another site sent this")
        elif not is_named(headers, self._hosts, private=private):
            raise InvocationRefused(
                421, "the worker has another name; XPANDER_ALLOWED_HOSTS says which ones it has"
            )

    async def _health(self, request: Request) -> Response:
        return _json({"status": "ok"})

    async def _invoke(self, request: Request) -> Response:
        caller = await self._caller(request)
        task = self._task(await self._body(request))
        invocation = await self._invocations.admit(task, caller)
        if self._is_closed:
            raise InvocationRefused(503, "the worker is stopping")
        if self._invocations.is_streaming:
            return EventStream(invocation.task, self._invocations.stream(invocation))
        return _json(await self._invocations.run(invocation))

    async def _caller(self, request: Request) -> Caller:
        key = _key(request)
        if not key:
            raise InvocationRefused(401, "the header x-api-key is missing")
        access = await self._keys.access(key)
        match access:
            case KeyVerdict.ALLOWED | KeyVerdict.RESTRICTED:
                pass
            case KeyVerdict.DENIED:
                agent_id = self._invocations.agent_id
                raise InvocationRefused(403, f"the key may not use agent {agent_id}")
            case KeyVerdict.UNKNOWN:
                raise InvocationRefused(503, "the platform can't be asked about the key right now")
            case _:
                assert_never(access)
        recognize = request.scope.get("extensions", {}).get(RECOGNIZE)
        if recognize is not None and not recognize():
            raise InvocationRefused(503, "there are too many connections")
        return Caller(key, is_restricted=access is KeyVerdict.RESTRICTED)

    async def _body(self, request: Request) -> bytes:
        limit = self._body_limit
        refusal = InvocationRefused(413, f"the body is larger than {limit} bytes")
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared[:19]) > limit:
            raise refusal
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise refusal
        return bytes(body)

    def _task(self, body: bytes) -> Task:
        try:
            task = loads(body, Task)
        except ConversionError as error:
            raise InvocationRefused(
                400, f"expected {error.expected}, got {error.got}", error.path
            ) from None
        agent_id = self._invocations.agent_id
        if task.agent_id != agent_id:
            # The key was checked for this agent, and the worker acts with a key of its own.
            raise InvocationRefused(400, f"this worker serves agent {agent_id}", "$.agent_id")
        return task

    async def _page(self, request: Request) -> Response:
        return Response(
            page(self._invocations.agent_id, "http://" + request.headers.get("host", "localhost")),
            media_type="text/html",
            headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    async def _openapi(self, request: Request) -> Response:
        return _json(openapi(is_streaming=self._invocations.is_streaming))


def _key(request: Request) -> str:
    keys = [value for name, value in request.scope["headers"] if name == b"x-api-key"]
    if len(keys) > 1:
        raise InvocationRefused(400, "the header x-api-key stands there more than once")
    given = keys[0] if keys else b""
    try:
        return given.decode()
    except UnicodeDecodeError:
        return given.decode("latin-1")


def _json(value: Any, status: int = 200) -> Response:
    return Response(dumps_anyway(value), status, media_type="application/json")


def _answer_failure(error: Exception) -> Response:
    """Turn a failure into what the caller hears of it."""
    if isinstance(error, InvocationFailed):
        return _json({"error": error.text}, 500)
    if isinstance(error, InvocationRefused):
        where = {"path": error.path} if error.path else {}
        response = _json({"detail": error.detail, **where}, error.status)
        if error.status == 503:
            response.headers["retry-after"] = "1"
        return response
    if isinstance(error, HTTPException):
        details = {404: "there is no such route", 405: "this route has no such method"}
        response = _json({"detail": details.get(error.status_code, error.detail)})
        response.status_code = error.status_code
        response.headers.update(error.headers or {})
        return response
    _logger.error("a request failed in the worker", exc_info=error)
    return _json({"error": "the worker failed; its log says more"}, 500)
