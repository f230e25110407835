"""The figures and the rules of `scripts/house`, on small made-up trees."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from scripts.house import rules
from scripts.house.figures import count_rooms, format_table, is_participle, measure
from scripts.house.imports import (
    find_circles,
    find_edges,
    find_folder_pairs,
    find_mentions,
    find_references,
)
from scripts.house.source import Module, Strength, parse_module


def parse(files: dict[str, str]) -> dict[str, Module]:
    modules = (parse_module(path, dedent(text)) for path, text in files.items())
    return {module.name: module for module in modules}


def underscores(files: dict[str, str]) -> list[str]:
    modules = parse(files)
    package = [module for module in modules.values() if module.name.startswith("shop")]
    found = rules.check_underscores(modules, find_references(modules, "shop"), package)
    return [problem.text for problem in found]


IMPORTS = """
    from typing import TYPE_CHECKING
    import shop.till
    from shop import stock
    if TYPE_CHECKING:
        from shop.people import Customer
    def sell():
        from shop.stock.shelf import take
"""


@pytest.mark.parametrize(
    ("strength", "imported"),
    [
        (Strength.AT_IMPORT, {"shop.till", "shop.stock"}),
        (Strength.IN_FUNCTION, {"shop.till", "shop.stock", "shop.stock.shelf"}),
        (Strength.FOR_TYPES, {"shop.till", "shop.stock", "shop.stock.shelf", "shop.people"}),
    ],
)
def test_an_import_counts_from_its_strength_on(strength: Strength, imported: set[str]) -> None:
    names = ["till", "stock/__init__", "stock/shelf", "people"]
    modules = parse({"shop/sales.py": IMPORTS, **{f"shop/{name}.py": "" for name in names}})
    assert find_edges(modules, strength)["shop.sales"] == imported


def test_a_relative_import_means_the_module_beside() -> None:
    modules = parse(
        {"shop/__init__.py": "from .till import pay", "shop/till.py": "from . import x"}
    )
    assert find_edges(modules, Strength.AT_IMPORT) == {"shop": {"shop.till"}, "shop.till": {"shop"}}


def test_circles_are_the_largest_first_and_have_two_members_at_least() -> None:
    edges = {"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["e"], "e": ["c"], "f": ["f", "a"]}
    assert find_circles(edges) == [["c", "d", "e"], ["a", "b"]]


def test_two_folders_that_import_each_other_are_found_and_a_reason_allows_them() -> None:
    modules = parse(
        {
            "shop/__init__.py": "",
            "shop/till/__init__.py": "from shop.stock import shelf",
            "shop/till/drawer.py": "def pay():\n    from shop.stock.shelf import take",
            "shop/stock/__init__.py": "",
            "shop/stock/shelf.py": "import shop.till.drawer",
            "shop/errors.py": "import shop.till.drawer",
        }
    )
    pair = ("shop.stock", "shop.till")
    places = ["shop/stock/shelf.py:1", "shop/till/drawer.py:2"]
    assert find_folder_pairs(modules) == {pair: places}
    [problem] = rules.check_folders(modules, allowed=[])
    assert str(problem).startswith("shop/stock/shelf.py:1: shop.stock and shop.till import each")
    assert not list(rules.check_folders(modules, allowed=[pair]))


def test_a_door_may_hand_on_what_its_rooms_have() -> None:
    modules = parse(
        {
            "shop/till/__init__.py": "from shop.till.coins import count",
            "shop/till/drawer.py": "",
            "shop/till/coins/__init__.py": "",
            "shop/till/coins/counting.py": "from shop.till import drawer",
        }
    )
    assert not find_folder_pairs(modules)


def test_a_name_that_only_its_module_uses_has_an_underscore() -> None:
    found = underscores({"shop/till.py": "LIMIT = 3\ndef pay(): return LIMIT\nclass Coin: pass"})
    assert found == [
        "LIMIT is used here alone: call it _LIMIT",
        "pay is used here alone: call it _pay",
        "Coin is used here alone: call it _Coin",
    ]


@pytest.mark.parametrize(
    "use",
    [
        "from shop.till import pay",
        "from shop.till import pay as spend",
        "import shop.till\nshop.till.pay()",
        "import shop.till as t\nt.pay()",
        "from shop import till\ntill.pay()",
        "from shop import till\n[way.pay() for way in (till,)]",
        "from shop import till\npatch(till, 'pay')",
        "patch('shop.till.pay')",
        "way = 'shop'\npatch(f'{way}.till.pay')",
        "HOMES = {'cash': f'{SHOP}.till'}\nimport_module(HOMES['cash']).pay",
        "run('import os\\nfrom shop.till import Coin, pay')",
        "_HOMES = {'pay': 'shop.till'}",
        "_HOMES = {'shop.till': ('Coin', 'pay')}",
    ],
)
def test_a_name_that_another_file_uses_has_none(use: str) -> None:
    files = {"shop/__init__.py": "", "tests/test_till.py": use}
    assert not underscores({"shop/till.py": "def pay(): ...", **files})
    private = {"shop/till.py": "def _pay(): ...", "shop/__init__.py": ""}
    use = use.replace("pay", "_pay")
    [text] = underscores({**private, "scripts/sell.py": use})
    assert re.fullmatch(r"_pay is used in scripts/sell.py:\d: call it pay", text)
    # Tests may look behind an underscore.
    assert not underscores({**private, "tests/test_till.py": use})


def test_a_name_is_followed_through_the_package_that_hands_it_on() -> None:
    files = {
        "shop/__init__.py": "from shop.till import pay",
        "shop/till.py": "from shop.coins import pay",
        "shop/coins.py": "def pay(): ...",
        "tests/test_shop.py": "import shop\nshop.pay()",
    }
    assert not underscores(files)


@pytest.mark.parametrize(
    "kept",
    [
        "__version__ = '1'",
        "T = TypeVar('T')",
        "try:\n    import resource\nexcept ModuleNotFoundError:\n    resource = None",
        "def main(): ...",
        "@app.command()\ndef pay(): ...",
        "@pytest.fixture\ndef pay(): ...",
    ],
)
def test_what_a_decorator_keeps_or_everybody_knows_has_none(kept: str) -> None:
    assert not underscores({"shop/till.py": kept})


def test_a_decorator_that_keeps_nothing_makes_no_user() -> None:
    assert underscores({"shop/till.py": "@functools.cache\ndef pay(): ..."})


def test_what_stands_in_the_signature_of_a_used_name_is_used_with_it() -> None:
    files = {
        "shop/till.py": """
            class Coin: ...
            class Purse:
                coins: list[Coin]
                _lining: Cloth
            class Cloth: ...
            def pay() -> "Purse": ...
        """,
        "shop/sales.py": "from shop.till import pay",
    }
    assert underscores(files) == ["Cloth is used here alone: call it _Cloth"]


def test_what_users_import_from_a_package_is_in_its_list() -> None:
    text = "__all__ = ['pay']\ndef pay(): ...\ndef count(): ..."
    assert underscores({"shop/__init__.py": text}) == ["count is used here alone: call it _count"]


def test_names_in_prose_and_programs_are_found() -> None:
    text = "`shop.till.pay`, shop.cli:main, from shop.till import (\n  Coin,\n  Purse as P)"
    assert sorted(find_mentions(text, "shop")) == [
        "shop.cli.main",
        "shop.till",
        "shop.till.Coin",
        "shop.till.Purse",
        "shop.till.pay",
    ]


def test_a_logger_has_one_name() -> None:
    modules = parse(
        {
            "shop/till.py": "import logging\nlogger = logging.getLogger(__name__)",
            "shop/coins.py": "import logging\n_logger = logging.getLogger('shop')",
        }
    )
    [problem] = rules.check_loggers(modules.values())
    assert str(problem) == "shop/till.py:2: call the logger _logger, not logger [logger]"


@pytest.mark.parametrize(
    ("parameters", "is_right"),
    [("exc_type, exc, traceback", True), ("*_: object", True), ("kind, error, trace", False)],
)
def test_what_ends_a_with_block_has_one_set_of_parameters(parameters: str, is_right: bool) -> None:
    text = f"class Till:\n    async def __aexit__(self, {parameters}): ..."
    assert bool(list(rules.check_exits([parse_module("till.py", text)]))) is not is_right


def test_a_list_of_exports_stands_where_users_import_from() -> None:
    files = ["shop/__init__.py", "shop/errors.py", "shop/till.py"]
    modules = parse(dict.fromkeys(files, "__all__ = ['pay']"))
    found = rules.check_exports(modules.values(), public=["shop.errors"])
    assert [problem.path for problem in found] == ["shop/till.py"]


def test_a_file_or_folder_is_named_for_what_is_in_it() -> None:
    modules = parse(
        dict.fromkeys(["shop/_utils.py", "shop/common/__init__.py", "shop/till.py"], "")
    )
    found = rules.check_module_names(modules.values())
    assert [problem.path for problem in found] == ["shop/_utils.py", "shop/common/__init__.py"]


TILL = '''
"""Money."""

class Till:
    """The drawer."""

    @property
    def counted(self):
        """What is in it."""

    def paid(self):
        """Return what is to be paid."""
        return self.counted  # as it is

class _Till: ...

def change_of(sum):
    """The coins."""
'''


def test_the_figures_of_a_package() -> None:
    files = {"shop/till/drawer.py": TILL, "shop/cash.py": "import shop.till.drawer\n"}
    figures = measure(files, parse(files), test_lines=38)
    assert (figures.files, figures.lines, figures.tests_to_code) == (2, 19, 2.0)
    assert figures.biggest_files == [("shop/till/drawer.py", 18), ("shop/cash.py", 1)]
    assert figures.comments_per_100_lines == pytest.approx(100 / 19)
    assert figures.docstring_lines == pytest.approx(5 / 19)
    assert figures.noun_phrase_docstrings == pytest.approx(2 / 3)
    assert figures.participle_functions == pytest.approx(1 / 2)
    assert figures.of_functions == 1
    assert figures.repeated_classes == ["Till"]
    assert figures.longest_function == ("shop/till/drawer.py: paid", 3)
    rooms = count_rooms(files)
    assert rooms == {"till": (1, 18), ".": (1, 1)}
    assert "2 / 19" in format_table({"all": figures}, rooms)


def test_a_circle_is_counted_where_its_files_are_measured() -> None:
    modules = parse({"shop/a.py": "import shop.b", "shop/b.py": "import shop.a", "shop/c.py": ""})
    text = "def buy(): ...\n"
    figures = measure({"shop/a.py": text, "shop/b.py": text}, modules, 0)
    assert figures.circles["at_import"] == [["shop.a", "shop.b"]]
    assert measure({"shop/a.py": text}, modules, 0).circles["at_import"] == []


@pytest.mark.parametrize("name", ["described", "_told", "kept_agents", "begun_with"])
def test_a_participle_is_no_verb(name: str) -> None:
    assert is_participle(name)


@pytest.mark.parametrize("name", ["describe", "feed", "_read", "put_task", "embed", "is_closed"])
def test_a_verb_is_no_participle(name: str) -> None:
    assert not is_participle(name)
