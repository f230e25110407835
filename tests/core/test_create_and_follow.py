"""A creation that is answered with the events of what it created, played by the test."""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import pytest

from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.core.answer import Answer, Fault, Headers
from xpander_client.core.call import Call, CallOptions, PlatformTraits
from xpander_client.core.model import Model
from xpander_client.core.requests import Replay, RequestSpec, StreamSpec
from xpander_client.core.retry import Fate
from xpander_client.core.sse import ServerSentEvent
from xpander_client.core.stream import (
    CloseAndAsk,
    CloseAndWait,
    Created,
    HandOver,
    Open,
    Opened,
    Read,
    Reply,
    accept_events,
    create_and_follow,
)
from xpander_client.errors import (
    ConnectionFailedError,
    DecodingError,
    NotFoundError,
    StreamError,
    UnknownOutcomeError,
    WaitTimeoutError,
)

CONFIGURATION = Configuration(
    api_key="k",
    base_url="http://platform.test",
    organization_id="o",
    timeout=60.0,
    stream_idle_timeout=30.0,
    retry=RetryPolicy(attempts=3, jitter=0.0),
    stream_retry=RetryPolicy(attempts=3, jitter=0.0),
)
CREATION = RequestSpec(
    operation="Tasks.create",
    method="POST",
    path="/agent",
    template="/{agent}",
    body=b"{}",
    replay=Replay.KEYED,
)
RESET = Fault("reset", Fate.UNKNOWN)
NOT_SENT = Fault("no connection", Fate.NOT_SENT)
HELLO = b"event: connected\ndata: t1\n\n"
HONORED = ("idempotency-keys", "honored")


@attrs.define(kw_only=True)
class Thing(Model):
    id: str
    events_streaming: bool = False


@attrs.frozen
class Event:
    type: str
    task_id: str


def decode(frame: ServerSentEvent) -> Event:
    return Event(frame.event, frame.data)


def events(thing_id: str) -> StreamSpec:
    path = f"/{thing_id}/events"
    probe = RequestSpec(operation="Tasks.get", method="GET", path=f"/{thing_id}", template="/{id}")
    return StreamSpec(operation="Tasks.events", method="GET", path=path, template=path, probe=probe)


def frame(number: int, event: str = "chunk") -> bytes:
    return b"id: %d\nevent: %s\ndata: t1\n\n" % (number, event.encode())


def answer(body: bytes, status: int = 200, *headers: tuple[str, str]) -> Answer:
    return Answer(status, Headers([(n.encode(), v.encode()) for n, v in headers]), body)


@attrs.define
class Platform:
    """Answers a conversation: bytes and faults for each connection, or what is no stream."""

    connections: Iterator[Iterable[Reply] | Answer | Fault]
    keys_honored: bool = False
    opened: list[Open] = attrs.field(factory=list)
    items: list[Any] = attrs.field(factory=list)
    probes: list[str] = attrs.field(factory=list)
    now: float = 0.0

    def create(self, *, knows: bool = False, deadline: float | None = None) -> list[Any]:
        options = CallOptions(idempotency_key="once")
        traits = PlatformTraits(keys_honored=knows)
        call = Call(accept_events(CREATION), CONFIGURATION, options, traits, lambda: self.now)
        conversation = create_and_follow(
            call,
            Thing,
            events,
            lambda thing: thing.events_streaming,
            decode,
            lambda item: isinstance(item, Event) and item.type == "task_finished",
            configuration=CONFIGURATION,
            options=options,
            deadline=deadline,
            clock=lambda: self.now,
        )
        reply: Reply = None
        reading: Iterator[Reply] = iter(())
        while True:
            try:
                effect = conversation.send(reply)
            except StopIteration:
                return self.items
            reply = None
            if isinstance(effect, HandOver):
                self.items.extend(effect.items)
            elif isinstance(effect, Open):
                self.opened.append(effect)
                connection = next(self.connections)
                if isinstance(connection, Answer | Fault):
                    reply = connection
                else:
                    reading, reply = iter(connection), Opened(keys_honored=self.keys_honored)
            elif isinstance(effect, Read):
                reply = next(reading, None)
            elif isinstance(effect, CloseAndWait):
                self.now += effect.seconds
            elif isinstance(effect, CloseAndAsk):
                self.probes.append(effect.spec.path)
                reply = b'{"status": "executing"}'

    @property
    def asked(self) -> list[tuple[str, str, str | None]]:
        """The method, path and cursor of each request."""
        return [
            (
                each.request.method,
                each.request.url.removeprefix("http://platform.test"),
                dict(each.request.headers).get("last-event-id"),
            )
            for each in self.opened
        ]

    @property
    def keys(self) -> list[str | None]:
        return [dict(each.request.headers).get("idempotency-key") for each in self.opened]


def platform(*connections: Iterable[Reply] | Answer | Fault, honors: bool = False) -> Platform:
    return Platform(iter(connections), honors)


POST = ("POST", "/agent", None)


def types_of(items: list[Any]) -> list[str]:
    return [getattr(item, "type", type(item).__name__) for item in items]


def test_one_request_creates_and_follows_to_the_end() -> None:
    there = platform([HELLO + frame(1), frame(2, "task_finished")])
    items = there.create()
    assert types_of(items) == ["Created", "connected", "chunk", "task_finished"]
    assert items[0] == Created("t1")
    assert there.asked == [POST]
    assert dict(there.opened[0].request.headers)["accept"].startswith("text/event-stream")


