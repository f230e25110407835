"""What is not given up while the platform is away: which errors pass, and how long to wait."""

from __future__ import annotations

import attrs

from xpander_client.configuration import RetryPolicy
from xpander_client.core.retry import backoff
from xpander_client.errors import ApiStatusError, CallError, UnknownOutcomeError


@attrs.define
class Outage:
    """The failures in a row of somebody who tries until the platform is back.

    `is_repeatable` says that a call which may have been carried out is made again all the same.
    """

    policy: RetryPolicy
    is_repeatable: bool = True
    failures: int = attrs.field(init=False, default=0)

    def may_pass(self, error: CallError) -> bool:
        """Tell whether the same call may get through later.

        Example:
            >>> from xpander_client.errors import NotFoundError
            >>> error = NotFoundError("no such task", status_code=404, method="GET", path="/t/1")
            >>> Outage(RetryPolicy()).may_pass(error)
            False
        """
        if isinstance(error, UnknownOutcomeError) and not self.is_repeatable:
            return False
        if not isinstance(error, ApiStatusError) or error.status_code is None:
            return True
        # A key that is refused may be put right meanwhile, and the work is done.
        return error.retryable or error.status_code >= 500 or error.status_code in (401, 403)

    def pause(self) -> float:
        """Count one more failure, and return the wait in seconds before the next try."""
        self.failures += 1
        return backoff(self.policy, self.failures)

    def end(self) -> bool:
        """Count anew from now on; return whether there were failures."""
        failures, self.failures = self.failures, 0
        return failures > 0
