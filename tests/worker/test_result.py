"""What a handler sets as a result goes over the wire as text."""

from typing import Any

import attrs
import pytest

from xpander_client import ArgumentError
from xpander_client.worker.result import error_text, result_text


@attrs.frozen
class Region:
    name: str
    revenue: float


class PydanticLike:
    def model_dump_json(self) -> str:
        return '{"name":"north"}'


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, None),
        ("", ""),
        ("done", "done"),
        ('{"already": "JSON"}', '{"already": "JSON"}'),
        ({"capabilities": ["Search"]}, '{"capabilities":["Search"]}'),
        ([1, 2.5, None, True], "[1,2.5,null,true]"),
        (42, "42"),
        (False, "false"),
        ([Region("north", 1.5)], '[{"name":"north","revenue":1.5}]'),
        (PydanticLike(), '{"name":"north"}'),
        ({"stadt": "Köln"}, '{"stadt":"Köln"}'),
    ],
)
def test_text_stays_and_everything_else_becomes_json(result: Any, text: str | None) -> None:
    assert result_text(result) == text


def test_what_has_no_json_form_is_an_error_that_says_where() -> None:
    with pytest.raises(ArgumentError, match=r"regions"):
        result_text({"regions": [object()]})


def test_an_error_without_a_text_is_told_by_its_name() -> None:
    assert error_text(ValueError("no such region")) == "no such region"
    assert error_text(TimeoutError()) == "TimeoutError"
