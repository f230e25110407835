"""Names of users against names of the interpreter: whatever they are, they open."""

from __future__ import annotations

import math
import types
from typing import Any

import numpy
import pytest

from tests.agents.sandbox.sandboxes import ran, session, succeeded
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.exports import INTERPRETER_MODULES


def shop(inner: str) -> types.ModuleType:
    """A package `shop` with a module `inner` below it."""
    package, below = types.ModuleType("shop"), types.ModuleType(f"shop.{inner}")
    source = (
        "import os\nRATE = 2\ndef price(n):\n    return n * RATE\n"
        "class Item:\n    def __init__(self, name):\n        self.name = name\n"
        "def fail():\n    raise LookupError('sold out')\n"
    )
    exec(source.replace("import os\n", ""), package.__dict__)
    exec(source, below.__dict__)
    for module in (package, below):
        for name in ("price", "fail", "Item"):
            module.__dict__[name].__module__ = module.__name__
    setattr(package, inner, below)
    return package


def opened(target: Any, **options: Any) -> Capabilities:
    capabilities = Capabilities()
    capabilities.add_module(target, **options)
    return capabilities


class TestModulesBelowOthers:
    @pytest.mark.parametrize("inner", sorted(INTERPRETER_MODULES))
    def test_one_that_is_called_like_one_of_the_interpreter_is_there(self, inner: str) -> None:
        code = (
            f"import shop\nm = shop.{inner}\nf = m.price\ng = shop.price\n"
            f"task_success((m.price(4), f(5), g(6), m.RATE, m.Item('tea').name, "
            f"isinstance(m.Item('x'), shop.{inner}.Item)))"
        )
        capabilities = opened(shop(inner), recursive=True)
        assert succeeded(code, capabilities) == (8, 10, 12, 2, "tea", True)

    @pytest.mark.parametrize(
        "imports",
        [
            "import shop.json as j\ndef p(n):\n    return j.price(n)",
            "from shop.json import (\n    price as p,\n    Item)",
            "from shop import json\ndef p(n):\n    return json.price(n)",
            "import math, shop.json\ndef p(n):\n    return shop.json.price(n)",
            "import shop\ndef p(n):\n    from shop.json import price\n    return price(n)",
        ],
    )
    def test_it_is_imported_as_usual(self, imports: str) -> None:
        capabilities = opened(shop("json"), recursive=True)
        with session(capabilities) as one:
            assert one.run(imports).error is None
            assert one.run("x = p(4)").error is None
            kept = {name: data for name, data in one.collect_changes().items() if data is not None}
        with session(capabilities, kept) as one:
            block = one.run("task_success((x, p(5)))")
        assert getattr(block.control, "value", block.error) == (8, 10)

    def test_it_has_no_more_than_what_is_open(self) -> None:
        capabilities = opened(shop("json"), recursive=True, exclude=("_*", "*._*", "json.fail"))
        for name in ("os", "fail", "__dict__", "_path", "_id"):
            block = ran(f"import shop\nshop.json.{name}", capabilities)
            assert "AttributeError" in str(block.error), name

    def test_its_exceptions_are_mapped_as_those_of_the_module(self) -> None:
        capabilities = opened(
            shop("time"), recursive=True, exception_mappings={LookupError: ValueError}
        )
        code = "import shop\ntry:\n    shop.time.fail()\nexcept ValueError as e:\n    r = str(e)\n"
        assert succeeded(f"{code}task_success(r)", capabilities) == "sold out"

    def test_numpy_and_its_random_are_open_together(self) -> None:
        capabilities = opened(numpy)
        capabilities.add_module(numpy.random)
        code = (
            "import numpy as np\nfrom numpy import random\nr = np.random.default_rng(5)\n"
            "task_success((float(np.mean([1, 3])), r.random(), random.default_rng(5).random()))"
        )
        mean, one, other = succeeded(code, capabilities)
        assert (mean, one) == (2.0, other) == (2.0, numpy.random.default_rng(5).random())


class TestNamesOfBuiltins:
    def test_a_function_class_or_object_of_that_name_is_the_users(self) -> None:
        class Slice:
            def cut(self) -> str:
                return "a slice of mine"

        capabilities = Capabilities()
        capabilities.add_function(lambda *args: ("mine", *args), name="filter")
        capabilities.add_class(Slice, name="slice")
        capabilities.add_module(Slice(), name="map")
        with session(capabilities) as one:
            one.run("def mine(x):\n    return filter(x)")
            block = one.run("task_success((mine(1), filter(2), slice().cut(), map.cut()))")
        assert block.error is None
        assert block.control is not None
        assert getattr(block.control, "value") == (  # noqa: B009  # a Success
            ("mine", 1), ("mine", 2), "a slice of mine", "a slice of mine",
        )  # fmt: skip

    def test_a_module_of_that_name_is_the_users_too(self) -> None:
        module = types.ModuleType("time")
        module.now = lambda: "my time"  # type: ignore[attr-defined]
        module.now.__module__ = "time"
        code = "import time as t\nfrom time import now\ntask_success((t.now(), now()))"
        assert succeeded(code, opened(module)) == ("my time", "my time")

    def test_a_module_of_the_standard_library_is_the_interpreters_own(self) -> None:
        code = "import math\ntask_success(math.floor(2.5))"
        assert succeeded(code, opened(math)) == 2
