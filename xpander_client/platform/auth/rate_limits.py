"""How many requests a key may make: a bucket of tokens for each."""

from __future__ import annotations

import math

from xpander_client.platform.auth.access import KeyGrant
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings

_WORKERS_SHARE = 10
_WORKERS_LEAST = 20.0
"""What a worker says of itself and of tasks in its hands has a bucket of its own: so many times as
large, and at least so many requests a second. An application that uses the key up, too, does not
cost the worker its leases or its results; nor is a key without bounds by calling itself a worker.
"""

KEPT = 10_000
"""How many buckets are kept. Whose bucket is forgotten finds a full one: never less than is due."""


class RateLimits:
    """Takes a token for each request, out of a bucket that refills at the key's rate.

    Each process of a platform has buckets of its own, so that a key can make as many times its
    limit of requests as there are processes that it reaches.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._buckets: dict[tuple[str, bool], tuple[float, float]] = {}

    def apply_to(self, access: KeyGrant) -> bool:
        """Tell whether the key may make only so many requests."""
        return access.rate_limit is not None or self._settings.rate_limit is not None

    def take(self, access: KeyGrant, *, of_worker: bool = False) -> None:
        """Count a request, `of_worker` one that keeps a worker's tasks its own.

        Raises:
            HttpError: 429, it is one too many; `Retry-After` says when there will be a token.
        """
        rate = self._settings.rate_limit if access.rate_limit is None else access.rate_limit
        if rate is None:
            return
        now = self._clock()
        size = self._settings.burst(rate)
        if of_worker:
            rate = max(_WORKERS_SHARE * rate, _WORKERS_LEAST)
            size = max(_WORKERS_SHARE * size, _WORKERS_LEAST)
        bucket = access.key_id, of_worker
        tokens, since = self._buckets.pop(bucket, (size, now))
        tokens = min(size, tokens + (now - since) * rate)
        if tokens < 1:
            self._buckets[bucket] = (tokens, now)
            wait = max(1, math.ceil((1 - tokens) / rate))
            raise HttpError(
                429,
                f"this key may make {rate:g} requests a second, and {size:g} at once",
                headers={"retry-after": str(wait)},
            )
        self._buckets[bucket] = (tokens - 1, now)  # the latest used comes last
        if len(self._buckets) > KEPT:
            del self._buckets[next(iter(self._buckets))]
