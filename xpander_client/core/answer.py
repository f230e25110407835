"""What came back: answers, faults, and the errors they become."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs

from xpander_client.configuration import without_login
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.requests import RequestSpec
from xpander_client.core.retry import Fate, parse_retry_after
from xpander_client.core.serialization import loads, parse
from xpander_client.errors import (
    ApiStatusError,
    ArgumentError,
    Attempt,
    CallError,
    ConnectionFailedError,
    DecodingError,
    TimeoutExceededError,
    UnknownOutcomeError,
)

T = TypeVar("T")

KEYS_HONORED = "idempotency-keys"
"""The header by which a platform says, on every answer, that it recognises idempotency keys."""

BRIEF = {"prefer": "return=minimal"}
"""The header by which a change is answered without what is large of the task."""

STREAM_ENDS = "stream-ends"
"""The header by which a platform says, with `terminal`, that a stream ends after its last event."""

NEXT_CURSOR = "x-next-cursor"
"""The header with the cursor of the next page of a list."""


class Headers(Mapping[str, str]):
    """An answer's headers; names are looked up whatever their case.

    Example:
        >>> Headers([(b"X-Request-Id", b"r1")])["x-request-id"]
        'r1'
    """

    __slots__ = ("_values",)

    def __init__(self, raw: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._values = {
            name.lower().decode("latin-1"): value.decode("latin-1") for name, value in raw
        }

    @classmethod
    def from_fields(cls, values: dict[str, str]) -> Headers:
        """Return headers with these values, whose names have to be in lower case."""
        headers = cls.__new__(cls)
        headers._values = values
        return headers

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"


@attrs.frozen
class Answer:
    """A whole answer, whatever its status."""

    status_code: int
    headers: Headers
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the platform did what it was asked to."""
        return 200 <= self.status_code < 300

    @property
    def keys_honored(self) -> bool:
        """Whether the platform says that it recognises idempotency keys."""
        return self.headers.get(KEYS_HONORED) == "honored"


@attrs.frozen
class Fault:
    """No answer: what happened, in words, and what is known of the request."""

    description: str
    fate: Fate
    timed_out: bool = False


@attrs.frozen(kw_only=True)
class Response(Generic[T]):
    """An answer with its object, as `with_raw_response` gives it.

    `parsed` is what the plain method returns, `body` the bytes it was made from; `attempts` lists
    the tries it took.
    """

    status_code: int
    headers: Headers
    parsed: T
    attempts: tuple[Attempt, ...] = ()
    body: bytes = attrs.field(default=b"", repr=False)

    @property
    def request_id(self) -> str | None:
        """The platform's name for the request, or None."""
        return self.headers.get("x-request-id")

    @property
    def next_cursor(self) -> str | None:
        """Where the list goes on, for `cursor`; None at its end."""
        return self.headers.get(NEXT_CURSOR) or None


def decode(
    spec: RequestSpec,
    answer: Answer,
    type_: type[T] | None,
    attempts: Sequence[Attempt] = (),
    url: str | None = None,
) -> T:
    """Return the object in a successful answer; `type_` None means that there is nothing to read.

    Raises:
        DecodingError: the answer is not what the contract promises.
    """
    if type_ is None:
        return None  # type: ignore[return-value]  # T is None then
    try:
        return loads(answer.body, type_)
    except ConversionError as error:
        raise DecodingError(
            f"the platform's answer to {spec.operation} is not as agreed: {error}"
            + read_encoding(answer),
            json_path=error.path,
            expected=error.expected,
            got=error.got,
            **_context(spec, answer, attempts, url),
        ) from None


def read_encoding(answer: Answer) -> str:
    """Return what is to be said of how an answer was compressed; nothing where it was not."""
    coding = answer.headers.get("content-encoding")
    return f" (its content-encoding is {coding!r})" if coding else ""


def error_of_status(
    spec: RequestSpec,
    answer: Answer,
    attempts: Sequence[Attempt],
    *,
    url: str,
    retryable: bool,
    unsafe: bool = False,
) -> ApiStatusError:
    """Make the error for an answer that is no success; see `error_of_fault` for `url`, `unsafe`."""
    context = _context(spec, answer, attempts, url)
    said = _explanation(context["body"]) or f"the platform answered {answer.status_code}"
    if 300 <= answer.status_code < 400 and (location := answer.headers.get("location")):
        # The page that may come with it is for browsers.
        said = said if isinstance(context["body"], dict) else said.partition("<")[0].strip()
        said = (
            f"{said or f'the platform answered {answer.status_code}'}: it redirects to "
            f"{without_login(location.partition('?')[0])}, and only 307 and 308 are "
            "followed, within one origin or from http to https, five times. Set XPANDER_BASE_URL "
            "or base_url to where the platform is"
        )
    return ApiStatusError.class_for(answer.status_code)(
        f"{said}. {_warning(spec)}" if unsafe else said,
        retry_after=parse_retry_after(answer.headers, datetime.datetime.now(datetime.UTC)),
        retryable=retryable,
        **context,
    )


def error_of_fault(
    spec: RequestSpec, fault: Fault, attempts: Sequence[Attempt], *, url: str, unsafe: bool
) -> CallError | ArgumentError:
    """Make the error for a call without an answer.

    `url` is where it went to; `unsafe`: it was not tried again because that could do the same
    thing twice.
    """
    context = _context(spec, None, attempts, url)
    if fault.fate is Fate.IMPOSSIBLE:
        return ArgumentError(f"{fault.description} ({spec.method} {context['url']})")
    if unsafe:
        return UnknownOutcomeError(f"{fault.description}. {_warning(spec)}", **context)
    cls = TimeoutExceededError if fault.timed_out else ConnectionFailedError
    return cls(fault.description, retryable=True, **context)


def _warning(spec: RequestSpec) -> str:
    return (
        f"{spec.operation} may have happened all the same and was not sent again: look for what "
        "it would have made (for example with Tasks.list) before you repeat it"
    )


def _context(
    spec: RequestSpec, answer: Answer | None, attempts: Sequence[Attempt], url: str | None
) -> dict[str, Any]:
    headers = answer.headers if answer is not None else Headers()
    return {
        "method": spec.method,
        "path": spec.path,
        "url": url and url.partition("?")[0],
        "status_code": None if answer is None else answer.status_code,
        "headers": headers,
        "request_id": headers.get("x-request-id"),
        "body": None if answer is None else _readable(answer.body),
        "attempts": attempts,
    }


def _readable(body: bytes) -> Any:
    try:
        return parse(body)
    except ConversionError:
        return body.decode("utf-8", "replace")


def _explanation(body: Any) -> str:
    if isinstance(body, dict):
        for key in ("detail", "message", "error"):
            said, place = body.get(key), body.get("path")
            if isinstance(said, str) and said:
                return f"{said} ({place})" if isinstance(place, str) and place else said
            if said:
                return repr(said)[:500]
    return body[:500].strip() if isinstance(body, str) else ""
