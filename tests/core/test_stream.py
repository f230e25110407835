"""The conversation of a stream, with a platform played by the test."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given, strategies as st

from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.core.answer import Answer, Fault, Headers
from xpander_client.core.call import CallOptions
from xpander_client.core.requests import RequestSpec, StreamSpec
from xpander_client.core.retry import Fate
from xpander_client.core.sse import ServerSentEvent
from xpander_client.core.stream import (
    CloseAndAsk,
    CloseAndWait,
    HandOver,
    Open,
    Opened,
    Read,
    Reply,
    follow,
    poll_pauses,
)
from xpander_client.errors import (
    ConnectionFailedError,
    NotFoundError,
    ServerError,
    StreamError,
    WaitTimeoutError,
)

CONFIGURATION = Configuration(
    api_key="k",
    base_url="http://platform.test",
    organization_id="o",
    stream_idle_timeout=30.0,
    stream_retry=RetryPolicy(attempts=4, jitter=0.0),
)
PROBE = RequestSpec(operation="get", method="GET", path="/t/status", template="/t/status")
SPEC = StreamSpec(
    operation="Tasks.events", method="GET", path="/t/events", template="/t/events", probe=PROBE
)
RESET = Fault("reset", Fate.UNKNOWN)
END = None


@attrs.frozen
class Event:
    type: str
    data: str
    id: str


def decode(frame: ServerSentEvent) -> Event:
    return Event(frame.event, frame.data, frame.id)


def is_terminal(event: Event) -> bool:
    return event.type == "task_finished"


def frame(data: str, id: int | None = None, event: str = "chunk") -> bytes:
    name = b"" if id is None else b"id: %d\n" % id
    return name + f"event: {event}\ndata: {data}\n\n".encode()


GREETING = frame("now", event="connected")
FINISHED = Answer(200, Headers(), b'{"status": "completed"}')


@attrs.define
class Platform:
    """Answers a conversation: one iterable of replies for each connection."""

    connections: Iterator[Iterable[Reply] | Answer | Fault]
    status: str = "executing"
    ends: bool = False
    opened: list[Open] = attrs.field(factory=list)
    pauses: list[float] = attrs.field(factory=list)
    probes: int = 0
    now: float = 0.0
    reading: Iterator[Reply] = attrs.field(factory=lambda: iter(()))

    def clock(self) -> float:
        return self.now

    def follow(self, spec: StreamSpec = SPEC, **options: Any) -> list[Event]:
        got: list[Event] = []
        self.follow_into(got, spec, **options)
        return got

    def follow_into(self, got: list[Event], spec: StreamSpec = SPEC, **options: Any) -> None:
        conversation = follow(
            spec,
            decode,
            is_terminal,
            configuration=CONFIGURATION,
            options=CallOptions(),
            clock=self.clock,
            **options,
        )
        reply: Reply = None
        for _ in range(10_000):
            try:
                effect = conversation.send(reply)
            except StopIteration:
                return
            reply = None
            if isinstance(effect, HandOver):
                got.extend(effect.items)
            elif isinstance(effect, Open):
                self.opened.append(effect)
                connection = next(self.connections)
                if isinstance(connection, Answer | Fault):
                    reply = connection
                else:
                    self.reading = iter(connection)
                    reply = Opened(self.ends)
            elif isinstance(effect, Read):
                reply = next(self.reading, END)
            elif isinstance(effect, CloseAndWait):
                self.pauses.append(effect.seconds)
                self.now += effect.seconds
            elif isinstance(effect, CloseAndAsk):
                self.probes += 1
                reply = orjson.dumps({"status": self.status})
        raise AssertionError("the conversation does not end")

    @property
    def cursors(self) -> list[str | None]:
        return [dict(opening.request.headers).get("last-event-id") for opening in self.opened]


def platform(*connections: Iterable[Reply] | Answer | Fault, status: str = "executing") -> Platform:
    return Platform(iter(connections), status=status)


def data_of(events: list[Event]) -> list[str]:
    return [event.data for event in events]


def test_a_stream_ends_with_its_terminal_event_and_reads_no_further() -> None:
    there = platform([GREETING + frame("a", 1) + frame("z", 2, "task_finished") + frame("never")])
    assert data_of(there.follow()) == ["now", "a", "z"]
    assert there.cursors == [None]


@pytest.mark.parametrize("rest", [END, RESET, frame("never")])
def test_a_stream_that_is_said_to_end_is_read_to_its_end(rest: Reply) -> None:
    there = platform([GREETING + frame("z", 1, "task_finished"), rest, frame("too late")])
    there.ends = True
    assert data_of(there.follow()) == ["now", "z"]
    assert next(there.reading) == frame("too late"), "one more read, whatever it brings"
    assert there.cursors == [None]


def test_a_stream_that_broke_is_resumed_behind_the_last_whole_event() -> None:
    there = platform(
        [GREETING, frame("a", 1), frame("b", 2)[:-4], RESET],
        [GREETING, frame("b", 2) + frame("z", 3, "task_finished")],
    )
    assert data_of(there.follow()) == ["now", "a", "b", "z"]
    assert there.cursors == [None, "1"]


def test_a_clean_end_too_early_asks_for_the_status_and_goes_on() -> None:
    there = platform([frame("a", 1)], [frame("z", 2, "task_finished")])
    assert data_of(there.follow()) == ["a", "z"]
    assert (there.probes, there.cursors) == (1, [None, "1"])


def test_the_rest_of_a_finished_task_is_fetched_before_the_stream_counts_as_over() -> None:
    there = platform([frame("a", 1)], [frame("b", 2)], status="completed")
    assert data_of(there.follow()) == ["a", "b"]
    assert (there.probes, there.cursors) == (1, [None, "1"])


def test_without_ids_a_finished_status_is_the_end() -> None:
    there = platform([GREETING, frame("a")], status="stopped")
    assert data_of(there.follow()) == ["now", "a"]
    assert (there.probes, there.cursors) == (1, [None])


def test_a_platform_without_ids_is_resumed_by_replay_without_its_duplicates() -> None:
    there = platform(
        [GREETING, frame("a"), frame("a"), frame("b"), RESET],
        [frame("later", event="connected"), frame("a"), frame("a"), frame("b"), frame("a"), RESET],
        [frame("a"), frame("a"), frame("b"), frame("a"), frame("z", event="task_finished")],
    )
    assert data_of(there.follow()) == ["now", "a", "a", "b", "a", "z"]


def test_a_platform_that_ignores_the_cursor_does_not_make_events_come_twice() -> None:
    log = [frame("a", 1), frame("b", 2), frame("c", 3)]
    there = platform([*log[:2], RESET], [GREETING, *log, frame("z", 4, "task_finished")])
    assert data_of(there.follow()) == ["a", "b", "now", "c", "z"]


def test_a_gap_is_an_event_and_the_stream_goes_on_behind_it() -> None:
    gap = frame("6-8", 8, event="gap")
    there = platform(
        [GREETING, frame("e", 5), RESET],
        [GREETING, gap + frame("i", 9)[:-4], RESET],
        [GREETING, frame("i", 9), frame("z", 10, "task_finished")],
    )
    assert data_of(there.follow()) == ["now", "e", "6-8", "i", "z"]
    assert there.cursors == [None, "5", "8"]


def test_a_gap_that_was_cut_off_is_told_again_and_one_that_was_told_is_not() -> None:
    gap = frame("1-8", 8, event="gap")
    there = platform(
        [gap[:-3], RESET],
        [gap, RESET],
        [gap, frame("z", 9, "task_finished")],  # from a platform that ignores the cursor
    )
    assert data_of(there.follow()) == ["1-8", "z"]
    assert there.cursors == [None, None, "8"]


def test_silence_is_a_broken_stream() -> None:
    silence = Fault("nothing came", Fate.UNKNOWN, timed_out=True)
    there = platform([frame("a", 1), silence], [frame("z", 2, "task_finished")])
    assert data_of(there.follow()) == ["a", "z"]
    assert there.opened[0].timeouts["read"] == 30.0


def test_a_resume_that_is_put_off_waits_as_long_as_it_is_told_to() -> None:
    busy = Answer(503, Headers([(b"Retry-After", b"7")]), b"")
    there = platform([frame("a", 1), RESET], busy, [frame("z", 2, "task_finished")])
    assert data_of(there.follow()) == ["a", "z"]
    assert there.pauses == [0.25, 7.0]


def test_the_stream_may_ask_for_a_longer_wait() -> None:
    there = platform([b"retry: 3000\n\n", RESET], [frame("z", 1, "task_finished")])
    there.follow()
    assert there.pauses == [3.0]


def test_attempts_count_anew_after_progress() -> None:
    drops: list[Iterable[Reply]] = [[frame(str(number), number), RESET] for number in range(1, 30)]
    there = platform(*drops, [frame("z", 30, "task_finished")])
    assert len(there.follow()) == 30
    assert set(there.pauses) == {0.25}


def test_giving_up_raises_with_the_last_id_and_all_attempts() -> None:
    there = platform([frame("a", 1), RESET], *itertools.repeat(RESET, 9))
    with pytest.raises(StreamError) as caught:
        there.follow()
    assert caught.value.last_event_id == "1"
    assert [attempt.cause for attempt in caught.value.attempts] == ["reset"] * 4
    assert caught.value.retryable


def test_a_wrong_address_is_told_sooner_than_a_broken_stream() -> None:
    refused = Fault("no connection", Fate.NOT_SENT)
    there = platform(*itertools.repeat(refused, 9))
    with pytest.raises(ConnectionFailedError, match="no connection"):
        there.follow()
    assert len(there.opened) == CONFIGURATION.retry.attempts


@pytest.mark.parametrize("before", [[], [[frame("a", 1), RESET]]])
def test_a_refusal_ends_the_stream(before: list[Iterable[Reply]]) -> None:
    gone = Answer(404, Headers([(b"x-request-id", b"r1")]), b'{"detail": "no such task"}')
    with pytest.raises(NotFoundError, match=r"404: no such task .* request r1"):
        platform(*before, gone).follow()


def test_a_platform_that_keeps_failing_is_a_server_error_at_first_and_a_stream_error_later() -> (
    None
):
    failing = Answer(500, Headers(), b"")
    with pytest.raises(ServerError):
        platform(*itertools.repeat(failing, 9)).follow()
    with pytest.raises(StreamError, match="the platform answered 500"):
        platform([frame("a", 1), RESET], *itertools.repeat(failing, 9)).follow()


def test_an_answer_that_is_no_event_stream_is_said_so() -> None:
    with pytest.raises(StreamError, match="answered 200, and no event stream"):
        platform(FINISHED).follow()


def test_a_stream_that_is_not_to_be_resumed_ends_with_its_connection() -> None:
    spec = attrs.evolve(SPEC, resume=False)
    assert data_of(platform([frame("a", 1)]).follow(spec)) == ["a"]
    with pytest.raises(StreamError, match="reset"):
        platform([frame("a", 1), RESET]).follow(spec)


def test_the_deadline_ends_the_following() -> None:
    there = platform()
    there.now = 100.0
    with pytest.raises(WaitTimeoutError):
        there.follow(deadline=100.0)


def test_comments_do_not_put_the_deadline_off() -> None:
    def comments(there: Platform) -> Iterator[Reply]:
        while True:
            there.now += 5.0
            yield b": still here\n\n"

    there = Platform(iter(()))
    there.connections = (comments(there) for _ in itertools.count())
    with pytest.raises(WaitTimeoutError):
        there.follow(deadline=12.0)
    assert there.now <= 15.0
    assert [opening.timeouts["read"] for opening in there.opened] == [12.0, 7.0, 2.0]


def test_questions_come_at_growing_intervals_up_to_the_deadline() -> None:
    now = itertools.count(0.0, 1.0)
    pauses = list(itertools.islice(poll_pauses(PROBE, None, lambda: next(now)), 12))
    assert pauses[0] == 0.1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 2.0
    with pytest.raises(WaitTimeoutError):
        list(poll_pauses(PROBE, 3.0, lambda: next(now)))


_cuts = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from([RESET, END])), min_size=0, max_size=12
)


def _serving(
    log: list[bytes], cuts: list[tuple[int, Fault | None]], ids: bool, sizes: int
) -> Callable[[Platform], Iterator[Iterable[Reply]]]:
    """Connections that each break off after a number of bytes, until none does."""

    def connections(there: Platform) -> Iterator[Iterable[Reply]]:
        for cut, how in [*cuts, (10**9, END)]:
            cursor = there.cursors[-1]
            rest = GREETING + b"".join(log[int(cursor) if ids and cursor else 0 :])
            shown = rest[:cut]
            yield [shown[i : i + sizes] for i in range(0, len(shown), sizes)] + [how]

    return connections


@given(
    words=st.lists(st.sampled_from(["a", "b", "c"]), max_size=12),
    cuts=_cuts,
    ids=st.booleans(),
    sizes=st.integers(1, 60),
)
def test_whatever_breaks_every_event_comes_once_and_in_order(
    words: list[str], cuts: list[tuple[int, Fault | None]], ids: bool, sizes: int
) -> None:
    log = [frame(word, number if ids else None) for number, word in enumerate(words, 1)]
    log.append(frame("z", len(log) + 1 if ids else None, "task_finished"))
    there = Platform(iter(()))
    there.connections = iter(_serving(log, cuts, ids, sizes)(there))
    got: list[Event] = []
    try:
        there.follow_into(got)
        whole = True
    except StreamError:
        whole = False  # four connections in a row brought nothing new
    seen = [event.data for event in got if event.type != "connected"]
    assert seen == [*words, "z"][: len(seen)]
    assert len(seen) == len(words) + 1 or not whole
    assert sum(event.type == "connected" for event in got) <= 1
