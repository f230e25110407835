"""The embedded platform: tasks, their events and their workers, in one process and one file.

Needs the extra `[platform]`. What is heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from .app import Platform
    from .local import LocalPlatform
    from .serve import Address, run
    from .settings import Settings
    from .stores.sqlite import SqliteStore

__all__ = ["Address", "LocalPlatform", "Platform", "Settings", "SqliteStore", "run"]

_HOMES = {
    "Address": ".serve",
    "LocalPlatform": ".local",
    "Platform": ".app",
    "Settings": ".settings",
    "SqliteStore": ".stores.sqlite",
    "run": ".serve",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)
