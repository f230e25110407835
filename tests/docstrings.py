"""Runs the examples of docstrings, also those that use `await` where only a notebook could."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def failures(module: ModuleType, names: Mapping[str, Any]) -> list[str]:
    """What the examples in `module`'s docstrings did otherwise than they show.

    They see the module's own names and, behind them, `names`.
    """
    found = []
    with asyncio.Runner() as runner:
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            test.globs = {**names, **vars(module), "__name__": "__example__"}
            if any("await " in e.source or "async for" in e.source for e in test.examples):
                found += _failures_of_async(test, runner)
            else:
                found += _failures_of_sync(test)
    return found


def _failures_of_sync(test: doctest.DocTest) -> list[str]:
    output = io.StringIO()
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=output.write, clear_globs=False)
    return [output.getvalue()] if output.getvalue() else []


def _failures_of_async(test: doctest.DocTest, runner: asyncio.Runner) -> list[str]:
    for example in test.examples:
        printed = io.StringIO()
        code = compile(example.source, test.name, "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        with contextlib.redirect_stdout(printed):
            outcome = FunctionType(code, test.globs)()
            if inspect.iscoroutine(outcome):
                runner.run(outcome)
        if not doctest.OutputChecker().check_output(example.want, printed.getvalue(), OPTIONS):
            return [
                f"{test.name}, {example.source!r}: "
                f"expected {example.want!r}, got {printed.getvalue()!r}"
            ]
    return []
