"""A stream that loses nothing, as a conversation with a driver that does the I/O.

`follow` is a generator: it yields what is to be done next (open, read, wait, ask, hand over) and is
sent what came of it. Both drivers interpret the same conversation, so a stream breaks, resumes and
ends alike in both worlds, and is tested without a socket.
"""

from __future__ import annotations

import datetime
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

import attrs

from xpander_client.configuration import Configuration
from xpander_client.core.answer import (
    KEYS_HONORED,
    STREAM_ENDS,
    Answer,
    Fault,
    Headers,
    Response,
    error_of_fault,
    error_of_status,
    read_encoding,
)
from xpander_client.core.call import LONGEST, Call, CallOptions, Prepared, find_outcome, prepare
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.redirect import follow_redirect
from xpander_client.core.requests import LAST_EVENT_ID, Replay, RequestSpec, StreamSpec
from xpander_client.core.retry import AttemptOutcome, Fate, Stop, TryAgain, decide
from xpander_client.core.serialization import parse
from xpander_client.core.sse import ServerSentEvent, SseParser
from xpander_client.core.statuses import TERMINAL
from xpander_client.errors import Attempt, StreamError, WaitTimeoutError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
M = TypeVar("M", bound="Identified")

_IS_CURSOR = re.compile(r"(?! )[^\x00-\x1f\x7f]+(?<! )")
"""An event's id that can stand in a header."""

_GREETING = "connected"
"""The type of the event that a platform sends first on every connection."""


@attrs.frozen
class Open:
    """Send the request; come back with `Opened`, with a whole `Answer`, or with a `Fault`."""

    request: Prepared
    timeouts: dict[str, float]


@attrs.frozen
class Opened:
    """The event stream has begun. `ends` says that the platform ends it after the terminal event:
    whoever reads to that end can use the connection again. `keys_honored` says what
    `Answer.keys_honored` does.
    """

    ends: bool = False
    keys_honored: bool = False


@attrs.frozen
class Read:
    """Read on; come back with bytes, with None at the stream's end, or with a `Fault`."""


@attrs.frozen
class HandOver(Generic[T_co]):
    """Give these to whoever follows the stream."""

    items: Sequence[T_co]


@attrs.frozen
class CloseAndWait:
    """Close the connection, if one is open, and wait for `seconds`."""

    seconds: float


@attrs.frozen
class CloseAndAsk:
    """Close the connection and make a call; come back with its body."""

    spec: RequestSpec


class Identified(Protocol):
    """What a creation is answered with."""

    id: str


@attrs.frozen
class Created(Generic[M]):
    """Something of this id was created; `answer` is the platform's, if it is no event stream."""

    id: str
    answer: Response[M] | None = None


Effect = Open | Read | HandOver[T] | CloseAndWait | CloseAndAsk
Reply = Opened | Answer | Fault | bytes | None


