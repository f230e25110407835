"""Run tasks: `@on_task` registers a handler, `Worker` and `run` take the platform's tasks to it.

`python worker.py` with a decorated function in it runs until it is stopped. Where a module is
imported, nothing starts: `run(handler)` blocks and works, `Worker(handler)` works inside a service
that has an event loop of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from .backend import Backend as Backend
    from .events import Events as Events
    from .lifecycle import (
        on_boot as on_boot,
        on_shutdown as on_shutdown,
    )
    from .local_test import LocalTaskTest as LocalTaskTest
    from .on_task import on_task as on_task
    from .plan_retries import MAX_PLAN_RETRIES as MAX_PLAN_RETRIES
    from .run import run as run
    from .runtime import Worker as Worker

__all__ = [
    "MAX_PLAN_RETRIES",
    "Backend",
    "Events",
    "LocalTaskTest",
    "Worker",
    "on_boot",
    "on_shutdown",
    "on_task",
    "run",
]

_HOMES = {
    "MAX_PLAN_RETRIES": ".plan_retries",
    "Backend": ".backend",
    "Events": ".events",
    "LocalTaskTest": ".local_test",
    "Worker": ".runtime",
    "on_boot": ".lifecycle",
    "on_shutdown": ".lifecycle",
    "on_task": ".on_task",
    "run": ".run",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)
