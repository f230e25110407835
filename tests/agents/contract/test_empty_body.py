"""Which bodies are empty, with a source and without."""

# ruff: noqa: PIE790

from __future__ import annotations

import linecache
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from xpander_client.agents.contract.empty_body import is_empty

EMPTY = [
    "pass",
    "...",
    "'Docstring.'",
    "'Docstring.'\n    pass",
    "'Docstring.'\n    ...\n    'Another.'\n    1",
    "pass\n    pass",
    "'''Docstring\n\n    of lines.'''\n    # Comments are allowed\n    pass",
    "None",
    "raise NotImplementedError",
    "raise NotImplementedError()",
    "raise NotImplementedError('An agent does it.')",
    "'Docstring.'\n    raise NotImplementedError",
    "'Docstring.'\n    ...\n    raise NotImplementedError('An agent does it.')",
]
FULL = [
    "return 1",
    "return 'actual code'",
    "x = 1",
    "print()",
    "raise ValueError",
    "raise ValueError('no')",
    "raise NotImplementedError(x)",
    "raise NotImplementedError('a', 'b')",
    "raise NotImplementedError from x",
    "'Docstring.'\n    print()\n    raise NotImplementedError",
    "raise",
    "NotImplementedError('no')",
    "return NotImplementedError('no')",
    "yield",
    "'Docstring.'\n    return 1",
    "pass\n    return x",
    "import os",
    "x",
    "for _ in (): pass",
    "def inner(): pass",
    "assert x",
]
EMPTY_TO_THE_INTERPRETER = ["return", "return None", "global z", "y: int", "if False: y = 1"]
UNREACHABLE = ["raise NotImplementedError\n    return 1"]


def made(body: str, head: str = "def f(x=1, *a, k=2, **o)") -> FunctionType:
    namespace: dict[str, Any] = {}
    exec(f"{head}:\n    {body}\n", namespace)
    function: FunctionType = namespace["f"]
    return function


@pytest.mark.parametrize("head", ["def f()", "def f(x: int = 1, /, *a, k=2, **o) -> int"])
@pytest.mark.parametrize("kind", ["", "async "])
@pytest.mark.parametrize("body", EMPTY)
def test_constants_alone_are_an_empty_body(body: str, kind: str, head: str) -> None:
    assert is_empty(made(body, kind + head))


@pytest.mark.parametrize("kind", ["", "async "])
@pytest.mark.parametrize("body", FULL)
def test_anything_else_is_not(body: str, kind: str) -> None:
    function = made(body, kind + "def f(x=1)")
    assert not is_empty(function)


@pytest.mark.parametrize("body", [*EMPTY_TO_THE_INTERPRETER, *UNREACHABLE])
def test_a_source_tells_what_the_bytecode_does_not(body: str, tmp_path: Path) -> None:
    assert is_empty(made(body))
    file = tmp_path / "module.py"
    text = f"def f():\n    'Docstring.'\n    {body}\n\ndef g():\n    pass\n"
    file.write_text(text)
    namespace: dict[str, Any] = {}
    exec(compile(text, str(file), "exec"), namespace)
    assert not is_empty(namespace["f"])
    assert is_empty(namespace["g"])
    linecache.clearcache()


def test_a_source_that_is_not_the_functions_any_more_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    namespace: dict[str, Any] = {}
    exec(compile("def f():\n    return 1\n", str(file), "exec"), namespace)
    file.write_text("def f():\n    pass\n")
    assert not is_empty(namespace["f"])
    exec(compile("def f():\n    pass\n", str(file), "exec"), namespace)
    file.write_text("what is )( this\n" * 3)
    linecache.clearcache()
    assert is_empty(namespace["f"])


def test_functions_decorated_in_a_class_are_found_in_their_source() -> None:
    class Holder:
        def method(self) -> None:
            """Do it."""
            pass

        async def amethod(self) -> None: ...

        def full(self) -> None:
            return None

        def raising(self) -> int:
            """Do it."""
            raise NotImplementedError("An agent does it.")

    assert is_empty(Holder.__dict__["method"])
    assert is_empty(Holder.__dict__["raising"])
    assert is_empty(Holder.__dict__["amethod"])
    assert not is_empty(Holder.__dict__["full"])