def read_head(status_code: int, headers: Headers) -> Opened | Answer | None:
    """Tell what the head of a stream's answer means: it has begun, or it can't be read.

    None: it is no event stream, but an answer to be read to its end.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if status_code != 200 or kind != "text/event-stream":
        return None
    if packed := headers.get("content-encoding"):
        codings = {coding.strip().lower() for coding in packed.split(",")}
        if not codings <= _CODINGS:
            return Answer(status_code, headers, b"")
    return Opened(
        ends=headers.get(STREAM_ENDS) == "terminal",
        keys_honored=headers.get(KEYS_HONORED) == "honored",
    )


_CODINGS = frozenset({"", "identity", "gzip", "deflate"})
"""What a stream may be packed as, although it is asked for as it is: what calls ask for."""


class _Delivered:
    """Which events were handed over, so that a platform which replays does not repeat them."""

    def __init__(self) -> None:
        self._last_number = "-1"
        self._names: set[str] = set()
        self._digests: Counter[bytes] = Counter()
        self._replayed: Counter[bytes] = Counter()
        self._resumed = False

    def resume(self) -> None:
        self._resumed = True
        self._replayed = self._digests.copy()

    def is_new(self, event: ServerSentEvent) -> bool:
        # From the first new id on, an id that stands again was inherited by an event without one.
        id = event.id
        if id.isdecimal() and id.isascii():
            if self._resumed:
                if int(id) <= int(self._last_number):
                    return False
                self._resumed = False
            self._last_number = id
            return True
        if not id:
            return self._is_new_without_id(event)
        if self._resumed and id in self._names:
            return False
        self._names.add(id)
        self._resumed = False
        return True

    def _is_new_without_id(self, event: ServerSentEvent) -> bool:
        # A platform without ids can only replay from the start: what stood there before the break,
        # to the byte, is what was handed over; each copy counts once.
        import hashlib  # platforms that number their events do not need it

        digest = hashlib.blake2b(f"{event.event}\n{event.data}".encode(), digest_size=16).digest()
        if self._replayed[digest] > 0:
            self._replayed[digest] -= 1
            return False
        self._digests[digest] += 1
        return True


class _End(Enum):
    """How a connection came to its end, where nothing went wrong with it."""

    TERMINAL = auto()
    """The event after which there is none."""
    CLEAN = auto()
    """The platform closed the stream, but did not say that it was over."""
    ON_PURPOSE = auto()
    """It is opened again with a shorter read limit, to keep the deadline."""


def follow(
    spec: StreamSpec,
    decode: Callable[[ServerSentEvent], T],
    is_terminal: Callable[[T], bool],
    *,
    configuration: Configuration,
    options: CallOptions,
    deadline: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Effect[T], Reply, None]:
    """Follow one stream, from its first connection to its terminal event.

    `deadline`, on `clock`, ends the following with `WaitTimeoutError`.

    Raises:
        ApiStatusError: the platform refuses the stream.
        ConnectionFailedError: it could not be reached in the first place.
        StreamError: the stream broke and all attempts to resume it failed.
        WaitTimeoutError: the deadline came first.
    """
    following = _Following(spec, decode, is_terminal, configuration, options, deadline, clock)
    return following.run()


def create_and_follow(
    call: Call,
    made: type[M],
    events: Callable[[str], StreamSpec],
    has_events: Callable[[M], bool],
    decode: Callable[[ServerSentEvent], T],
    is_terminal: Callable[[object], bool],
    *,
    configuration: Configuration,
    options: CallOptions,
    deadline: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Effect[T | Created[M]], Reply, None]:
    """Create something and follow its events, with one request where the platform answers a
    creation with them: `call` is the creation, for which `accept_events` asked.

    `events` is given the id of what was created, which its events have as `task_id`. The creation
    is repeated as any call is, until the first event has come; from there on the stream is resumed
    as `follow` does. A platform that answers with what was created is asked for the events then, if
    that `has_events`. What is handed over first is `Created`.

    Raises:
        CallError: the creation failed; and what `follow` raises.
    """
    assert isinstance(call.spec, StreamSpec)
    following = _Creating[T, M](
        call.spec, decode, is_terminal, configuration, options, deadline, clock, call, events
    )
    return following.create(made, has_events)


def accept_events(spec: RequestSpec) -> StreamSpec:
    """Return the creation of something as one that wants its events for an answer."""
    return StreamSpec(
        operation=spec.operation,
        method=spec.method,
        path=spec.path,
        template=spec.template,
        query=spec.query,
        headers={
            **spec.headers,
            "accept": "text/event-stream, application/json",
            "accept-encoding": "identity",
        },
        body=spec.body,
        root=spec.root,
        replay=spec.replay,
    )


def _read_cursor(following: _Following[T]) -> str:
    return following.spec.headers.get(LAST_EVENT_ID, "")


@attrs.define
class _Following(Generic[T]):
    spec: StreamSpec
    decode: Callable[[ServerSentEvent], T]
    is_terminal: Callable[[T], bool]
    configuration: Configuration
    options: CallOptions
    deadline: float | None
    clock: Callable[[], float]

    _url: str = attrs.field(init=False, default="")
    _parser: SseParser = attrs.field(init=False, factory=SseParser)
    _delivered: _Delivered = attrs.field(init=False, factory=_Delivered)
    _cursor: str = attrs.field(init=False, default=attrs.Factory(_read_cursor, takes_self=True))
    _opened: bool = attrs.field(init=False, default=False)
    _greeted: bool = attrs.field(init=False, default=False)
    _draining: bool = attrs.field(init=False, default=False)
    _attempts: list[Attempt] = attrs.field(init=False, factory=list)

    def run(self) -> Generator[Effect[T], Reply, None]:
        opening = self._opening()
        yield from self._go_on((yield from self._connect(opening)))

    def _go_on(self, end: _End | Answer | Fault) -> Generator[Effect[T], Reply, None]:
        """Follow to the end, after a connection that ended like this."""
        while end is not _End.TERMINAL:
            if end is not _End.ON_PURPOSE:
                self._check_deadline()
                if not self.spec.resume and self._opened:
                    if isinstance(end, Fault):
                        raise self._make_lost_error(end.description)
                    return
                if end is _End.CLEAN and (yield from self._was_all()):
                    return
                yield CloseAndWait(self._pause_after(end))
            end = yield from self._connect(self._opening())

    def _connect(self, opening: Open) -> Generator[Effect[T], Reply, _End | Answer | Fault]:
        """Open a connection, redirected where it may be, and read it to its end."""
        reply = yield opening
        self._url = opening.request.url
        while (
            isinstance(reply, Answer)
            and (other := follow_redirect(opening.request, reply)) is not None
        ):
            opening = Open(other, opening.timeouts)
            reply = yield opening
        if isinstance(reply, Opened):
            return (yield from self._read(opening, reply))
        assert isinstance(reply, Answer | Fault)
        return reply

    def _limits(self, least: float) -> dict[str, float]:
        idle = min(self.options.timeout or self.configuration.stream_idle_timeout, LONGEST)
        connect = min(self.configuration.connect_timeout, LONGEST)
        if self.deadline is not None:
            idle = max(least, min(idle, self.deadline - self.clock()))
        return {"connect": connect, "read": idle, "write": connect, "pool": connect}

    def _opening(self) -> Open:
        self._check_deadline()
        headers = {
            **dict(self.options.headers),
            "accept": "text/event-stream",
            "accept-encoding": "identity",
        }
        request = prepare(self.spec, self.configuration, headers)
        request.headers[:] = [field for field in request.headers if field[0] != LAST_EVENT_ID]
        # Without a cursor the platform begins anew, and what was handed over is left out here.
        if _IS_CURSOR.fullmatch(self._cursor):
            request.headers.append((LAST_EVENT_ID, self._cursor))
        return Open(request, self._limits(0.001))

    def _read(self, opening: Open, opened: Opened) -> Generator[Effect[T], Reply, _End | Fault]:
        opened_at = self.clock()
        self._parser = SseParser()
        if self._opened:
            self._delivered.resume()
        self._opened = True
        while True:
            chunk = yield Read()
            if isinstance(chunk, Fault):
                return chunk
            if not isinstance(chunk, bytes):
                return _End.CLEAN
            items = self._new_items(chunk)
            if self._parser.last_event_id is not None:
                self._cursor = self._parser.last_event_id
            if items:
                self._attempts.clear()
                yield HandOver(items)
                if self.is_terminal(items[-1]):
                    if opened.ends:
                        yield Read()
                    return _End.TERMINAL
            if self._would_overshoot(opened_at, opening.timeouts["read"]):
                return _End.ON_PURPOSE

    def _new_items(self, chunk: bytes) -> list[T]:
        items: list[T] = []
        # A stream that is not resumed may last for months: nothing is remembered of it.
        is_new = self._delivered.is_new if self.spec.resume else None
        decode, is_terminal = self.decode, self.is_terminal
        for event in self._parser.push(chunk):
            if is_new is not None and not is_new(event):
                continue
            item = decode(event)
            if getattr(item, "type", None) == _GREETING:
                if self._greeted:
                    continue
                self._greeted = True
            items.append(item)
            if is_terminal(item):
                break
        return items

    def _was_all(self) -> Generator[Effect[T], Reply, bool]:
        """Tell whether a stream that ended without saying so was over: only the platform knows.

        Of a finished task the rest is fetched, where there is a cursor to fetch it from.
        """
        if self._draining:
            return True
        if self.spec.probe is None:
            return False
        answer = yield CloseAndAsk(self.spec.probe)
        finished = isinstance(answer, bytes) and _is_finished(answer)
        self._draining = finished and bool(self._cursor)
        return finished and not self._draining

    def _pause_after(self, end: _End | Answer | Fault) -> float:
        """Return the wait before the stream is opened again; raise where that would not help."""
        self._attempts.append(
            Attempt(
                started_at=datetime.datetime.now(datetime.UTC),
                duration=0.0,
                status_code=end.status_code if isinstance(end, Answer) else None,
                cause=_words(end),
            )
        )
        if isinstance(end, Answer) and end.is_success:
            raise self._make_lost_error(_words(end))
        # A wrong address should be told at once, a stream that broke be tried for longer.
        patience = self.configuration.stream_retry if self._opened else self.configuration.retry
        outcome = (
            find_outcome(end)
            if isinstance(end, Answer | Fault)
            else AttemptOutcome(fate=Fate.UNKNOWN)
        )
        verdict = decide(
            outcome,
            replay=Replay.ALWAYS,
            keys_honored=False,
            attempt=len(self._attempts),
            elapsed=0.0,
            timeout=math.inf,
            policy=self.options.retry or patience,
        )
        if isinstance(verdict, TryAgain):
            asked = (self._parser.retry or 0) / 1000.0
            pause = max(verdict.seconds, min(asked, patience.maximum))
            return pause if self.deadline is None else min(pause, self.deadline - self.clock())
        final = verdict is Stop.FINAL
        if isinstance(end, Answer) and (final or not self._opened):
            raise error_of_status(
                self.spec, end, self._attempts, url=self._url, retryable=not final
            )
        if isinstance(end, Fault) and (final or not self._opened):
            raise error_of_fault(self.spec, end, self._attempts, url=self._url, unsafe=False)
        raise self._make_lost_error(_words(end))

    def _make_lost_error(self, description: str) -> StreamError:
        return StreamError(
            f"the stream of {self.spec.operation} broke and could not be resumed: {description}",
            last_event_id=self._cursor,
            method=self.spec.method,
            path=self.spec.path,
            url=self._url.partition("?")[0],
            attempts=self._attempts,
            retryable=True,
        )

    def _check_deadline(self) -> None:
        if self.deadline is not None and self.clock() >= self.deadline:
            raise _late(self.spec)

    def _would_overshoot(self, opened_at: float, read_limit: float) -> bool:
        """Tell whether silence from now on would be noticed more than a second after the deadline.

        The read limit is fixed when a connection is opened, and each byte starts it anew; so the
        connection is opened again with what is left, at most once a second.
        """
        if self.deadline is None:
            return False
        now = self.clock()
        too_late = now + read_limit > self.deadline + 1.0
        return now >= self.deadline or (too_late and now - opened_at > 1.0)


@attrs.define
class _Creating(_Following[T | Created[M]], Generic[T, M]):
    """Follows what it creates. `spec` is the creation, as long as its first connection is open."""

    call: Call
    events: Callable[[str], StreamSpec]

    _id: str = attrs.field(init=False, default="")

    def create(
        self, made: type[M], has_events: Callable[[M], bool]
    ) -> Generator[Effect[T | Created[M]], Reply, None]:
        call = self.call
        while True:
            call.begin()
            # A creation that can't be answered in time is made all the same.
            result = yield from self._connect(Open(call.request, self._limits(1.0)))
            if self._id:
                if result is not _End.TERMINAL:
                    self.spec = self.events(self._id)
                    yield from self._go_on(result)
                return
            if isinstance(result, _End):
                result = Fault(_words(result), Fate.UNKNOWN)
            if not call.wants_another(result):
                break
            yield CloseAndWait(call.pause)
        answer = call.finish(result, made)
        self._id = answer.parsed.id
        yield HandOver([Created(self._id, answer)])
        if has_events(answer.parsed):
            self.spec = self.events(self._id)
            yield from self.run()

    def _read(
        self, opening: Open, opened: Opened
    ) -> Generator[Effect[T | Created[M]], Reply, _End | Fault]:
        self.call.learn(keys_honored=opened.keys_honored)
        return super()._read(opening, opened)

    def _new_items(self, chunk: bytes) -> list[T | Created[M]]:
        items = super()._new_items(chunk)
        if not self._id:
            for item in items:
                if task_id := getattr(item, "task_id", ""):
                    self._id = task_id
                    return [Created(task_id), *items]
        return items


def poll_pauses(
    spec: RequestSpec, deadline: float | None, clock: Callable[[], float] = time.monotonic
) -> Iterator[float]:
    """Yield the waits in seconds between questions to a platform that can't be followed.

    Raises:
        WaitTimeoutError: the deadline has come.
    """
    pause = 0.1
    while True:
        left = math.inf if deadline is None else deadline - clock()
        if left <= 0:
            raise _late(spec)
        yield min(pause, left)
        pause = min(pause * 1.5, 2.0)


def _words(end: _End | Answer | Fault) -> str:
    if isinstance(end, Fault):
        return end.description
    if isinstance(end, Answer):
        refused = f"the platform answered {end.status_code}"
        return f"{refused}, and no event stream{read_encoding(end)}" if end.is_success else refused
    return "the platform ended it early"


def _late(spec: RequestSpec) -> WaitTimeoutError:
    return WaitTimeoutError(f"not finished within the given time ({spec.method} {spec.path})")


def _is_finished(body: bytes) -> bool:
    try:
        found = parse(body)
    except ConversionError:
        return False
    return isinstance(found, dict) and found.get("status") in TERMINAL
