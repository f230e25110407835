"""The routes for whoever watches a platform: is it there, can it work, and how does it do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..version import __version__
from .event_log import EventLogs
from .metrics import CONTENT_TYPE, Metrics
from .refusal import Refusal
from .routing import Json, route
from .stores.store import Store

__all__ = ["HealthEndpoints"]

PATIENCE = 1.0
"""A store that needs longer than this for a read, in seconds, is not ready."""

logger = logging.getLogger(__name__)


class HealthEndpoints:
    """They need no key, but for the figures where others than this machine can ask for them."""

    def __init__(self, store: Store, logs: EventLogs, metrics: Metrics) -> None:
        self._store = store
        self._logs = logs
        self._metrics = metrics

    def routes(self) -> Sequence[Route]:
        """All routes."""
        return [
            route("/health", {"GET": self.health}),
            route("/ready", {"GET": self.ready}),
            route("/metrics", {"GET": self.figures}),
        ]

    async def health(self, request: Request) -> Response:
        """Whether the platform is there."""
        return Json.of({"status": "ok", "version": __version__})

    async def ready(self, request: Request) -> Response:
        """Whether the platform can do what it is asked now."""
        if self._logs.closing:
            raise Refusal(503, "the platform is stopping")
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.doc_get("", "ready", "")
        except TimeoutError:
            raise Refusal(503, f"the store did not answer within {PATIENCE:g} s") from None
        except Refusal:
            raise
        except Exception as error:
            logger.warning("the store can't be read: %s", error)
            raise Refusal(503, "the store can't be read; the platform's log says more") from error
        return Json.of({"status": "ready"})

    async def figures(self, request: Request) -> Response:
        """The platform's figures, as Prometheus reads them."""
        waiting: int | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                waiting = await self._store.waiting()
        except (TimeoutError, Refusal):
            pass  # the other figures are worth the more while the store is away
        self._metrics.queued.set(self._store.admission.queued)
        return Response(self._metrics.text(waiting), media_type=CONTENT_TYPE)
