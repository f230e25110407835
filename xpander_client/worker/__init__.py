"""Run tasks: `@on_task` registers a handler, `Worker` and `run` take the platform's tasks to it.

`python worker.py` with a decorated function in it runs until it is stopped. Where a module is
imported, nothing starts: `run(handler)` blocks and works, `Worker(handler)` works inside a service
that has an event loop of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .on_task import on_task as on_task
    from .run import run as run
    from .runtime import Worker as Worker

__all__ = ["Worker", "on_task", "run"]

_HOMES = {"Worker": ".runtime", "on_task": ".on_task", "run": ".run"}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
