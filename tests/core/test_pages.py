"""From one page of a list to the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from xpander_client.core.answer import Headers, Response
from xpander_client.core.pages import next_page, page_size
from xpander_client.core.requests import RequestSpec
from xpander_client.errors import ArgumentError

SPEC = RequestSpec(
    operation="Tasks.list",
    method="GET",
    path="/list",
    template="/list",
    query=(("status", "failed"), ("limit", "2"), ("cursor", "c0")),
    headers={"x-agent-version": "3"},
)


def page(items: list[int], cursor: str | None = None) -> Response[list[int]]:
    headers = Headers([] if cursor is None else [(b"X-Next-Cursor", cursor.encode())])
    return Response(status_code=200, headers=headers, parsed=items)


def test_the_next_page_is_asked_for_as_the_first_but_for_the_cursor() -> None:
    following = next_page(SPEC, page([1], "c 1"))
    assert following is not None
    assert following.query == (("status", "failed"), ("limit", "2"), ("cursor", "c 1"))
    assert (following.path, following.headers) == (SPEC.path, SPEC.headers)


@pytest.mark.parametrize("cursor", [None, ""])
def test_without_a_cursor_there_is_no_next_page(cursor: str | None) -> None:
    assert next_page(SPEC, page([1, 2], cursor)) is None


@given(st.lists(st.integers()), st.integers(1, 9))
def test_pages_of_any_size_make_up_the_list(items: list[int], size: int) -> None:
    def pages() -> Iterator[int]:
        following: RequestSpec | None = RequestSpec(
            operation="x", method="GET", path="/", template="/"
        )
        while following is not None:
            begin = int(dict(following.query).get("cursor", "0"))
            end = begin + size
            answer = page(items[begin:end], str(end) if end < len(items) else None)
            yield from answer.parsed
            following = next_page(following, answer)

    assert list(pages()) == items


def test_a_page_has_a_size_within_its_bounds() -> None:
    assert [page_size(size, 1, 9) for size in (1, 9)] == [1, 9]
    for size in (0, 10, "5", 5.0, True, None):
        with pytest.raises(ArgumentError, match="page_size must be a number from 1 to 9"):
            page_size(size, 1, 9)
