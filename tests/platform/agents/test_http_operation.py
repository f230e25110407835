"""What is sent for a tool's arguments."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import assume, given, strategies as st

from xpander_client.platform.agents.http_operation import HttpOperation
from xpander_client.platform.foundation.errors import HttpError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def operation(url: str = "https://tool.test/a/{city}", **more: Any) -> HttpOperation:
    return HttpOperation(**{"method": "GET", "url": url, **more})


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("/weather", "http:// or https://"),
        ("ftp://tool.test/", "http:// or https://"),
        ("http://", "http:// or https://"),
        ("http://[::1", "http:// or https://"),
        ("http://tool.test:port/", "http:// or https://"),
        ("https://{host}/weather", "in its path only"),
        ("https://tool.test/w?city={city}", "in its path only"),
        ("https://tool.test/{city", "in its path only"),
        ("https://tool.test/{}", "in its path only"),
        ("https://tool.test/w#here", "fragment"),
    ],
)
def test_an_address_that_no_request_can_be_sent_to_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        operation(url)


def test_methods_and_headers_that_can_not_be_sent_are_refused() -> None:
    with pytest.raises(ValueError, match="DELETE, GET"):
        operation(method="TRACE")
    for headers in ({"a b": "x"}, {"": "x"}, {"a": "secret\r\nx: y"}, {"a": "☃"}):
        with pytest.raises(ValueError, match="can't be sent") as refused:
            operation(headers=headers)
        assert "secret" not in str(refused.value)


def test_nothing_that_is_printed_shows_a_secret() -> None:
    secret = operation("https://u:secret@tool.test/?key=secret", headers={"x-key": "secret"})
    assert "secret" not in repr(secret)


@given(city=TEXT, name=TEXT, value=TEXT)
def test_arguments_arrive_as_they_were_given(city: str, name: str, value: str) -> None:
    assume("." not in city and "%" not in city)
    target = operation("https://tool.test/a/{city}/b?k=v").target({"city": city}, {name: value})
    parts = urlsplit(target)
    assert target.isascii()
    assert parts.netloc == "tool.test"
    [empty, a, encoded, b] = parts.path.split("/")
    assert (empty, a, unquote(encoded), b) == ("", "a", city, "b")
    query = parse_qs(parts.query, keep_blank_values=True)
    assert query.pop(name)[-1] == value
    assert query in ({"k": ["v"]}, {})


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ({}, ""),
        ({"a": [1, "x", None, True]}, "a=1&a=x&a=true"),
        ({"a": None}, ""),
        ({"a": False, "b": 1.5}, "a=false&b=1.5"),
        ({"a": {"b": [1]}}, "a=%7B%22b%22%3A%5B1%5D%7D"),
        ({"a": ""}, "a="),
    ],
)
def test_how_the_query_is_written(query: dict[str, Any], sent: str) -> None:
    assert operation("https://tool.test/").target({}, query).partition("?")[2] == sent


NO_PARTS: list[Any] = [
    None,
    "",
    [],
    {"a": 1},
    ".",
    "..",
    ".. ",
    "../b",
    "a/../b",
    "a\\..\\b",
    "..;/b",
]


@pytest.mark.parametrize("value", [*NO_PARTS, "%2e%2e", "..%2Fb", "%252e.", "%252525252e."])
def test_what_can_not_be_part_of_a_path_is_refused(value: Any) -> None:
    with pytest.raises(HttpError) as refused:
        operation().target({"city": value}, {})
    assert (refused.value.status, refused.value.path) == (422, "$.path_params.city")
    with pytest.raises(HttpError):
        operation().target({}, {"city": "Rome"})


def test_texts_that_only_look_like_steps_are_part_of_a_path() -> None:
    for value in ("São Paulo/SP", "a..b", "...", "100%", "1.5", "a/.b", "%zz"):
        assert unquote(operation().target({"city": value}, {})) == f"https://tool.test/a/{value}"
    with pytest.raises(HttpError):
        operation("https://t/{a}{b}").target({"a": ".", "b": "."}, {})


@pytest.mark.parametrize(
    ("host", "is_private"),
    [
        ("example.com", False),
        ("8.8.8.8", False),
        ("localhost", True),
        ("weather", True),
        ("weather.internal", True),
        ("10.0.0.1", True),
        ("169.254.169.254", True),
        ("[::1]", True),
        ("[::ffff:10.0.0.1]", True),
        ("[64:ff9b::a9fe:a9fe]", True),
        ("[2606:4700::1111]", False),
    ],
)
def test_a_private_host_is_one_that_the_url_names(host: str, is_private: bool) -> None:
    assert operation(f"https://{host}/").is_private is is_private
    assert operation(f"https://{host}/", private_network=True).is_private


def test_numbers_are_part_of_a_path_too() -> None:
    assert operation().target({"city": 7}, {}) == "https://tool.test/a/7"
    assert operation("https://t/{a}/{b}/{a}").variables == ("a", "b")
    assert operation("https://t/{a}-{b}").target({"a": 1, "b": True}, {}) == "https://t/1-true"


def test_the_tools_headers_stand_over_the_callers() -> None:
    sent = operation(headers={"Authorization": "Bearer t"}).make_headers(
        {
            "authorization": "mine",
            "X-Trace": 7,
            "Host": "evil.test",
            "Content-Length": "1",
            "n": None,
        }
    )
    assert sent == {"authorization": "Bearer t", "x-trace": "7"}


@pytest.mark.parametrize("headers", [{"a": "x\r\ny: z"}, {"a b": "x"}, {"a": ["x"]}])
def test_headers_that_can_not_be_sent_are_refused(headers: dict[str, Any]) -> None:
    with pytest.raises(HttpError) as refused:
        operation().make_headers(headers)
    assert refused.value.status == 422


def test_a_servers_words_are_told_without_the_tools_secrets() -> None:
    secret = operation(
        "https://ann:p%40ss@tool.test/?key=query-secret&v=1", headers={"x": "Bearer token-secret"}
    )
    text = "key query-secret of ann p@ss, Bearer token-secret or token-secret, v 1"
    assert secret.redact(text) == "key … of ann …, … or …, v 1"
