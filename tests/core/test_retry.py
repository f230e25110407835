import datetime
import math
from collections.abc import Mapping

import pytest
from hypothesis import given, strategies as st

from xpander_client.configuration import RetryPolicy
from xpander_client.core.requests import Replay
from xpander_client.core.retry import (
    RETRIED_STATUSES,
    AttemptOutcome,
    Fate,
    Stop,
    TryAgain,
    Verdict,
    backoff,
    decide,
    parse_retry_after,
)

NOW = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def verdict(
    outcome: AttemptOutcome,
    *,
    replay: Replay = Replay.ALWAYS,
    keys_honored: bool = False,
    attempt: int = 1,
    elapsed: float = 0.0,
    timeout: float = 60.0,
    policy: RetryPolicy | None = None,
) -> Verdict:
    return decide(
        outcome,
        replay=replay,
        keys_honored=keys_honored,
        attempt=attempt,
        elapsed=elapsed,
        timeout=timeout,
        policy=policy or RetryPolicy(jitter=0.0),
        chance=lambda: 0.5,
    )


@pytest.mark.parametrize("status", sorted(RETRIED_STATUSES))
def test_passing_statuses_are_tried_again(status: int) -> None:
    assert verdict(AttemptOutcome(status_code=status)) == TryAgain(0.25)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 409, 413, 422, 501, 520])
def test_other_statuses_are_final(status: int) -> None:
    assert verdict(AttemptOutcome(status_code=status)) is Stop.FINAL


@pytest.mark.parametrize(
    ("replay", "keys_honored", "fate", "again"),
    [
        (Replay.ALWAYS, False, Fate.UNKNOWN, True),
        (Replay.KEYED, True, Fate.UNKNOWN, True),
        (Replay.KEYED, False, Fate.UNKNOWN, False),
        (Replay.KEYED, False, Fate.NOT_SENT, True),
        (Replay.NEVER, True, Fate.UNKNOWN, False),
        (Replay.NEVER, False, Fate.NOT_SENT, True),
    ],
)
def test_a_request_whose_fate_is_unknown_is_repeated_only_where_that_is_safe(
    replay: Replay, keys_honored: bool, fate: Fate, again: bool
) -> None:
    found = verdict(AttemptOutcome(fate=fate), replay=replay, keys_honored=keys_honored)
    assert found == (TryAgain(0.25) if again else Stop.UNSAFE)


@pytest.mark.parametrize("replay", Replay)
def test_what_the_platform_was_too_busy_for_was_not_done(replay: Replay) -> None:
    assert verdict(AttemptOutcome(status_code=429), replay=replay) == TryAgain(0.25)
    assert verdict(AttemptOutcome(status_code=503, retry_after=0.0), replay=replay) == TryAgain(0.0)
    assert verdict(AttemptOutcome(status_code=429), replay=replay, attempt=3) is Stop.EXHAUSTED


def test_what_can_never_be_sent_is_not_tried_again() -> None:
    assert verdict(AttemptOutcome(fate=Fate.IMPOSSIBLE)) is Stop.FINAL


def test_the_last_attempt_is_the_last() -> None:
    assert verdict(AttemptOutcome(status_code=503), attempt=3) is Stop.EXHAUSTED


def test_the_wait_that_the_platform_asks_for_wins() -> None:
    assert verdict(AttemptOutcome(status_code=429, retry_after=7.5)) == TryAgain(7.5)


@pytest.mark.parametrize("seconds", [60.0, 121.0, 1e9])
def test_a_wait_past_the_deadline_or_the_bound_fails_now(seconds: float) -> None:
    assert verdict(AttemptOutcome(status_code=503, retry_after=seconds)) is Stop.EXHAUSTED


def test_a_wait_longer_than_allowed_is_not_cut_short_to_come_back_too_early() -> None:
    found = verdict(AttemptOutcome(status_code=503, retry_after=121.0), timeout=1e6)
    assert found is Stop.EXHAUSTED


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after_in_every_form(headers: Mapping[str, str], seconds: float | None) -> None:
    assert parse_retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Thu, 01 Jan 2026 13:00:00 GMT", 30.0),
        ("Thu, 01 Jan 2026 13:00:31 GMT", 0.0),
        ("some time ago", 3630.0),
        ("", 3630.0),
    ],
)
def test_a_date_goes_by_the_date_of_its_own_answer(date: str, seconds: float) -> None:
    headers = {"retry-after": "Thu, 01 Jan 2026 13:00:30 GMT", "date": date}
    assert parse_retry_after(headers, NOW) == seconds


@given(st.text(max_size=40), st.sampled_from(["retry-after", "retry-after-ms"]))
def test_junk_in_retry_after_is_none_or_a_finite_wait(junk: str, name: str) -> None:
    seconds = parse_retry_after({name: junk, "date": junk}, NOW)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@given(
    initial=st.floats(0, 100),
    multiplier=st.floats(1, 100),
    maximum=st.floats(0, 1000),
    jitter=st.floats(0, 1),
    attempt=st.integers(1, 10_000),
    chance=st.floats(0, 1),
)
def test_a_wait_is_never_negative_nor_longer_than_the_maximum(
    initial: float, multiplier: float, maximum: float, jitter: float, attempt: int, chance: float
) -> None:
    policy = RetryPolicy(initial=initial, multiplier=multiplier, maximum=maximum, jitter=jitter)
    assert 0 <= backoff(policy, attempt, lambda: chance) <= maximum


@given(
    status=st.one_of(st.none(), st.integers(300, 599)),
    fate=st.sampled_from(Fate),
    replay=st.sampled_from(Replay),
    keys_honored=st.booleans(),
    attempt=st.integers(1, 6),
    elapsed=st.floats(0, 100),
    retry_after=st.one_of(st.none(), st.floats(0, 1000)),
)
def test_no_decision_waits_past_the_deadline_repeats_unsafely_or_goes_on_for_ever(
    status: int | None,
    fate: Fate,
    replay: Replay,
    keys_honored: bool,
    attempt: int,
    elapsed: float,
    retry_after: float | None,
) -> None:
    outcome = AttemptOutcome(
        status_code=status, fate=None if status is not None else fate, retry_after=retry_after
    )
    found = verdict(
        outcome, replay=replay, keys_honored=keys_honored, attempt=attempt, elapsed=elapsed
    )
    if isinstance(found, TryAgain):
        assert elapsed + found.seconds < 60.0
        assert attempt < 3
        assert retry_after is None or found.seconds == retry_after
        safe = replay is Replay.ALWAYS or (replay is Replay.KEYED and keys_honored)
        busy = status == 429 or (status == 503 and retry_after is not None)
        assert safe or busy or outcome.fate is Fate.NOT_SENT
