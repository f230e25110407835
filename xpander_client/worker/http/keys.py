"""Who may invoke the agent: the platform is asked, and its answer kept for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from enum import Enum, auto
from hashlib import sha256

from xpander_client.api.models import ApiKeyAllowance
from xpander_client.api.plans import workers
from xpander_client.configuration import RetryPolicy
from xpander_client.errors import (
    ArgumentError,
    BadRequestError,
    ModuleException,
    NotFoundError,
    UnprocessableError,
)
from xpander_client.transport import Transport

__all__ = ["Access", "KeyCheck"]

_logger = logging.getLogger("xpander_client.worker")

_ALLOWED_FOR = 300.0
"""Seconds that an allowance is kept."""

_DENIED_FOR = 5.0
"""Seconds that a denial is kept: a key that was just made must soon work, a wrong one in a loop
must not become as many calls to the platform."""

_KEPT = 1024
"""How many allowances are kept, and how many denials: wrong keys can't push right ones out."""


class Access(Enum):
    """What is known of a key."""

    ALLOWED = auto()
    DENIED = auto()
    UNKNOWN = auto()
    """The platform can't be asked right now."""


class KeyCheck:
    """Asks the platform whether keys may use an agent; of keys, only digests are kept.

    The worker's own key is nothing special: it may have been revoked, or never have been one for
    this agent, and the platform knows. What it costs is one call in five minutes.
    """

    def __init__(
        self,
        transport: Transport,
        agent_id: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport.options(timeout=10.0, retry=RetryPolicy(attempts=2))
        self._agent_id = agent_id
        self._allowed = _Recent(_ALLOWED_FOR, clock)
        self._denied = _Recent(_DENIED_FOR, clock)
        self._asking: dict[bytes, asyncio.Task[Access]] = {}

    async def access(self, key: str) -> Access:
        """What the key may do. Requests with the same key that come together make one check."""
        digest = sha256(key.encode(errors="surrogatepass")).digest()
        if digest in self._allowed:
            return Access.ALLOWED
        if digest in self._denied:
            return Access.DENIED
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._ask(key, digest))
        # Whoever asked first may go away; the others still wait for the answer.
        return await asyncio.shield(asking)

    async def aclose(self) -> None:
        """Ask no more; what is being asked is given up."""
        asking = list(self._asking.values())
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, key: str, digest: bytes) -> Access:
        try:
            answer = await self._transport.acall(
                workers.check_api_key(api_key=key), ApiKeyAllowance
            )
        except (ArgumentError, BadRequestError, NotFoundError, UnprocessableError):
            # This can't be a key at all.
            found = Access.DENIED
        except ModuleException as error:
            # What the platform says to a request that holds a key may hold the key: no text of it.
            status = f", status {error.status_code}" if error.status_code else ""
            _logger.warning("a key could not be checked: %s%s", type(error).__name__, status)
            found = Access.UNKNOWN
        else:
            may_use = self._agent_id in answer.parsed.agent_ids
            found = Access.ALLOWED if may_use else Access.DENIED
        finally:
            del self._asking[digest]
        if found is Access.ALLOWED:
            self._allowed.add(digest)
        elif found is Access.DENIED:
            self._denied.add(digest)
        return found


class _Recent:
    """Digests, each for some seconds, the newest `_KEPT` of them."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until: dict[bytes, float] = {}

    def __contains__(self, digest: bytes) -> bool:
        return self._until.get(digest, 0.0) > self._clock()

    def add(self, digest: bytes) -> None:
        # Taken out first, so that the oldest stays first.
        self._until.pop(digest, None)
        self._until[digest] = self._clock() + self._seconds
        if len(self._until) > _KEPT:
            del self._until[next(iter(self._until))]
