"""How many requests a key may make."""

import attrs
import pytest

from tests.platform.wire import Clock
from xpander_client.platform.auth import rate_limits
from xpander_client.platform.auth.access import KeyGrant
from xpander_client.platform.auth.rate_limits import RateLimits
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings

KEY = KeyGrant(key_id="k", organization_id="o")


def taken(limits: RateLimits, access: KeyGrant = KEY) -> int:
    """How many requests are let through at once."""
    count = 0
    while count < 1000:
        try:
            limits.take(access)
        except HttpError:
            break
        count += 1
    return count


def refused(limits: RateLimits, access: KeyGrant = KEY) -> HttpError:
    with pytest.raises(HttpError) as caught:
        limits.take(access)
    return caught.value


def test_there_is_no_limit_unless_one_is_set(clock: Clock) -> None:
    limits = RateLimits(Settings(), clock)
    assert taken(limits) == 1000
    assert limits._buckets == {}


def test_a_burst_passes_and_then_what_the_rate_lets_through(clock: Clock) -> None:
    limits = RateLimits(Settings(rate_limit=4, rate_burst=10), clock)
    assert taken(limits) == 10
    clock.now += 1
    assert taken(limits) == 4
    clock.now += 0.25
    assert taken(limits) == 1
    clock.now += 3600
    assert taken(limits) == 10


@pytest.mark.parametrize(("rate", "wait"), [(100, "1"), (1, "1"), (0.5, "2"), (0.3, "4")])
def test_the_refusal_says_in_whole_seconds_when_to_come_back(
    clock: Clock, rate: float, wait: str
) -> None:
    limits = RateLimits(Settings(rate_limit=rate, rate_burst=1), clock)
    limits.take(KEY)
    refusal = refused(limits)
    assert (refusal.status, refusal.headers["retry-after"]) == (429, wait)
    assert f"{rate:g} requests a second" in refusal.detail
    clock.now += int(wait)
    limits.take(KEY)


def test_a_key_may_have_a_limit_of_its_own(clock: Clock) -> None:
    limits = RateLimits(Settings(rate_limit=1000, rate_burst=5), clock)
    assert taken(limits, attrs.evolve(KEY, key_id="slow", rate_limit=1)) == 5
    assert taken(RateLimits(Settings(), clock), attrs.evolve(KEY, rate_limit=3)) == 20
    assert taken(RateLimits(Settings(), clock), attrs.evolve(KEY, rate_limit=30)) == 60


def test_keys_do_not_share_and_being_refused_costs_nothing(clock: Clock) -> None:
    limits = RateLimits(Settings(rate_limit=1, rate_burst=2), clock)
    other = attrs.evolve(KEY, key_id="other")
    assert (taken(limits), taken(limits, other)) == (2, 2)
    for _ in range(50):
        refused(limits)
    clock.now += 1
    limits.take(KEY)


def test_a_workers_heartbeats_fit_into_any_limit_of_one_a_second(clock: Clock) -> None:
    limits = RateLimits(Settings(rate_limit=1), clock)
    taken(limits)
    for _ in range(100):
        clock.now += 2
        limits.take(KEY)


@pytest.mark.parametrize(("rate", "at_once"), [(0.01, 30), (100, 30)])
def test_what_keeps_a_workers_tasks_its_own_is_counted_apart_and_not_without_end(
    clock: Clock, rate: float, at_once: int
) -> None:
    limits = RateLimits(Settings(rate_limit=rate, rate_burst=3), clock)
    assert taken(limits) == 3
    for _ in range(at_once):
        limits.take(KEY, of_worker=True)
    with pytest.raises(HttpError, match="429"):
        limits.take(KEY, of_worker=True)
    clock.now += 1
    for _ in range(20):  # two heartbeats a second of ten workers, whatever the rate
        limits.take(KEY, of_worker=True)


def test_not_more_buckets_are_kept_than_was_said(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "KEPT", 10)
    limits = RateLimits(Settings(rate_limit=1, rate_burst=1), clock)
    for number in range(100):
        limits.take(attrs.evolve(KEY, key_id=str(number)))
    assert len(limits._buckets) == 10
