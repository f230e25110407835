"""What version 1.x of the official package offers, and what it is here."""

from __future__ import annotations

from pathlib import Path

from tests.surfaces import check_shrinks, find_missing
from xpander_client.compat import xpander_sdk_1
from xpander_client.lacking import read_table

HERE = Path(__file__).parent
OFFICIAL = (HERE / "xpander_sdk_1.60.8.txt").read_text("utf-8").splitlines()


def find_ours(name: str) -> object:
    try:
        return getattr(xpander_sdk_1, name, None)
    except ImportError:
        return None


def test_what_version_1_has_and_we_lack_only_shrinks() -> None:
    check_shrinks(find_missing(OFFICIAL, find_ours), HERE / "lacking_1.60.8.txt")


def test_each_name_of_version_1_is_in_the_table() -> None:
    table = read_table()["xpander_sdk_1"][""]
    listed = {name for names in table.values() for name in names}
    assert {line for line in OFFICIAL if line.isidentifier()} - listed == set()
