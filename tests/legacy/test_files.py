"""Files as dicts with content, or as addresses."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from xpander_client.core.prompts.data_files import SHOWN
from xpander_client.errors import ArgumentError
from xpander_client.legacy.files import addresses, describe_file


def test_contents_become_addresses_that_say_their_name() -> None:
    [url] = addresses([{"name": "a b;ü.csv", "content": base64.b64encode(b"x,y").decode()}])
    assert url == "data:text/csv;name=a%20b%3B%C3%BC.csv;base64,eCx5"
    assert "a b;ü.csv (text/csv, 3 bytes)" in describe_file([url])
    assert describe_file([url]).endswith("a b;ü.csv:\nx,y")


def test_bytes_and_addresses_are_taken_too() -> None:
    urls = addresses(
        [{"name": "x.png", "content": b"\x89PNG"}, {"url": "https://e.org/a"}, "https://e.org/b"]
    )
    assert urls[1:] == ["https://e.org/a", "https://e.org/b"]
    told = describe_file(urls)
    assert "x.png (image/png, 4 bytes)" in told
    assert "PNG\n" not in told.replace("x.png", "")


def test_a_long_text_is_cut_and_says_so() -> None:
    [url] = addresses([{"name": "a.txt", "content": b"x" * (SHOWN + 5)}])
    assert "5 more characters are not shown" in describe_file([url])


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ({"name": "data.csv", "content": "a,b"}, r"files\[0\]: the content of data.csv is no base"),
        ({"name": "data.csv", "content": "YQ"}, "data.csv is no base64"),
        ({"content": "YQ=="}, "the file has no name"),
        ({"name": "data.csv"}, "data.csv has to be base64 text, or bytes"),
        ({"name": "data.csv", "content": None}, "has to be base64 text"),
        ("data.csv", "is no address"),
        (3, "expected an address or a dict"),
    ],
)
def test_what_is_no_file_is_refused_with_its_name(file: Any, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        addresses([file])


def test_one_file_in_the_place_of_a_list_is_refused() -> None:
    with pytest.raises(ArgumentError, match="expected a list"):
        addresses("https://example.com/a")
