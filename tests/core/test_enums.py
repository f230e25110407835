import copy
import pickle

import pytest

from xpander_client.core.enums import OpenStrEnum


class Colour(OpenStrEnum):
    Red = "red"


def test_known_values_are_the_members() -> None:
    assert Colour("red") is Colour.Red
    assert Colour.Red.is_known


def test_unknown_values_are_kept_and_do_not_grow_the_class() -> None:
    mauve = Colour("mauve")
    assert isinstance(mauve, Colour)
    assert (mauve, mauve.value, f"{mauve}", mauve.is_known) == ("mauve", "mauve", "mauve", False)
    assert list(Colour) == [Colour.Red]
    assert {mauve: 1}[Colour("mauve")] == 1


@pytest.mark.parametrize("value", ["red", "mauve"])
def test_values_survive_copying_and_pickling(value: str) -> None:
    colour = Colour(value)
    assert pickle.loads(pickle.dumps(colour)) == copy.deepcopy(colour) == copy.copy(colour) == value


def test_what_is_no_text_is_no_value() -> None:
    with pytest.raises(ValueError, match="5 is not a valid Colour"):
        Colour(5)  # type: ignore[arg-type]  # what is tested
