"""The routes for whoever watches a platform: is it there, can it work, and how does it do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import CONTENT_TYPE, Metrics
from xpander_client.platform.foundation.ttl_cache import Lookups
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.router import Route
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming.event_log import EventLogs
from xpander_client.version import __version__

PATIENCE = 1.0
"""A store that needs longer than this for a read, in seconds, is not ready."""

FRESH = 1.0
"""For so many seconds all hear what one read of the store has found out."""

_logger = logging.getLogger(__name__)


class HealthEndpoints:
    """They need no key, but for the figures where others than this machine can ask for them.

    So the store is read once for all who ask at about the same time.
    """

    def __init__(self, store: Store, logs: EventLogs, metrics: Metrics, clock: Clock) -> None:
        self._store = store
        self._logs = logs
        self._metrics = metrics
        self._troubles = Lookups(self._look_for_trouble, ttl=FRESH, limit=1, clock=clock)
        self._waiting = Lookups(self._count_waiting, ttl=FRESH, limit=1, clock=clock)

    def routes(self) -> Sequence[Route]:
        """All routes."""
        return [
            Route("/health", {"GET": self.health, "HEAD": self.health}),
            Route("/ready", {"GET": self.ready, "HEAD": self.ready}),
            Route("/metrics", {"GET": self.figures}),
        ]

    async def health(self, request: Request) -> Response:
        """Whether the platform is there."""
        return Json.of({"status": "ok", "version": __version__})

    async def ready(self, request: Request) -> Response:
        """Whether the platform can do what it is asked now."""
        if self._logs.closing:
            raise HttpError(503, "the platform is stopping")
        trouble = await self._troubles.get("store")
        if trouble is not None:
            raise HttpError(503, trouble)
        return Json.of({"status": "ready"})

    async def figures(self, request: Request) -> Response:
        """Return the platform's figures, as Prometheus reads them."""
        waiting = await self._waiting.get("all")
        self._metrics.queued.set(self._store.admission.queued)
        return Response(self._metrics.text(waiting), media_type=CONTENT_TYPE)

    async def _look_for_trouble(self, _: str) -> str | None:
        """Why the store can't be used, if it can't."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.doc_get("", "ready", "")
        except TimeoutError:
            return f"the store did not answer within {PATIENCE:g} s"
        except HttpError as error:
            return error.detail
        except Exception as error:
            _logger.warning("the store can't be read: %s", error)
            return "the store can't be read; the platform's log says more"
        return None

    async def _count_waiting(self, _: str) -> int | None:
        """Count the tasks that wait; None while the store is away: the other figures are worth the
        more then.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._store.waiting()
        except (TimeoutError, HttpError):
            return None
