"""Who may invoke the agent: the platform is asked, and its answer kept for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from enum import Enum, auto
from hashlib import sha256
from typing import assert_never

from xpander_client.api.models import ApiKeyAllowance
from xpander_client.api.requests import workers
from xpander_client.configuration import RetryPolicy
from xpander_client.errors import (
    ArgumentError,
    BadRequestError,
    ModuleException,
    NotFoundError,
    UnprocessableError,
)
from xpander_client.runtime.shielding import shield
from xpander_client.transport import Transport

_logger = logging.getLogger("xpander_client.worker")

_KEPT_FOR = 5.0
"""Seconds that an answer is kept: a key that was revoked must soon open nothing, one that was just
made must soon work, and a wrong one in a loop must not become as many calls to the platform."""

_KEPT = 1024
"""How many allowances are kept, and how many denials: wrong keys can't push right ones out."""


class KeyVerdict(Enum):
    """What is known of a key."""

    ALLOWED = auto()
    RESTRICTED = auto()
    """It is allowed, but not to use all agents of the organization."""
    DENIED = auto()
    UNKNOWN = auto()
    """The platform can't be asked right now."""


class KeyCheck:
    """Asks the platform whether keys may use an agent; of keys, only digests are kept.

    The worker's own key is nothing special: it may have been revoked, or never have been one for
    this agent, and the platform knows.
    """

    def __init__(
        self,
        transport: Transport,
        agent_id: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport.options(timeout=10.0, retry=RetryPolicy(attempts=2))
        self._agent_id = agent_id
        self._allowed = _Recent(clock)
        self._denied = _Recent(clock)
        self._asking: dict[bytes, asyncio.Task[KeyVerdict]] = {}

    async def access(self, key: str) -> KeyVerdict:
        """Return what the key may do; requests with the same key at one time make one check."""
        digest = sha256(key.encode(errors="surrogatepass")).digest()
        known = self._allowed.get(digest) or self._denied.get(digest)
        if known is not None:
            return known
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._ask(key, digest))
        # Whoever asked first may go away; the others still wait for the answer.
        return await shield(asking)

    async def aclose(self) -> None:
        """Ask no more; what is being asked is given up."""
        asking = list(self._asking.values())
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, key: str, digest: bytes) -> KeyVerdict:
        try:
            answer = await self._transport.acall(
                workers.check_api_key(api_key=key), ApiKeyAllowance
            )
        except (ArgumentError, BadRequestError, NotFoundError, UnprocessableError):
            # This can't be a key at all.
            found = KeyVerdict.DENIED
        except ModuleException as error:
            # What the platform says to a request that holds a key may hold the key: no text of it.
            status = f", status {error.status_code}" if error.status_code else ""
            _logger.warning("a key could not be checked: %s%s", type(error).__name__, status)
            found = KeyVerdict.UNKNOWN
        else:
            found = KeyVerdict.RESTRICTED if answer.parsed.restricted else KeyVerdict.ALLOWED
            if self._agent_id not in answer.parsed.agent_ids:
                found = KeyVerdict.DENIED
        finally:
            del self._asking[digest]
        match found:
            case KeyVerdict.ALLOWED | KeyVerdict.RESTRICTED:
                self._allowed.add(digest, found)
            case KeyVerdict.DENIED:
                self._denied.add(digest, found)
            case KeyVerdict.UNKNOWN:
                pass
            case _:
                assert_never(found)
        return found


class _Recent:
    """What was found of digests, each for some seconds, the newest `_KEPT` of them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._found: dict[bytes, tuple[float, KeyVerdict]] = {}

    def get(self, digest: bytes) -> KeyVerdict | None:
        until, found = self._found.get(digest, (0.0, None))
        return found if until > self._clock() else None

    def add(self, digest: bytes, found: KeyVerdict) -> None:
        # Taken out first, so that the oldest stays first.
        self._found.pop(digest, None)
        self._found[digest] = (self._clock() + _KEPT_FOR, found)
        if len(self._found) > _KEPT:
            del self._found[next(iter(self._found))]
