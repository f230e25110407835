"""What is waited out while the platform is away, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from xpander_client.configuration import RetryPolicy
from xpander_client.core.outage import Outage
from xpander_client.errors import (
    ApiStatusError,
    CallError,
    ConnectionFailedError,
    UnknownOutcomeError,
)

CALL: Any = {"method": "PATCH", "path": "/agent-execution/task-1/update"}
POLICY = RetryPolicy(initial=1.0, multiplier=2.0, maximum=3.0, jitter=0.0)


def status(code: int, *, retryable: bool = False) -> CallError:
    return ApiStatusError.class_for(code)("said", status_code=code, retryable=retryable, **CALL)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ConnectionFailedError("refused", **CALL), True),
        (status(429, retryable=True), True),
        (status(500), True),
        (status(401), True),
        (status(403), True),
        (status(422), False),
        (status(404), False),
    ],
)
def test_what_another_answer_may_follow_is_waited_out(error: CallError, passes: bool) -> None:
    for is_repeatable in (True, False):
        assert Outage(POLICY, is_repeatable=is_repeatable).may_pass(error) is passes


def test_what_may_have_been_done_is_done_again_only_where_that_changes_nothing() -> None:
    error = UnknownOutcomeError("the answer was lost", **CALL)
    assert Outage(POLICY).may_pass(error)
    assert not Outage(POLICY, is_repeatable=False).may_pass(error)


def test_waits_grow_to_their_bound_and_begin_anew_after_an_outage() -> None:
    outage = Outage(POLICY)
    assert not outage.end()
    assert [outage.pause() for _ in range(4)] == [1.0, 2.0, 3.0, 3.0]
    assert outage.failures == 4
    assert outage.end()
    assert outage.pause() == 1.0
