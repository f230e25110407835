"""The embedded platform: tasks, their events and their workers, in one process and one file.

Needs the extra `[platform]`. What is heavy is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Platform
    from .local import LocalPlatform
    from .serve import Address, run
    from .settings import Settings
    from .sqlite import SqliteStore

__all__ = ["Address", "LocalPlatform", "Platform", "Settings", "SqliteStore", "run"]

_HOMES = {
    "Address": ".serve",
    "LocalPlatform": ".local",
    "Platform": ".app",
    "Settings": ".settings",
    "SqliteStore": ".sqlite",
    "run": ".serve",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