@pytest.mark.parametrize("breaks", [RESET, None])
def test_a_stream_that_breaks_after_its_first_event_is_resumed_by_the_events_alone(
    breaks: Fault | None,
) -> None:
    there = platform(
        [HELLO + frame(1), frame(2), breaks],
        [HELLO + frame(2) + frame(3), breaks],
        [HELLO + frame(4, "task_finished")],
    )
    items = there.create()
    wanted = ["Created", "connected", "chunk", "chunk", "chunk", "task_finished"]
    assert types_of(items) == wanted
    assert there.asked == [POST, ("GET", "/t1/events", "2"), ("GET", "/t1/events", "3")]
    assert there.keys == ["once", None, None]
    assert there.probes == ([] if breaks else ["/t1", "/t1"])


def test_a_break_after_the_greeting_alone_loses_nothing() -> None:
    there = platform([HELLO, RESET], [HELLO + frame(1) + frame(2, "task_finished")])
    wanted = ["Created", "connected", "chunk", "task_finished"]
    assert types_of(there.create()) == wanted
    assert there.asked == [POST, ("GET", "/t1/events", None)]


@pytest.mark.parametrize("breaks", [RESET, None], ids=["reset", "clean end"])
@pytest.mark.parametrize("told", [b"", b": ping\n\n", HELLO[:-2]])
def test_a_stream_that_breaks_before_its_first_event_is_created_again_under_the_same_key(
    breaks: Fault | None, told: bytes
) -> None:
    there = platform([told, breaks], [HELLO + frame(1, "task_finished")], honors=True)
    assert types_of(there.create()) == ["Created", "connected", "task_finished"]
    assert there.asked == [POST, POST]
    assert there.keys == ["once", "once"]


@pytest.mark.parametrize("first", [RESET, [b": ping\n\n", RESET], [None], answer(b"", 502)])
def test_a_creation_of_unknown_fate_is_not_sent_again_to_a_platform_without_keys(
    first: Any,
) -> None:
    there = platform(first)
    with pytest.raises(Exception, match=r"Tasks\.create may have happened"):
        there.create()
    assert there.asked == [POST]
    assert there.items == []


def test_what_never_left_is_sent_again() -> None:
    there = platform(NOT_SENT, [HELLO + frame(1, "task_finished")])
    assert types_of(there.create()) == ["Created", "connected", "task_finished"]
    assert there.asked == [POST, POST]


def test_attempts_are_as_many_as_those_of_any_call() -> None:
    there = platform(RESET, RESET, RESET)
    with pytest.raises(ConnectionFailedError) as caught:
        there.create(knows=True)
    assert len(caught.value.attempts) == 3
    unreachable = platform(NOT_SENT, NOT_SENT, NOT_SENT)
    with pytest.raises(ConnectionFailedError):
        unreachable.create()


def test_an_answer_with_what_was_created_is_followed_by_its_events() -> None:
    there = platform(
        answer(b'{"id": "t1", "events_streaming": true}'),
        [HELLO + frame(1), RESET],
        [frame(2, "task_finished")],
    )
    created, *rest = there.create()
    assert created.answer.parsed == Thing(id="t1", events_streaming=True)
    assert created.id == "t1"
    assert types_of(rest) == ["connected", "chunk", "task_finished"]
    assert there.asked == [POST, ("GET", "/t1/events", None), ("GET", "/t1/events", "1")]


def test_what_has_no_events_is_not_followed() -> None:
    there = platform(answer(b'{"id": "t1"}'))
    [created] = there.create()
    assert created.answer.parsed == Thing(id="t1")


def test_refusals_and_answers_that_are_not_as_agreed_are_those_of_the_creation() -> None:
    with pytest.raises(NotFoundError, match="no agent"):
        platform(answer(b'{"detail": "no agent"}', 404)).create()
    with pytest.raises(DecodingError, match=r"Tasks\.create"):
        platform(answer(b"[]")).create()


def test_a_refusal_that_may_help_later_is_tried_again() -> None:
    busy = answer(b"", 503, ("retry-after", "2"), HONORED)
    there = platform(busy, [HELLO + frame(1, "task_finished")])
    assert types_of(there.create()) == ["Created", "connected", "task_finished"]
    assert there.now == 2.0


def test_a_stream_that_can_not_be_resumed_says_where_it_broke() -> None:
    there = platform([HELLO + frame(1), RESET], RESET, RESET)
    with pytest.raises(StreamError) as caught:
        there.create()
    assert caught.value.last_event_id == "1"
    assert types_of(there.items) == ["Created", "connected", "chunk"]


def test_the_deadline_ends_the_following_and_never_the_creation() -> None:
    there = platform(RESET, [HELLO + frame(1), RESET])
    with pytest.raises(WaitTimeoutError):
        there.create(knows=True, deadline=0.1)
    assert types_of(there.items) == ["Created", "connected", "chunk"]
    # What is not answered by then is known a second after the deadline at the latest.
    assert [each.timeouts["read"] for each in there.opened] == [1.0, 1.0]
    patient = platform([HELLO + frame(1, "task_finished")])
    patient.create(deadline=20.0)
    assert patient.opened[0].timeouts["read"] == 20.0


def test_an_unknown_outcome_stays_one_with_a_deadline() -> None:
    there = platform(Fault("nothing came", Fate.UNKNOWN, timed_out=True))
    with pytest.raises(UnknownOutcomeError):
        there.create(deadline=0.1)
