import itertools
import json
import re

import pytest
from hypothesis import given, strategies as st

from xpander_client.core.sse import COMMENT, ServerSentEvent, SseParser, encode_event


def parse(*chunks: bytes) -> list[ServerSentEvent]:
    parser = SseParser()
    return [event for chunk in chunks for event in parser.push(chunk)]


def message(data: str, id: str = "", event: str = "message") -> ServerSentEvent:
    return ServerSentEvent(event, data, id)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        pytest.param(b"data: a\n\ndata: b\n\n", [message("a"), message("b")], id="line feed"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", [message("a"), message("b")], id="crlf"),
        pytest.param(b"data: a\r\rdata: b\r\r", [message("a"), message("b")], id="return"),
        pytest.param(b"data: a\r\n\ndata: b\n\r\n", [message("a"), message("b")], id="mixed ends"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [message("a")], id="byte order mark"),
        pytest.param(
            b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [message("b")], id="only one mark"
        ),
        pytest.param(b"data: a\ndata: b\n\n", [message("a\nb")], id="lines are joined"),
        pytest.param(b"data\n\n", [message("")], id="field without a colon"),
        pytest.param(b"data:\n\n", [message("")], id="empty data is an event"),
        pytest.param(b"data\ndata\n\n", [message("\n")], id="two empty lines of data"),
        pytest.param(b"data:a\n\n", [message("a")], id="no space"),
        pytest.param(b"data:  a\n\n", [message(" a")], id="only one space is taken"),
        pytest.param(b": ping\n\ndata: a\n\n", [message("a")], id="comment"),
        pytest.param(
            b"id: 1\ndata: a\n\n: ping\n\n", [message("a", "1")], id="comment after an id"
        ),
        pytest.param(b"id: 1\n\n", [], id="an id alone is no event"),
        pytest.param(b"event: x\n\ndata: a\n\n", [message("a")], id="a type alone is no event"),
        pytest.param(b"retry: 10\n\n", [], id="retry alone is no event"),
        pytest.param(b"event: x\ndata: a\n\n", [message("a", event="x")], id="type"),
        pytest.param(
            b"id: 1\ndata: a\n\ndata: b\n\n", [message("a", "1"), message("b", "1")], id="id stays"
        ),
        pytest.param(
            b"id: 1\ndata: a\n\nid\ndata: b\n\n", [message("a", "1"), message("b")], id="id cleared"
        ),
        pytest.param(b"id: 1\0\ndata: a\n\n", [message("a")], id="an id with NUL is ignored"),
        pytest.param(b"data: a\ndata: b", [], id="an event without its end is none"),
        pytest.param(b"data: a\n\ndata: b\n", [message("a")], id="nor without the blank line"),
        pytest.param(
            "data: a\u2028b\u2029c\u0085d\x0be\n\n".encode(),
            [message("a\u2028b\u2029c\u0085d\x0be")],
            id="only CR and LF end lines",
        ),
        pytest.param(b"data: \xff\n\n", [message("\ufffd")], id="invalid UTF-8"),
        pytest.param(b"DATA: a\n\nother: b\n\n", [], id="unknown fields"),
    ],
)
def test_follows_the_standard(stream: bytes, events: list[ServerSentEvent]) -> None:
    assert parse(stream) == events
    assert parse(*(stream[i : i + 1] for i in range(len(stream)))) == events


def test_an_event_is_given_as_soon_as_its_blank_line_is_there() -> None:
    parser = SseParser()
    assert parser.push(b"data: a\r\r") == [message("a")]
    assert parser.push(b"\ndata: b\r\n\r") == [message("b")]


def test_only_whole_blocks_move_the_cursor() -> None:
    parser = SseParser()
    parser.push(b"id: 1\ndata: a\n\nid: 2\ndata: b")
    assert parser.last_event_id == "1"
    parser.push(b"\n\n")
    assert parser.last_event_id == "2"


def test_an_id_that_is_emptied_is_told_from_none() -> None:
    parser = SseParser()
    parser.push(b"data: a\n\n")
    assert parser.last_event_id is None
    assert parser.push(b"id: 1\ndata: a\n\nid\ndata: b\n\n")[-1].id == ""
    assert parser.last_event_id == ""


