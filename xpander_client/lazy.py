"""Packages whose names are loaded when first used, so that importing them costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def attach(
    package: str, homes: Mapping[str, tuple[str, ...]], lacking: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return the `__getattr__`, `__dir__` and `__all__` of a package that loads its names lazily.

    `homes` maps each module, by its full or its relative name, to the names that it has. Each name
    stands for the same thing at all times, also when a module of the package is called so.
    `lacking` are names of the official package that are not here: asking for one is an ImportError
    that says what to use instead.
    """
    home_of = {name: module for module, names in homes.items() for name in names}

    class LazyPackage(ModuleType):
        def __setattr__(self, name: str, value: object) -> None:
            # Python binds each module to its package once it is imported: `run` would be the
            # function or the module, depending on what was imported before.
            if name in home_of and isinstance(value, ModuleType):
                return
            super().__setattr__(name, value)

    def load(name: str) -> Any:
        if name not in home_of:
            if name in lacking:
                from xpander_client.lacking import refuse_import

                refuse_import(package, name)
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home_of[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    sys.modules[package].__class__ = LazyPackage
    return load, list_names, sorted(home_of)
