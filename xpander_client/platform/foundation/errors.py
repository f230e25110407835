"""What the platform answers when it won't do what was asked."""

from __future__ import annotations

from collections.abc import Mapping


class HttpError(Exception):
    """A request that can't be served: `status` is the HTTP status, `detail` the reason.

    `path` is the place in the request's body, as in ``$.input.files[1]``, where one is meant.
    `headers` go with the answer.

    Example:
        >>> raise HttpError(404, "no such task")
        Traceback (most recent call last):
        ...
        xpander_client.platform.foundation.errors.HttpError: 404: no such task
    """

    def __init__(
        self,
        status: int,
        detail: str,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, path)
        self.status = status
        self.detail = detail
        self.path = path
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}" + (f" ({self.path})" if self.path else "")


class StaleAttempt(HttpError):
    """A writer believes to hold a task that it does not hold (any more).

    Example:
        >>> str(StaleAttempt(2, ", so it stays as it is"))
        '409: attempt 2 does not hold the task (any more), so it stays as it is'
    """

    def __init__(
        self, attempt: int, consequence: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        said = f"attempt {attempt} does not hold the task (any more){consequence}"
        super().__init__(409, said, headers=headers)


class ClientDisconnect(Exception):
    """Whoever sent the request is gone, so that nobody hears an answer."""