@pytest.mark.parametrize("value", ["1_000", "+5", "-5", "٣", "1.5", ""])
def test_retry_takes_ascii_digits_only(value: str) -> None:
    parser = SseParser()
    parser.push(f"retry: {value}\n\n".encode())
    assert parser.retry is None


def test_retry_is_remembered() -> None:
    parser = SseParser()
    parser.push(b"retry: 1500\n\n")
    assert parser.retry == 1500


def test_a_large_event_in_small_pieces_is_joined_once() -> None:
    parser = SseParser()
    size, piece = 16 * 1024 * 1024, b"x" * 4096
    parser.push(b"data: ")
    for count in range(2, size // len(piece) + 2):
        assert parser.push(piece) == []
        assert len(parser._partial) == count  # nothing was copied on the way
    [event] = parser.push(b"\n\n")
    assert len(event.data) == size
    assert parser._partial == []


class ByTheStandard:
    """The standard's steps one by one, over all that has come of a stream."""

    def __init__(self, stream: bytes) -> None:
        self.events: list[ServerSentEvent] = []
        self.last_event_id: str | None = None
        self.retry: int | None = None
        *lines, _ = re.split(rb"\r\n|\r|\n", stream.removeprefix(b"\xef\xbb\xbf"))
        data: list[str] = []
        event, id = "", None
        for line in (line.decode("utf-8", "replace") for line in lines):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    self.events.append(message("\n".join(data), id or "", event or "message"))
                data, event, self.last_event_id = [], "", id
            elif name == "data":
                data.append(value)
            elif name == "event":
                event = value
            elif name == "id" and "\0" not in value:
                id = value
            elif name == "retry" and re.fullmatch("[0-9]+", value):
                self.retry = int(value)


_lines = st.sampled_from(
    [b"data: a", b"data: \xe2\x80\xa8", b"data: ", b"data:b", b"data", b" data: x", b"q", b": c"]
) | st.sampled_from(
    [b"id: 7", b"id: ", b"id", b"id: 1\0", b"event: e", b"event: ", b"retry: 5", b""]
)
_plain_blocks = st.sampled_from(
    [
        [b"data: a", b""],
        [b"id: 8", b"data: \xff", b""],
        [b"id: 9", b"event: f", b"data: b", b""],
        [b"event: g", b"data: ", b""],
    ]
)
_ends = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(
    parts=st.lists(_lines.map(lambda line: [line]) | _plain_blocks, max_size=20),
    ends=st.lists(_ends, min_size=80, max_size=80) | _ends.map(lambda end: [end] * 80),
    mark=st.booleans(),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_whatever_comes_in_whatever_pieces_is_read_as_the_standard_says(
    parts: list[list[bytes]], ends: list[bytes], mark: bool, cuts: list[int]
) -> None:
    stream = b"\xef\xbb\xbf" * mark + b"".join(
        line + end for line, end in zip(itertools.chain.from_iterable(parts), ends, strict=False)
    )
    places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    parser, events = SseParser(), list[ServerSentEvent]()
    for start, end in itertools.pairwise(places):
        events += parser.push(stream[start:end])
        expected = ByTheStandard(stream[:end])
        assert events == expected.events
        assert (parser.last_event_id, parser.retry) == (expected.last_event_id, expected.retry)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(junk: bytes) -> None:
    parse(junk)


@given(st.text())
def test_json_on_one_line_is_one_line_for_every_reader_and_says_the_same(text: str) -> None:
    written = encode_event(json.dumps({"text": text}, ensure_ascii=False).encode())
    line, blank = written.decode().splitlines()
    assert line.startswith("data: ")
    assert not blank
    assert parse(written) == [message(line.removeprefix("data: "))]
    assert json.loads(line.removeprefix("data: ")) == {"text": text}


def test_a_comment_is_no_event() -> None:
    assert parse(COMMENT, b"data: a\n\n", COMMENT) == [message("a")]
