"""The parser of answers: what RFC 9112 has, and nothing that could be read in two ways."""

import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from xpander_client.transport.direct.answers import AnswerError, AnswerParser, CutOffError
from xpander_client.transport.direct.codings import CodingError

OK = b"HTTP/1.1 200 OK\r\n"


def parse(data: bytes, method: str = "GET", *, ends: bool = False) -> AnswerParser:
    parser = AnswerParser(method)
    parser.receive(data)
    if ends:
        parser.end()
    return parser


def parse_bytewise(data: bytes) -> None:
    parser = AnswerParser("GET")
    for number in data:
        parser.receive(bytes([number]))


def bare(data: bytes, bits: int) -> bytes:
    squeezing = zlib.compressobj(wbits=bits)
    return squeezing.compress(data) + squeezing.flush()


def chunked(*lines: bytes) -> bytes:
    return OK + b"transfer-encoding: chunked\r\n\r\n" + b"\r\n".join(lines)


def coded(coding: bytes, body: bytes) -> bytes:
    head = b"content-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (coding, len(body))
    return OK + head + body


WHOLE = {
    "length": (OK + b"content-length: 2\r\n\r\n{}", 200, b"{}", True),
    "the same length twice": (
        OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        200,
        b"{}",
        True,
    ),
    "no reason": (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}", 200, b"{}", True),
    "an empty reason": (b"HTTP/1.1 599 \r\ncontent-length: 0\r\n\r\n", 599, b"", True),
    "a reason in whatever script": (
        b"HTTP/1.1 404 Pas trouv\xe9\r\ncontent-length: 0\r\n\r\n",
        404,
        b"",
        True,
    ),
    "space around values": (OK + b"Content-Length:\t 2 \t\r\n\r\n{}", 200, b"{}", True),
    "no space around values": (OK + b"CONTENT-LENGTH:2\r\n\r\n{}", 200, b"{}", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", 304, b"", True),
    "1xx before": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
        + OK
        + b"content-length: 1\r\n\r\n0",
        200,
        b"0",
        True,
    ),
    "chunks": (chunked(b"3", b"abc", b"000A", b"0123456789", b"0", b"", b""), 200, None, True),
    "extensions": (
        chunked(b'3;a=b;c="d"', b"abc", b"a ; x", b"0123456789", b"0;last", b"", b""),
        200,
        None,
        True,
    ),
    "trailers": (
        chunked(b"3", b"abc", b"A", b"0123456789", b"0", b"a: b", b"content-length: 9", b"", b""),
        200,
        None,
        True,
    ),
    "Chunked": (
        OK + b"transfer-encoding: Chunked\r\n\r\n1\r\n0\r\n0\r\n\r\n",
        200,
        b"0",
        True,
    ),
    "closed behind it": (OK + b"connection: close\r\ncontent-length: 1\r\n\r\n0", 200, b"0", False),
    "one of its options": (
        OK + b"connection: x, Close\r\nconnection: y\r\ncontent-length: 1\r\n\r\n0",
        200,
        b"0",
        False,
    ),
    "1.0": (b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n0", 200, b"0", False),
    "1.0, kept": (
        b"HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 1\r\n\r\n0",
        200,
        b"0",
        True,
    ),
    "bytes behind it": (OK + b"content-length: 1\r\n\r\n0HTTP/1.1 200 OK", 200, b"0", False),
    "bytes behind its chunks": (chunked(b"0", b"", b"x"), 200, b"", False),
    "a body that may not be": (b"HTTP/1.1 204 No Content\r\n\r\nx", 204, b"", False),
    "gzip": (coded(b"gzip", gzip.compress(b"abc")), 200, b"abc", True),
    "GZIP": (coded(b"GZIP", gzip.compress(b"abc")), 200, b"abc", True),
    "deflate": (coded(b"deflate", zlib.compress(b"abc")), 200, b"abc", True),
    "bare deflate": (coded(b"deflate", bare(b"abc", -15)), 200, b"abc", True),
    "both": (
        coded(b"deflate, gzip", gzip.compress(zlib.compress(b"abc"))),
        200,
        b"abc",
        True,
    ),
    "not encoded": (coded(b"identity", b"abc"), 200, b"abc", True),
    "an unknown encoding": (coded(b"gzip, zpaq", b"\x07"), 200, b"\x07", True),
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_is_read(name: str) -> None:
    data, status, body, keeps = WHOLE[name]
    parser = parse(data)
    assert parser.is_complete
    found = parser.status_code, parser.take(), parser.keeps_connection
    assert found == (status, b"abc0123456789" if body is None else body, keeps)
    assert parser.take() == b""


def test_an_answer_to_head_has_no_body() -> None:
    parser = parse(OK + b"content-length: 100\r\n\r\n", "HEAD")
    assert (parser.is_complete, parser.keeps_connection, parser.take()) == (True, True, b"")


def test_an_answer_without_length_ends_with_its_connection() -> None:
    parser = parse(OK + b"\r\nabc")
    assert not parser.is_complete
    parser.end()
    assert (parser.is_complete, parser.keeps_connection, parser.take()) == (True, False, b"abc")


def test_headers_that_come_more_than_once_are_one_list() -> None:
    parser = parse(OK + b"X-A: 1\r\ncontent-length: 0\r\nx-a: 2\r\nx-b:\r\n\r\n")
    assert dict(parser.headers) == {"x-a": "1, 2", "content-length": "0", "x-b": ""}


REFUSED = {
    "no HTTP": b"\x15\x03\x01\x00\x02\x02\x16",
    "another protocol": b"ICY 200 OK\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n\r\n",
    "a short status": b"HTTP/1.1 20 OK\r\n\r\n",
    "a long status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a status of another script": "HTTP/1.1 2٠٠ OK\r\n\r\n".encode(),
    "two spaces": b"HTTP/1.1  200 OK\r\n\r\n",
    "a line end before it": b"\r\n" + OK + b"\r\n",
    "a control in the reason": b"HTTP/1.1 200 O\x00K\r\n\r\n",
    "line ends without CR": b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
    "a line end without CR": OK + b"a: b\ncontent-length: 0\r\n\r\n",
    "CR inside a value": OK + b"a: b\rc\r\n\r\n",
    "NUL inside a value": OK + b"a: b\x00c\r\n\r\n",
    "a control inside a value": OK + b"a: b\x1bc\r\n\r\n",
    "DEL inside a value": OK + b"a: b\x7f\r\n\r\n",
    "a folded line": OK + b"a: b\r\n c\r\n\r\n",
    "a first line that is folded": OK + b" a: b\r\n\r\n",
    "a space before the colon": OK + b"content-length : 0\r\n\r\n",
    "a space in a name": OK + b"content length: 0\r\n\r\n",
    "no name": OK + b": b\r\n\r\n",
    "no colon": OK + b"a\r\n\r\n",
    "no ASCII in a name": OK + b"\xe9: b\r\n\r\n",
    "lengths that differ": OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\n",
    "lengths that differ in one line": OK + b"content-length: 1, 2\r\n\r\n",
    "a length with a sign": OK + b"content-length: +1\r\n\r\n",
    "a length below 0": OK + b"content-length: -1\r\n\r\n",
    "a length with a space": OK + b"content-length: 1 0\r\n\r\n",
    "a length with an underscore": OK + b"content-length: 1_0\r\n\r\n",
    "a length of another script": OK + b"content-length: \xb2\r\n\r\n",
    "a hexadecimal length": OK + b"content-length: 0x1\r\n\r\n",
    "no length": OK + b"content-length:\r\n\r\n",
    "an endless length": OK + b"content-length: " + b"9" * 30 + b"\r\n\r\n",
    "two lengths": OK + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    "another transfer-encoding": OK + b"transfer-encoding: gzip\r\n\r\n",
    "two transfer-encodings": OK + b"transfer-encoding: gzip, chunked\r\n\r\n",
    "chunked twice": OK + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
    "identity": OK + b"transfer-encoding: identity\r\n\r\n",
    "chunks of 1.0": b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    "another protocol that was not asked for": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
    "a bad line before a 1xx": b"HTTP/1.1 100 Continue\r\na b\r\n\r\n",
    "a chunk without size": chunked(b"", b"abc"),
    "a size that is none": chunked(b"x", b"abc"),
    "a size with a sign": chunked(b"+3", b"abc"),
    "a size below 0": chunked(b"-3", b"abc"),
    "a size with 0x": chunked(b"0x3", b"abc"),
    "an endless size": chunked(b"f" * 17, b"abc"),
    "a size with a space before it": chunked(b" 3", b"abc"),
    "a control in an extension": chunked(b"3;\x00", b"abc"),
    "a line end without CR in an extension": chunked(b"3;a\nb", b"abc"),
    "a chunk that is longer than its size": chunked(b"3", b"abcd", b"0", b"", b""),
    "a trailer that is none": chunked(b"0", b"a b", b"", b""),
    "a folded trailer": chunked(b"0", b"a: b", b" c", b"", b""),
    "a head without an end": OK + b"a: " + b"x" * 70_000,
    "a large head": OK + b"a: " + b"x" * 70_000 + b"\r\n\r\n",
    "1xx without an end": b"HTTP/1.1 100 Continue\r\n\r\n" * 4_000,
    "many headers": OK + b"a: b\r\n" * 300 + b"\r\n",
    "an extension without an end": chunked(b"3;" + b"x" * 5_000),
    "a long extension": chunked(b"3;" + b"x" * 5_000, b"abc"),
    "trailers without an end": chunked(b"0", b"a: " + b"x" * 70_000),
    "large trailers": chunked(b"0", b"a: " + b"x" * 70_000, b"", b""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_answer_is_refused(name: str) -> None:
    with pytest.raises(AnswerError):
        parse(REFUSED[name])
    with pytest.raises(AnswerError):
        parse_bytewise(REFUSED[name])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HT",
        OK,
        OK + b"content-length: 3\r\n\r\nab",
        chunked(b"3", b"abc"),
        chunked(b"3", b"abc", b"0", b""),
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_answer_that_is_cut_off_is_none(data: bytes) -> None:
    with pytest.raises(CutOffError, match="inside" if data else "before"):
        parse(data, ends=True)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_a_body_that_is_not_in_its_encoding_is_refused(coding: bytes) -> None:
    with pytest.raises(CodingError):
        parse(coded(coding, b"{not packed at all}")).take()


def test_what_is_refused_is_not_shown() -> None:
    with pytest.raises(AnswerError) as caught:
        parse(OK + b"set-cookie: top-secret\x00\r\n\r\n")
    assert "secret" not in str(caught.value)


ANSWERS = st.sampled_from([data for data, *_ in WHOLE.values()])


@given(ANSWERS, st.lists(st.integers(0, 300), max_size=12), st.booleans())
def test_how_an_answer_is_split_does_not_matter(
    data: bytes, places: list[int], takes_at_once: bool
) -> None:
    whole = parse(data)
    parser = AnswerParser("GET")
    body = b""
    cuts = sorted({0, *(place for place in places if place < len(data)), len(data)})
    for start, end in pairwise(cuts):
        if parser.is_complete:  # a connection hands nothing more to it
            assert not whole.keeps_connection
            break
        parser.receive(data[start:end])
        if takes_at_once:
            body += parser.take()
    assert parser.is_complete
    assert parser.status_code == whole.status_code
    assert dict(parser.headers) == dict(whole.headers)
    assert body + parser.take() == whole.take()


# Pieces that answers are made of, in whatever order, and what is no piece of one.
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from(
            [
                OK,
                b"\r\n",
                b"\r",
                b"\n",
                b"content-length: 3\r\n",
                b"transfer-encoding: chunked\r\n",
                b"content-encoding: gzip\r\n",
                b"content-encoding: deflate\r\n",
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"3\r\nabc\r\n",
                b"0\r\n\r\n",
                b"3;",
                gzip.compress(b"abc"),
            ]
        ),
    ),
    max_size=12,
)


@given(PIECES, st.sampled_from(["GET", "HEAD"]))
def test_whatever_comes_is_an_answer_or_refused(pieces: list[bytes], method: str) -> None:
    parser = AnswerParser(method)
    try:
        for piece in pieces:
            parser.receive(piece)
            if parser.status_code:
                parser.take()
        parser.end()
    except (AnswerError, CodingError, CutOffError):
        return
    assert parser.is_complete
    assert 200 <= parser.status_code <= 999
