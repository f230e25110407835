"""Run tasks: `@on_task` registers a handler, `Worker` and `run` take the platform's tasks to it.

`python worker.py` with a decorated function in it runs until it is stopped. Where a module is
imported, nothing starts: `run(handler)` blocks and works, `Worker(handler)` works inside a service
that has an event loop of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from xpander_client.worker.backend import Backend as Backend
    from xpander_client.worker.events import Events as Events
    from xpander_client.worker.lifecycle import on_boot as on_boot, on_shutdown as on_shutdown
    from xpander_client.worker.local_test import LocalTaskTest as LocalTaskTest
    from xpander_client.worker.on_task import on_task as on_task
    from xpander_client.worker.plan_retries import MAX_PLAN_RETRIES as MAX_PLAN_RETRIES
    from xpander_client.worker.run import run as run
    from xpander_client.worker.runtime import Worker as Worker

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
    "MAX_PLAN_RETRIES": "xpander_client.worker.plan_retries",
    "Backend": "xpander_client.worker.backend",
    "Events": "xpander_client.worker.events",
    "LocalTaskTest": "xpander_client.worker.local_test",
    "Worker": "xpander_client.worker.runtime",
    "on_boot": "xpander_client.worker.lifecycle",
    "on_shutdown": "xpander_client.worker.lifecycle",
    "on_task": "xpander_client.worker.on_task",
    "run": "xpander_client.worker.run",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)
