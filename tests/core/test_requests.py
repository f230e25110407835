import datetime
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.requests import add_filters, encode_path, header_fields, query
from xpander_client.errors import ArgumentError


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.strip() not in ("", ".", "..")))
def test_an_id_stays_within_its_segment(id_: str) -> None:
    try:
        path = encode_path("/agent-execution/{task_id}/status", task_id=id_)
    except ArgumentError:
        assert not id_.isprintable()
        return
    _, first, second, last = path.split("/")
    assert (first, unquote(second), last) == ("agent-execution", id_, "status")
    assert "?" not in path
    assert "#" not in path


@pytest.mark.parametrize("value", ["", "  ", ".", "..", None, 7, b"x"])
def test_an_id_that_is_none_is_refused_by_name(value: object) -> None:
    with pytest.raises(ArgumentError, match="task_id"):
        encode_path("/x/{task_id}", task_id=value)  # type: ignore[arg-type]  # what is tested


def test_a_refused_id_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        encode_path("/x/{task_id}", task_id="")


@pytest.mark.parametrize(
    "id_", ["a\n", "a\r\n", "\ta", "a\0b", "\ufeffa", "a\u200b", "a\u2028", "a\xa0", "\udcff"]
)
def test_an_id_with_what_cannot_be_seen_is_refused_by_name(id_: str) -> None:
    with pytest.raises(ArgumentError, match=r"task_id can't hold U\+[0-9A-F]{4} \("):
        encode_path("/x/{task_id}", task_id=id_)


def test_a_header_is_wire_text_without_white_space_around_it() -> None:
    pairs = {"x-agent-version": 3, "x-worker-id": " w\r\n", "x-none": None}
    assert header_fields(pairs) == {"x-agent-version": "3", "x-worker-id": "w"}
    assert header_fields({"last-event-id": "\u00e97"}) == {"last-event-id": "\u00e97"}


@pytest.mark.parametrize("value", ["\u00e9", "a\nb", "a\0", object()])
def test_a_header_that_can_be_none_is_refused_by_name(value: object) -> None:
    with pytest.raises(ArgumentError, match="x-worker-id"):
        header_fields({"x-worker-id": value})


class Colour(OpenStrEnum):
    Red = "red"


def test_query_values_are_wire_text() -> None:
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    pairs = {"a": True, "b": Colour.Red, "c": moment, "d": 1.5, "e": None, "f": ["x", 2]}
    assert query(pairs) == (
        ("a", "true"),
        ("b", "red"),
        ("c", "2026-01-01T00:00:00+00:00"),
        ("d", "1.5"),
        ("f", "x"),
        ("f", "2"),
    )


def test_a_query_value_without_a_text_is_refused_by_name() -> None:
    with pytest.raises(ArgumentError, match="status must be a string or a number, not object"):
        query({"status": object()})


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        (["user_id"], "filters must be a mapping, not list"),
        ({"user": "u"}, "there is no 'user' to filter by, but user_id, limit"),
        ({"limit": 6}, "limit is given as an argument, too"),
    ],
)
def test_filters_that_can_not_be_meant_are_refused(filters: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        add_filters({"user_id": None, "limit": 5}, filters)


def test_filters_come_with_the_other_parameters() -> None:
    given = {"user_id": None, "limit": 5}
    assert add_filters(given, None) is given
    assert query(add_filters(given, {"user_id": "u"})) == (("user_id", "u"), ("limit", "5"))
