"""Parameters in docstrings."""

from __future__ import annotations

import inspect

import pytest

from xpander_client.tools.functions.docstrings import parameters_in

GOOGLE = """Find it.

    Slowly.

    Args:
        city (str): Where to look,
            exactly.

        unit: C or F.
        other: Is of nobody.

    Raises:
        ValueError: city: is empty.
    """
NUMPY = """Find it.

    Parameters
    ----------
    city : str
        Where to look,
        exactly.
    unit
        C or F.

    Returns
    -------
    city
        The place.
    """
SPHINX = """Find it.

    :param str city: Where to look,
        exactly.
    :param unit: C or F.
    :returns: The place.
    """


@pytest.mark.parametrize(
    ("docstring", "left"),
    [
        (
            GOOGLE,
            "Find it.\n\nSlowly.\n\nArgs:\n    other: Is of nobody.\n\n"
            "Raises:\n    ValueError: city: is empty.",
        ),
        (NUMPY, "Find it.\n\nReturns\n-------\ncity\n    The place."),
        (SPHINX, "Find it.\n\n:returns: The place."),
    ],
)
def test_parameters_are_told_in_the_usual_forms(docstring: str, left: str) -> None:
    text, told = parameters_in(inspect.cleandoc(docstring), ["city", "unit"])
    assert told == {"city": "Where to look, exactly.", "unit": "C or F."}
    assert text == left


@pytest.mark.parametrize(
    "docstring", ["", "Find it.", "Args:", "Find\nArgs: many of them.\n\n- a: b", "Args:\n  no one"]
)
def test_other_text_is_left_as_it_is(docstring: str) -> None:
    assert parameters_in(docstring, ["city"])[1] == {}
    assert parameters_in(docstring, ["city"])[0] in (docstring, "")
