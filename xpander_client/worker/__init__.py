"""Run tasks: `@on_task` registers a handler, `Worker` and `run` take the platform's tasks to it.

`python worker.py` with a decorated function in it runs until it is stopped. Where a module is
imported, nothing starts: `run(handler)` blocks and works, `Worker(handler)` works inside a service
that has an event loop of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.worker.attempts.plan_retries import MAX_PLAN_RETRIES as MAX_PLAN_RETRIES
    from xpander_client.worker.auth_events import (
        clear_handlers as clear_handlers,
        get_registered_handlers as get_registered_handlers,
        on_auth_event as on_auth_event,
    )
    from xpander_client.worker.backend import Backend as Backend
    from xpander_client.worker.event_listener import (
        AgentExecution as AgentExecution,
        AgentExecutionResult as AgentExecutionResult,
        XpanderEventListener as XpanderEventListener,
    )
    from xpander_client.worker.events import Events as Events
    from xpander_client.worker.lifecycle import on_boot as on_boot, on_shutdown as on_shutdown
    from xpander_client.worker.on_task import on_task as on_task
    from xpander_client.worker.run import run as run
    from xpander_client.worker.sample_task import LocalTaskTest as LocalTaskTest
    from xpander_client.worker.worker import Worker as Worker

_HOMES = {
    "xpander_client.worker.auth_events": (
        "clear_handlers",
        "get_registered_handlers",
        "on_auth_event",
    ),
    "xpander_client.worker.backend": ("Backend",),
    "xpander_client.worker.event_listener": (
        "AgentExecution",
        "AgentExecutionResult",
        "XpanderEventListener",
    ),
    "xpander_client.worker.events": ("Events",),
    "xpander_client.worker.lifecycle": ("on_boot", "on_shutdown"),
    "xpander_client.worker.sample_task": ("LocalTaskTest",),
    "xpander_client.worker.on_task": ("on_task",),
    "xpander_client.worker.attempts.plan_retries": ("MAX_PLAN_RETRIES",),
    "xpander_client.worker.run": ("run",),
    "xpander_client.worker.worker": ("Worker",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)
