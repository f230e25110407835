"""Names of the official packages that lead to ours, while `compat` is imported."""

from __future__ import annotations

import dis
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from xpander_client.lacking import read_table

# What `xpander_sdk` is, by the value of XPANDER_COMPAT: its part of the table, and our module.
_VERSIONS = {
    "1": ("xpander_sdk_1", "xpander_client.compat.xpander_sdk_1"),
    "2": ("xpander_sdk", "xpander_client"),
}
_PACKAGES = ("xpander_sdk", "xpander_utils")


def install() -> None:
    """Let each import path in the table of names lead to our module, instead of to a package.

    Raises:
        ImportError: an official package was imported before, or `XPANDER_COMPAT` is no version.
    """
    if any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        return
    version = os.environ.get("XPANDER_COMPAT") or None
    if version not in (None, *_VERSIONS):
        raise ImportError(f"XPANDER_COMPAT is {version!r}: say 1 or 2, the version of xpander_sdk")
    for name in _PACKAGES:
        if name in sys.modules:
            place = getattr(sys.modules[name], "__file__", None)
            raise ImportError(
                f"{name} was imported already, from {place}: "
                "import xpander_client.compat before anything that imports it"
            )
    sys.meta_path.insert(0, _AliasFinder(version))


class _AliasFinder(MetaPathFinder, Loader):
    """Finds our module under an official name, and puts it in `sys.modules` under that as well."""

    def __init__(self, version: str | None) -> None:
        self._version = version
        self._targets: Mapping[str, str] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        official = fullname.partition(".")[0]
        if official not in _PACKAGES:
            return None
        if official == fullname:
            self._targets = {**self._targets, **dict(self._find_targets(official))}
        if fullname in self._targets:
            return ModuleSpec(fullname, self, is_package=True)
        # Nobody else may find it: below our package it would be loaded a second time.
        text = f"xpander_client has no module {fullname}: import names from xpander_client itself"
        if official == "xpander_sdk" and self._version == "1":
            text = (
                f"version 1.x of xpander_sdk has no module {fullname}: "
                "set XPANDER_COMPAT=2 for a program of version 2.x"
            )
        raise ModuleNotFoundError(text, name=fullname)

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(self._targets[module.__name__])

    def _find_targets(self, official: str) -> Iterator[tuple[str, str]]:
        """Yield each import path of a package, with the module of ours that it leads to."""
        listed, package = official, "xpander_client.compat.xpander_utils"
        if official == "xpander_sdk":
            self._version = self._version or _find_version()
            listed, package = _VERSIONS[self._version]
        for path in read_table()[listed]:
            steps = path.split(".") if path else []
            for length in range(len(steps) + 1):
                yield ".".join([official, *steps[:length]]), ".".join([package, *steps[:length]])


def _find_version() -> str:
    """Return the version of xpander_sdk for which the statement that imports it was written.

    Version 1.x is known by the names that only it has, and by the package that went with it.
    """
    frame = sys._getframe()
    while frame.f_back is not None and (
        frame.f_globals is globals()
        or str(frame.f_globals.get("__name__")).startswith("importlib.")
    ):
        frame = frame.f_back
    names: object = ()
    for step in dis.get_instructions(frame.f_code):
        if step.offset == frame.f_lasti:
            break
        names = step.argval  # in the end, what a `from` statement imports
    table = read_table()
    first, second = (
        {name for names in table[key][""].values() for name in names}
        for key in ("xpander_sdk_1", "xpander_sdk")
    )
    asked = set(names) if isinstance(names, tuple) else set()
    return "1" if "xpander_utils" in sys.modules or asked & (first - second) else "2"
