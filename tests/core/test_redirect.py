"""Which redirects are followed: to the same place, with the same request and the key."""

import pytest

from xpander_client.core.answer import Answer, Headers
from xpander_client.core.call import Prepared
from xpander_client.core.redirect import follow_redirect

REQUEST = Prepared("POST", "http://a.test:80/b/c?d=e", [("x-api-key", "key")], b"{}")


def followed(location: str, status: int = 307, request: Prepared = REQUEST) -> str | None:
    answer = Answer(status, Headers([(b"location", location.encode())]), b"")
    found = follow_redirect(request, answer)
    if found is None:
        return None
    assert (found.method, found.headers, found.body) == ("POST", request.headers, b"{}")
    return found.url


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x", "http://a.test:80/x"),
        ("x?y=z", "http://a.test:80/b/x?y=z"),
        ("http://a.test/x", "http://a.test/x"),
        ("http://A.TEST:80/x", "http://A.TEST:80/x"),
        ("//a.test/x#part", "http://a.test/x"),
        ("https://a.test/x", "https://a.test/x"),
        ("https://a.test:8443/x", "https://a.test:8443/x"),
    ],
)
@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_within_the_origin_or_to_its_https_is_followed(
    status: int, location: str, url: str
) -> None:
    assert followed(location, status) == url


@pytest.mark.parametrize(
    "location",
    [
        "",
        "http://b.test/x",
        "http://a.test.b.test/x",
        "http://a.test:81/x",
        "//b.test/x",
        "https://b.test/x",
        "http://a.test@b.test/x",
        "http://me:secret@a.test/x",
        "http://[",
        "http://a.test:port/x",
        "ftp://a.test/x",
        "file:///x",
        "http://a.test\\@b.test/x",
        "//a.test\\.b.test/x",
    ],
)
def test_a_redirect_to_elsewhere_is_not(location: str) -> None:
    assert followed(location) is None


def test_https_is_never_left() -> None:
    request = Prepared("POST", "https://a.test/b", [], b"{}")
    assert followed("http://a.test/b", request=request) is None
    assert followed("/x", request=request) == "https://a.test/x"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 200, 404])
def test_a_status_that_may_change_the_request_is_not_followed(status: int) -> None:
    assert followed("/x", status) is None


def test_a_circle_has_an_end() -> None:
    request: Prepared | None = REQUEST
    answer = Answer(307, Headers([(b"location", b"/b/c")]), b"")
    hops = -1
    while request is not None:
        request = follow_redirect(request, answer)
        hops += 1
    assert hops == 5
