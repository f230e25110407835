"""What every request passes: who is it, which organization is meant, and what if it fails."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import orjson

from xpander_client.platform.foundation.errors import ClientDisconnect, HttpError, StaleAttempt
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.routes import ROOTS
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.router import Router
from xpander_client.runtime.connections import RECOGNIZE
from xpander_client.runtime.exchange import Message, Receive, Scope, Send
from xpander_client.runtime.hosts import PRIVATE, is_cross_site, is_from_here, is_loopback, is_named

if TYPE_CHECKING:
    from xpander_client.platform.auth.keys import Keys
    from xpander_client.platform.auth.rate_limits import RateLimits
    from xpander_client.platform.foundation.settings import Settings


_KEY = b"x-api-key"
_OPEN = frozenset({"health", "ready", "metrics"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_logger = logging.getLogger(__name__)


class Gate:
    """The ASGI app: checks the key and how often it was used, takes the organization off the path,
    has the request answered, and answers refusals.

    The path is taken apart as it was sent: an id that holds a slash, percent-encoded, stays one id
    and can't be mistaken for another route. The key of an answer that goes on is looked at again
    with what is sent after each `cache_ttl` seconds: when it was revoked, the answer ends.
    """

    def __init__(
        self,
        router: Router,
        keys: Keys,
        limits: RateLimits,
        metrics: Metrics,
        settings: Settings,
        *,
        is_held: Callable[[str], bool],
    ) -> None:
        self.router = router
        self._keys = keys
        self._key_interval = settings.cache_ttl
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._open_metrics = settings.open_metrics
        self._limits = limits
        self._is_held = is_held
        self._metrics = metrics
        # Random once, then counted: unique, and cheap enough for every answer.
        prefix = os.urandom(6).hex()
        self._request_ids = (f"{prefix}-{number:x}".encode() for number in count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        started = False
        key_due = 0.0

        async def answer(message: Message) -> None:
            nonlocal started, key_due
            if message["type"] == "http.response.start":
                started = True
                key_due = time.monotonic() + self._key_interval
                self._metrics.count_answer(scope["method"], message["status"])
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", next(self._request_ids)),
                    (b"idempotency-keys", b"honored"),
                ]
            elif message.get("more_body") and time.monotonic() >= key_due:
                key_due = time.monotonic() + self._key_interval
                if await self._is_revoked(scope):
                    await send({"type": "http.response.body", "body": b""})
                    raise ConnectionAbortedError("the key was revoked")
            await send(message)

        try:
            request = await self._admit(scope, receive)
            response = await self.router.answer(request)
            await response(scope, receive, answer)
        except ClientDisconnect:
            return
        except Exception as error:
            if started:
                _logger.exception("%s %a broke off", scope["method"], scope["path"])
                raise
            if isinstance(error, StaleAttempt):
                self._metrics.late_results.inc()
            status, body, headers = _describe_failure(error, scope)
            await answer({"type": "http.response.start", "status": status, "headers": headers})
            await answer({"type": "http.response.body", "body": body})

    async def _admit(self, scope: Scope, receive: Receive) -> Request:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        segments = raw.decode("latin-1").split("/")[1:] or [""]  # as in OPTIONS *
        access = None
        extensions = scope.get("extensions", {})
        private = extensions.get(PRIVATE, False)
        if scope["method"] not in _SAFE and is_cross_site(
            scope["headers"], self._hosts, private=private
        ):
            raise HttpError(
                403, "a page of another site sent this; allowed_hosts may name its host"
            )
        if not self._is_open(segments, scope, private):
            key = _read_key(scope)
            access = await self._keys.access(key) if key else None
            if access is None:
                raise HttpError(401, "the key is missing or wrong" + _hint(segments))
            recognize = extensions.get(RECOGNIZE)
            if recognize is not None and not recognize():
                raise HttpError(503, "there are too many connections")
        named = None
        if segments[0] not in ROOTS:
            named, *segments = segments
            segments = segments or [""]
        if access is not None:
            if self._limits.apply_to(access):
                self._limits.take(access, of_worker=self._keeps_tasks(scope, segments))
            if named is not None and _unquote(named) != access.organization_id:
                raise HttpError(404, "there is no such organization")
        query = scope["query_string"]
        if not any(segments):
            # Nothing that reads the query from here on can show the key to anybody.
            _, query = _divide_query(query)
        return Request(scope, receive, segments=segments, query_string=query, access=access)

    def _is_open(self, segments: list[str], scope: Scope, private: bool) -> bool:
        """Whether the request needs no key, so that whatever watches the platform needs none. The
        figures are free only to those who came in on an address that nobody else can reach.
        """
        if segments[-1] not in _OPEN or len(segments) > 2:
            return False
        if len(segments) == 2 and segments[0] in ROOTS:
            return False
        headers = scope["headers"]
        if segments[-1] == "metrics":
            server = scope.get("server")
            is_here = server is not None and is_loopback(server[0]) and is_from_here(headers)
            return is_here or self._open_metrics
        return is_named(headers, self._hosts, private=private)

    def _keeps_tasks(self, scope: Scope, segments: list[str]) -> bool:
        """Whether a request is one of a worker's for its leases, or for a task in its hands."""
        if segments[:1] == ["events"]:
            return True
        match scope["method"], segments:
            case ("PATCH", ["agent-execution", task_id, "update" | "finish"]) | (
                "POST",
                ["agent-execution", task_id, "events", "push"],
            ):
                says_attempt = any(name == b"x-execution-attempt" for name, _ in scope["headers"])
                return says_attempt or self._is_held(task_id)
        return False

    async def _is_revoked(self, scope: Scope) -> bool:
        """Whether the key that opened an answer opens nothing any more, as far as can be told."""
        with contextlib.suppress(HttpError):
            return await self._keys.access(_read_key(scope)) is None
        return False


