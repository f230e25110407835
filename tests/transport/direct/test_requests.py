"""The bytes of a request, and where they go."""

import pytest

from xpander_client.core.call import Prepared
from xpander_client.transport.direct.requests import RequestError, compose


def request(
    url: str = "http://platform.test/t",
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> Prepared:
    return Prepared(method, url, list(headers.items()), body)


def test_head_and_body_are_one_piece() -> None:
    origin, data = compose(request(method="POST", body=b'{"a":1}', accept="x", name="\u00e9"))
    assert (origin.is_secure, origin.host, origin.port) == (False, "platform.test", 80)
    assert data == (
        b"POST /t HTTP/1.1\r\nhost: platform.test\r\naccept: x\r\nname: \xc3\xa9\r\n"
        b'content-length: 7\r\n\r\n{"a":1}'
    )


def test_the_host_is_named_once_as_the_caller_has_it() -> None:
    _, data = compose(request(accept="x", host="other.test"))
    assert data == b"GET /t HTTP/1.1\r\naccept: x\r\nhost: other.test\r\n\r\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_that_there_is_no_body_is_said_where_one_belongs(method: str) -> None:
    assert b"\r\ncontent-length: 0\r\n\r\n" in compose(request(method=method))[1]
    assert b"content-length" not in compose(request(method="DELETE"))[1]


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("http://a.test", (False, "a.test", 80, "a.test"), "/"),
        ("https://a.test/", (True, "a.test", 443, "a.test"), "/"),
        ("HTTPS://A.test:443/x", (True, "a.test", 443, "a.test"), "/x"),
        ("http://a.test:443/x?y=z", (False, "a.test", 443, "a.test:443"), "/x?y=z"),
        ("http://a.test?y=z", (False, "a.test", 80, "a.test"), "/?y=z"),
        ("http://a.test/x#y", (False, "a.test", 80, "a.test"), "/x"),
        ("http://[::1]:8484/x", (False, "::1", 8484, "[::1]:8484"), "/x"),
        (
            "http://b\u00fccher.test/",
            (False, "xn--bcher-kva.test", 80, "xn--bcher-kva.test"),
            "/",
        ),
        ("http://a.test/%2F/\u00e9 <x>", (False, "a.test", 80, "a.test"), "/%2F/%C3%A9%20%3Cx%3E"),
    ],
)
def test_an_address_leads_to_its_origin(
    url: str, origin: tuple[bool, str, int, str], target: str
) -> None:
    found, data = compose(request(url))
    assert (found.is_secure, found.host, found.port, found.header) == origin
    assert data.startswith(f"GET {target} HTTP/1.1\r\nhost: {origin[3]}\r\n".encode())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.test/x",
        "http:///x",
        "http://a.test:port/x",
        "http://a.test/x\r\ny: z",
        "http://a.test/\0",
        "/x",
        "http://a.test/" + "x" * 70_000,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="can't be asked for"):
        compose(request(url))


@pytest.mark.parametrize("value", ["top-secret\r\nx: y", "top-secret\n", "top\rsecret", "secret\0"])
def test_a_header_that_would_begin_another_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(RequestError, match="header") as caught:
        compose(request(authorization=value))
    assert "secret" not in str(caught.value)
