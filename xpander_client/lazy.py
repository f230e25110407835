"""Packages whose names are loaded when first used, so that importing them costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def loading(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A package's `__getattr__` and `__dir__`; `homes` says in which module each name is.

    Each name stands for the same thing at all times, also when a module of the package is called
    so.
    """

    class LazyPackage(ModuleType):
        def __setattr__(self, name: str, value: object) -> None:
            # Python binds each module to its package once it is imported: `run` would be the
            # function or the module, depending on what was imported before.
            if name in homes and isinstance(value, ModuleType):
                return
            super().__setattr__(name, value)

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    sys.modules[package].__class__ = LazyPackage
    return load, names
