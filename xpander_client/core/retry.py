"""Whether a call is tried again, and after how long. Pure functions: no clock, no I/O."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from enum import Enum, auto

import attrs

from xpander_client.configuration import RetryPolicy
from xpander_client.core.requests import Replay

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


class Fate(Enum):
    """What is known of a request that got no usable answer."""

    NOT_SENT = auto()
    """It provably never left: no connection was made."""
    UNKNOWN = auto()
    """It left, or part of it: the platform may have acted on it."""
    IMPOSSIBLE = auto()
    """It never left, and can't: not now, and not later."""


@attrs.frozen(kw_only=True)
class AttemptOutcome:
    """How one attempt ended: with a status, or with a fault and what it left behind."""

    status_code: int | None = None
    fate: Fate | None = None
    retry_after: float | None = None


@attrs.frozen
class TryAgain:
    """Try again after `seconds`."""

    seconds: float


class Stop(Enum):
    """Do not try again, and why."""

    FINAL = auto()
    """Trying again would not help."""
    EXHAUSTED = auto()
    """It might help, but the attempts or the time are used up."""
    UNSAFE = auto()
    """It might help, but could do the same thing twice."""


Verdict = TryAgain | Stop


def _draw() -> float:
    import random  # calls that succeed at once do without

    return random.random()


def decide(
    outcome: AttemptOutcome,
    *,
    replay: Replay,
    keys_honored: bool,
    attempt: int,
    elapsed: float,
    timeout: float,
    policy: RetryPolicy,
    chance: Callable[[], float] = _draw,
) -> Verdict:
    """Return what to do after attempt number `attempt` (from 1) ended so, `elapsed` seconds into
    the call.

    `keys_honored` says whether the platform is known to recognise idempotency keys; `timeout` is
    the time in seconds that the call has in all; `chance` returns numbers from 0 to 1.

    Example:
        >>> decide(AttemptOutcome(status_code=503), replay=Replay.NEVER, keys_honored=True,
        ...        attempt=1, elapsed=0.1, timeout=60, policy=RetryPolicy())
        <Stop.UNSAFE: 3>
    """
    if outcome.status_code is not None and outcome.status_code not in RETRIED_STATUSES:
        return Stop.FINAL
    if outcome.fate is Fate.IMPOSSIBLE:
        return Stop.FINAL
    safe = (
        replay is Replay.ALWAYS
        or outcome.fate is Fate.NOT_SENT
        # The platform was too busy, and says so before it does anything.
        or outcome.status_code == 429
        or (outcome.status_code == 503 and outcome.retry_after is not None)
        or (replay is Replay.KEYED and keys_honored)
    )
    if not safe:
        return Stop.UNSAFE
    if attempt >= policy.attempts:
        return Stop.EXHAUSTED
    if outcome.retry_after is not None:
        if outcome.retry_after > policy.maximum_retry_after:
            return Stop.EXHAUSTED
        seconds = outcome.retry_after
    else:
        seconds = backoff(policy, attempt, chance)
    # A wait that ends after the deadline would only delay the error.
    return Stop.EXHAUSTED if elapsed + seconds >= timeout else TryAgain(seconds)


def backoff(policy: RetryPolicy, attempt: int, chance: Callable[[], float] = _draw) -> float:
    """Return the wait in seconds after attempt number `attempt` (from 1).

    Example:
        >>> backoff(RetryPolicy(initial=0.5, jitter=0.0), 3)
        2.0
    """
    try:
        full = policy.initial * policy.multiplier ** (attempt - 1)
    except OverflowError:
        full = policy.maximum
    return min(full, policy.maximum) * (1.0 - policy.jitter * chance())


def parse_retry_after(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """Return the wait in seconds that an answer asks for, never negative; None where it asks for
    none.

    Understands `retry-after-ms` (milliseconds), and `retry-after` in seconds, also in fractions,
    or as an HTTP date, which is taken relative to the answer's own `date`, and without one to `now`
    (timezone-aware). What is neither is ignored. `headers` has lower-case names or ignores case.

    Example:
        >>> parse_retry_after({"retry-after": "1.5"}, datetime.datetime.now(datetime.timezone.utc))
        1.5
    """
    milliseconds = _finite(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000.0
    text = headers.get("retry-after")
    seconds = _finite(text)
    if seconds is not None or text is None:
        return seconds
    moment = _moment(text)
    if moment is None:
        return None
    # The clock that the date was read from need not be right, nor need ours.
    return max(0.0, (moment - (_moment(headers.get("date")) or now)).total_seconds())


def _moment(text: str | None) -> datetime.datetime | None:
    from email.utils import parsedate_to_datetime  # hardly any answer has a date to look at

    try:
        moment = parsedate_to_datetime(text or "")
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _finite(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    # "-1" asks for no wait at all; "nan" and "inf" ask for nothing.
    return max(0.0, number) if math.isfinite(number) else None
