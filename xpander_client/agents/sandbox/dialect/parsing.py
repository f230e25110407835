"""The syntax tree of agent code, also where several threads parse at the same time."""

from __future__ import annotations

import ast
import os
import threading
import warnings
from typing import TypeVar

T = TypeVar("T", ast.Module, ast.Expression)

# The filters of warnings are the process's. Two threads that change them in turns would put back
# what the other one had set, and leave the process without warnings.
_lock = threading.RLock()


def parse_block(code: str) -> ast.Module:
    """Parse a block of code; nobody is warned of what is in it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: this Python can't parse it.
    """
    return _parse(code, "exec", ast.Module)


def parse_expression(code: str) -> ast.expr:
    """Parse an expression, as `parse_block` does a block.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: this Python can't parse it.
    """
    return _parse(code, "eval", ast.Expression).body


def _parse(code: str, mode: str, kind: type[T]) -> T:
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(code, mode=mode)
        except SystemError:
            # Python up to 3.11.7 counts the depth of all threads' trees as one. It gives up when
            # another thread, of the program's own, parsed while garbage was collected for this one.
            tree = ast.parse(code, mode=mode)
    assert isinstance(tree, kind)
    return tree


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    # Another thread of the parent may have had it.
    os.register_at_fork(after_in_child=_renew_lock)
