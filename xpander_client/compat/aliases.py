"""Names of the official packages that lead to ours, while `compat` is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from xpander_client.lacking import read_table

# The package that `xpander_sdk` leads to, by the value of XPANDER_COMPAT.
_VERSIONS = {
    "1": ("xpander_sdk_1", "xpander_client.compat.xpander_sdk_1"),
    "2": ("xpander_sdk", "xpander_client"),
}


def install() -> None:
    """Let each import path in the table of names lead to our module, instead of to a package.

    Raises:
        ImportError: an official package was imported before, or `XPANDER_COMPAT` is no version.
    """
    if any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        return
    version = os.environ.get("XPANDER_COMPAT") or "2"
    if version not in _VERSIONS:
        raise ImportError(f"XPANDER_COMPAT is {version!r}: say 1 or 2, the version of xpander_sdk")
    listed, package = _VERSIONS[version]
    targets = {
        **dict(_find_targets("xpander_sdk", listed, package)),
        **dict(
            _find_targets("xpander_utils", "xpander_utils", "xpander_client.compat.xpander_utils")
        ),
    }
    for name in ("xpander_sdk", "xpander_utils"):
        if name in sys.modules:
            place = getattr(sys.modules[name], "__file__", None)
            raise ImportError(
                f"{name} was imported already, from {place}: "
                "import xpander_client.compat before anything that imports it"
            )
    sys.meta_path.insert(0, _AliasFinder(targets))


class _AliasFinder(MetaPathFinder, Loader):
    """Finds our module under an official name, and puts it in `sys.modules` under that as well."""

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = targets

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self._targets:
            return ModuleSpec(fullname, self, is_package=True)
        if fullname.partition(".")[0] in self._targets:
            # Nobody else may find it: below our package it would be loaded a second time.
            text = (
                f"xpander_client has no module {fullname}: import names from xpander_client itself"
            )
            raise ModuleNotFoundError(text, name=fullname)
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(self._targets[module.__name__])


def _find_targets(official: str, listed: str, package: str) -> Iterator[tuple[str, str]]:
    """Return each import path of an official package, with the module of ours that it leads to."""
    for path in read_table()[listed]:
        steps = path.split(".") if path else []
        for length in range(len(steps) + 1):
            yield ".".join([official, *steps[:length]]), ".".join([package, *steps[:length]])
