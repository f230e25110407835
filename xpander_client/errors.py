"""Every exception of the package.

All of them are `ModuleException`, so one `except` clause covers the package; the classes below it
tell apart what a caller may want to treat differently. Nothing of the HTTP library is ever raised.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

__all__ = [
    "ApiStatusError",
    "ArgumentError",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "CallError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "DecodingError",
    "ModuleException",
    "NotFoundError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTimeoutError",
    "ServerError",
    "StreamError",
    "TaskHeldError",
    "TimeoutExceededError",
    "TurnLimitError",
    "UnknownOutcomeError",
    "UnprocessableError",
    "WaitTimeoutError",
]


@attrs.frozen(kw_only=True)
class Attempt:
    """One try of a call: when it began, how it ended and what was waited before the next.

    `status_code` is None when no answer came; `cause` then holds the text of the fault.
    `started_at` is in UTC, `duration` and `waited` are in seconds.
    """

    started_at: datetime.datetime
    duration: float
    status_code: int | None = None
    cause: str | None = None
    waited: float | None = None


class ModuleException(Exception):
    """The root of all errors of this package.

    `status_code` is the HTTP status that the platform answered, or None where none was involved;
    `description` says what happened. `retryable` says whether trying again may help.

    Example:
        >>> error = ModuleException(404, "no such task")
        >>> error.status_code, error.description, error.retryable
        (404, 'no such task', False)
    """

    retryable: bool = False

    def __init__(self, status_code: int | None, description: str) -> None:
        super().__init__(status_code, description)
        self.status_code = status_code
        self.description = description

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are rebuilt from their positional arguments; ours hold more than those.
        return (_rebuild, (type(self), self.args, self.__dict__))

    def __str__(self) -> str:
        if self.status_code is None:
            return self.description
        return f"{self.status_code}: {self.description}"


class ArgumentError(ModuleException, ValueError):
    """An argument can't be sent; nothing was. The description names the argument and the place."""

    def __init__(self, description: str) -> None:
        super().__init__(None, description)


class ConfigurationError(ModuleException):
    """Something that a call needs is not configured; nothing was sent."""

    def __init__(self, description: str) -> None:
        super().__init__(None, description)


class WaitTimeoutError(ModuleException, TimeoutError):
    """The time given to `wait_finished` is over and the task is not finished; it runs on."""

    retryable = True

    def __init__(self, description: str) -> None:
        super().__init__(None, description)


class TaskHeldError(ModuleException):
    """A worker was faster: the task is its, and this script can only wait for its end."""

    def __init__(self, description: str) -> None:
        super().__init__(409, description)


class TurnLimitError(ModuleException):
    """The model answers on and on, calls no tool and does not end the task; it is still open."""

    def __init__(self, description: str) -> None:
        super().__init__(None, description)


class CallError(ModuleException):
    """A call to the platform failed. The base of all errors that know their request.

    `method` and `path` are the request's, `url` is its whole address without the query;
    `request_id` is the platform's name for it, if an answer came. `attempts` lists every try with
    its cause, the last one included.
    """

    def __init__(
        self,
        description: str,
        *,
        status_code: int | None = None,
        method: str,
        path: str,
        url: str | None = None,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        attempts: Sequence[Attempt] = (),
        retryable: bool = False,
    ) -> None:
        super().__init__(status_code, description)
        self.method = method
        self.path = path
        self.url = url
        self.request_id = request_id
        self.headers: Mapping[str, str] = headers or {}
        self.body = body
        self.attempts = tuple(attempts)
        self.retryable = retryable

    def __str__(self) -> str:
        text = f"{super().__str__()} ({self.method} {self.url or self.path}"
        if self.request_id:
            text += f", request {self.request_id}"
        if len(self.attempts) > 1:
            text += f", {len(self.attempts)} attempts"
        return text + ")"


def _rebuild(
    cls: type[ModuleException], args: tuple[Any, ...], state: dict[str, Any]
) -> ModuleException:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConnectionFailedError(CallError):
    """No connection, or it broke before an answer came; sending the request again is harmless."""


class TimeoutExceededError(CallError, TimeoutError):
    """No answer within the time the call was given."""


class UnknownOutcomeError(CallError):
    """The request left, no answer came, and sending it again could do it twice.

    What it was to create may exist: the description says how to look.
    """


class DecodingError(CallError):
    """The platform's answer is not what the contract promises.

    `json_path` is the place in the answer (``$.input.files[1]``), `expected` and `got` say the
    difference.
    """

    def __init__(
        self,
        description: str,
        *,
        json_path: str = "$",
        expected: str = "",
        got: str = "",
        **rest: Any,
    ) -> None:
        super().__init__(description, **rest)
        self.json_path = json_path
        self.expected = expected
        self.got = got


class StreamError(CallError):
    """A stream broke and could not be resumed. `last_event_id` is the last one delivered."""

    def __init__(self, description: str, *, last_event_id: str = "", **rest: Any) -> None:
        super().__init__(description, **rest)
        self.last_event_id = last_event_id


class ApiStatusError(CallError):
    """The platform answered with an error status.

    `body` is the parsed answer (text, if it is no JSON); `retry_after` is the wait in seconds that
    the platform asked for, or None.
    """

    def __init__(self, description: str, *, retry_after: float | None = None, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.retry_after = retry_after

    @staticmethod
    def class_for(status_code: int) -> type[ApiStatusError]:
        """Return the class of a status.

        Example:
            >>> ApiStatusError.class_for(404).__name__, ApiStatusError.class_for(520).__name__
            ('NotFoundError', 'ServerError')
        """
        if status_code >= 500:
            return ServerError
        return _CLASSES.get(status_code, ApiStatusError)


class BadRequestError(ApiStatusError):
    """400: the platform could not read the request."""


class AuthenticationError(ApiStatusError):
    """401: the API key is missing or wrong."""


class PermissionDeniedError(ApiStatusError):
    """403: the API key may not do this."""


class NotFoundError(ApiStatusError):
    """404: there is no such thing, or it belongs to another organization."""


class RequestTimeoutError(ApiStatusError):
    """408: the platform gave up waiting for the request."""


class ConflictError(ApiStatusError):
    """409: the task has moved on, for example to another attempt."""


class PayloadTooLargeError(ApiStatusError):
    """413: the request is larger than the platform takes."""


class UnprocessableError(ApiStatusError):
    """422: a value in the request has the wrong type or is out of bounds."""


class RateLimitError(ApiStatusError):
    """429: too many requests; `retry_after` says how long to wait, if the platform does."""


class ServerError(ApiStatusError):
    """5xx: the platform failed."""


_CLASSES: dict[int, type[ApiStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: RequestTimeoutError,
    409: ConflictError,
    413: PayloadTooLargeError,
    422: UnprocessableError,
    429: RateLimitError,
}
