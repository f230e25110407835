"""Values as text for a model: never too long, and it says what is missing."""

from __future__ import annotations

import io
from typing import Any

import PIL.Image
import pytest
from hypothesis import given, strategies as st

from xpander_client.agents.types.messages import Image
from xpander_client.agents.types.rendering import BUDGET, cut, make_picture, render

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=10,
)


@given(PLAIN)
def test_small_values_are_shown_as_python_would(value: Any) -> None:
    if len(repr(value)) <= BUDGET and _depth(value) <= 5:
        assert render(value) == repr(value)


def _depth(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(item) for item in items), default=0) if items else 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1,), "(1,)"),
        (set(), "set()"),
        ({1}, "{1}"),
        (frozenset({1}), "frozenset({1})"),
        ([[[[[[1]]]]]], "[[[[[<list of 1 items>]]]]]"),
        (
            list(range(42))[:41],
            "[" + ", ".join(map(str, range(40))) + ", … [1 of 41 items left out]]",
        ),
        (b"x" * 5000, f"{b'x' * 4000!r} + … [1,000 of 5,000 bytes left out]"),
    ],
)
def test_each_kind_of_value_has_its_form(value: Any, text: str) -> None:
    assert render(value) == text


def test_a_value_whose_repr_fails_is_shown_by_its_class() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise LookupError

    assert render([Bad()]) == "[<Bad whose repr fails: LookupError>]"


@given(PLAIN, st.integers(1, 200))
def test_nothing_is_longer_than_its_budget_and_a_note(value: Any, budget: int) -> None:
    assert len(render([value] * 3, budget)) <= budget + 60


def test_a_text_that_fits_is_not_cut() -> None:
    assert cut("abc", 3) == "abc"


def test_pictures_are_objects_that_save_themselves_and_files() -> None:
    image = PIL.Image.new("RGB", (2, 2))
    shown = make_picture(image)
    assert shown is not None
    assert shown.media_type == "image/png"
    assert make_picture(shown.data) == shown
    assert make_picture(shown) is shown
    assert make_picture(b"\xff\xd8\xff...") == Image("image/jpeg", b"\xff\xd8\xff...")
    assert make_picture(b"text") is None
    assert make_picture("text") is None
    assert make_picture(object()) is None


def test_large_pictures_are_made_smaller_and_odd_colours_are_shown() -> None:
    large = make_picture(PIL.Image.new("RGB", (4000, 100)))
    assert large is not None
    assert PIL.Image.open(io.BytesIO(large.data)).size == (1568, 39)
    odd = make_picture(PIL.Image.new("CMYK", (2, 2)))
    assert odd is not None
    assert PIL.Image.open(io.BytesIO(odd.data)).mode == "RGB"


def test_figures_are_pictures_too() -> None:
    class Figure:
        def savefig(self, file: io.BytesIO, format: str) -> None:
            file.write(format.encode())

    assert make_picture(Figure()) == Image("image/png", b"png")