def _read_key(scope: Scope) -> bytes:
    keys = [value for name, value in scope["headers"] if name == _KEY]
    if not keys and _is_webhook(scope):
        keys, _ = _divide_query(scope["query_string"])
    if len(keys) > 1:
        # What stands in front may have looked at either.
        raise HttpError(400, "x-api-key stands there more than once")
    return keys[0] if keys else b""


def _is_webhook(scope: Scope) -> bool:
    """Whether this is a call of the webhook, whose callers may be unable to send a header."""
    segments = scope["path"].strip("/").split("/")
    return scope["method"] == "POST" and len(segments) == 1 and segments[0] not in ROOTS - {""}


def _divide_query(query: bytes) -> tuple[list[bytes], bytes]:
    """Return the keys in a query, and the query without them."""
    keys, rest = [], []
    for pair in query.split(b"&"):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        if unquote_to_bytes(name).lower() == _KEY:
            keys.append(unquote_to_bytes(value))
        else:
            rest.append(pair)
    return keys, b"&".join(rest)


def _hint(segments: list[str]) -> str:
    if segments[-1] in _OPEN:
        return "; without one this is for callers on this machine, or under an allowed host"
    return ""


def _unquote(segment: str) -> str | None:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None


def _describe_failure(
    error: Exception, scope: Scope
) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Turn a failure into what the caller hears of it."""
    headers = [(b"content-type", b"application/json")]
    path = None
    if isinstance(error, HttpError):
        status, detail, path = error.status, error.detail, error.path
        headers += [(name.encode(), value.encode()) for name, value in error.headers.items()]
        if status == 503:
            headers.append((b"retry-after", b"1"))
    else:
        _logger.error("%s %a failed", scope["method"], scope["path"], exc_info=error)
        status, detail = 500, "the platform failed; its log says more"
    body = orjson.dumps({"detail": detail} | ({"path": path} if path else {}))
    headers.append((b"content-length", str(len(body)).encode()))
    return status, body, headers
