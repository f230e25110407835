"""One call from its first attempt to its last: the state that both drivers share."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import attrs

from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.core.answer import (
    Answer,
    Fault,
    Response,
    decode,
    error_of_fault,
    error_of_status,
)
from xpander_client.core.requests import Replay, RequestSpec, Root
from xpander_client.core.retry import (
    AttemptOutcome,
    Stop,
    TryAgain,
    Verdict,
    decide,
    parse_retry_after,
)
from xpander_client.errors import ArgumentError, Attempt
from xpander_client.version import __version__

T = TypeVar("T")

LONGEST = 365 * 24 * 3600.0
"""The longest time limit in seconds: the system knows no infinite ones, nor very long ones."""

_USER_AGENT = f"xpander-client/{__version__}"


def _list_names(headers: Sequence[tuple[str, str]]) -> str:
    return repr(tuple(name for name, _ in headers))


@attrs.frozen(kw_only=True)
class CallOptions:
    """What a caller asked for beyond the configuration; None means the configuration's."""

    timeout: float | None = None
    retry: RetryPolicy | None = None
    # A header may be a secret.
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=_list_names)
    idempotency_key: str | None = None


@attrs.define
class PlatformTraits:
    """What has been learned of a platform from its answers."""

    keys_honored: bool = False


@attrs.frozen
class Prepared:
    """A request, ready for a driver: `url` is whole, `headers` are the ones to send.

    `redirects` counts those that led to it.
    """

    method: str
    url: str
    headers: list[tuple[str, str]] = attrs.field(repr=_list_names)
    body: bytes | None = attrs.field(repr=False)
    redirects: int = 0


def prepare(
    spec: RequestSpec, configuration: Configuration, extra: Mapping[str, str] | None = None
) -> Prepared:
    """Return the HTTP request that a spec stands for under a configuration.

    Raises:
        ConfigurationError: the API key, or an organization that the address needs, is missing.
        ArgumentError: what is asked for is not valid text.
    """
    root = configuration.api_root if spec.root is Root.API else configuration.events_root
    url = root + spec.path
    if spec.query:
        # Imported here: most requests have no query.
        from urllib.parse import urlencode

        try:
            url = f"{url}?{urlencode(spec.query)}"
        except UnicodeEncodeError as error:
            raise ArgumentError(f"{spec.operation} is asked with no valid text: {error}") from None
    headers = {
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "user-agent": _USER_AGENT,
        "x-api-key": configuration.required("api_key"),
        **spec.headers,
        **(extra or {}),
    }
    if spec.body is not None:
        headers["content-type"] = "application/json"
    if configuration.authorization is not None:
        headers.setdefault("authorization", configuration.authorization)
    return Prepared(spec.method, url, list(headers.items()), spec.body)


class Call:
    """A call in progress. A driver makes the attempts; this decides what they mean.

    The idempotency key is made once, here, so that every attempt carries the same.
    """

    def __init__(
        self,
        spec: RequestSpec,
        configuration: Configuration,
        options: CallOptions,
        platform: PlatformTraits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spec = spec
        self.attempts: list[Attempt] = []
        self._policy = options.retry or configuration.retry
        self._timeout = min(options.timeout or configuration.timeout, LONGEST)
        self._connect_timeout = configuration.connect_timeout
        self._platform = platform
        self._clock = clock
        self._verdict: Verdict = Stop.FINAL
        extra = dict(options.headers)
        if spec.replay is Replay.KEYED:
            extra["idempotency-key"] = options.idempotency_key or str(uuid.uuid4())
        self.request = prepare(spec, configuration, extra)
        self._started = self._began = clock()

    def begin(self) -> dict[str, float]:
        """Start an attempt: its time limits in seconds, as the HTTP library names them."""
        self._began = self._clock()
        return self._limits(self._began)

    def limits(self) -> dict[str, float]:
        """Return the time limits of one more request in the same attempt."""
        return self._limits(self._clock())

    def _limits(self, now: float) -> dict[str, float]:
        left = max(0.001, self._timeout - (now - self._started))
        return {
            "connect": min(self._connect_timeout, left),
            "read": left,
            "write": left,
            "pool": left,
        }

    def is_late(self) -> bool:
        """Tell whether the call's time is over."""
        return self._clock() - self._started > self._timeout

    def learn(self, *, keys_honored: bool) -> None:
        """Take note of what an answer says of the platform."""
        self._platform.keys_honored = self._platform.keys_honored or keys_honored

    def has_succeeded(self, result: Answer | Fault) -> bool:
        """Tell whether an attempt that ended so was the last, because it succeeded."""
        if not isinstance(result, Answer):
            return False
        self.learn(keys_honored=result.keys_honored)
        if result.is_success:
            self._record(result, self._clock(), None)
        return result.is_success

    def wants_another(self, result: Answer | Fault) -> bool:
        """Tell whether another attempt follows one that ended so; `pause` says when."""
        if self.has_succeeded(result):
            return False
        now = self._clock()
        self._verdict = decide(
            find_outcome(result),
            replay=self.spec.replay,
            keys_honored=self._platform.keys_honored,
            attempt=len(self.attempts) + 1,
            elapsed=now - self._started,
            timeout=self._timeout,
            policy=self._policy,
        )
        self._record(result, now, self.pause or None)
        return isinstance(self._verdict, TryAgain)

    @property
    def pause(self) -> float:
        """The wait in seconds before the next attempt."""
        return self._verdict.seconds if isinstance(self._verdict, TryAgain) else 0.0

    def finish(self, result: Answer | Fault, type_: type[T] | None) -> Response[T]:
        """Return or raise what the caller gets for the last attempt's result.

        Raises:
            CallError: the call failed; the error carries all attempts.
        """
        unsafe = self._verdict is Stop.UNSAFE
        if isinstance(result, Fault):
            raise error_of_fault(
                self.spec, result, self.attempts, url=self.request.url, unsafe=unsafe
            )
        if not result.is_success:
            may_help = self._verdict is not Stop.FINAL
            raise error_of_status(
                self.spec,
                result,
                self.attempts,
                url=self.request.url,
                retryable=may_help,
                unsafe=unsafe,
            )
        return Response(
            status_code=result.status_code,
            headers=result.headers,
            parsed=decode(self.spec, result, type_, self.attempts, self.request.url),
            attempts=tuple(self.attempts),
            body=result.body,
        )

    def _record(self, result: Answer | Fault, now: float, waited: float | None) -> None:
        duration = now - self._began
        began = datetime.datetime.fromtimestamp(time.time() - duration, datetime.UTC)
        self.attempts.append(
            Attempt(
                started_at=began,
                duration=duration,
                status_code=result.status_code if isinstance(result, Answer) else None,
                cause=result.description if isinstance(result, Fault) else None,
                waited=waited,
            )
        )


def find_outcome(result: Answer | Fault) -> AttemptOutcome:
    """Return an attempt's result, as far as the decision to try again needs it."""
    if isinstance(result, Fault):
        return AttemptOutcome(fate=result.fate)
    return AttemptOutcome(
        status_code=result.status_code,
        retry_after=parse_retry_after(result.headers, datetime.datetime.now(datetime.UTC)),
    )
