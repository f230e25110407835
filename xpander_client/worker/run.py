"""A worker for programs that do nothing else."""

from __future__ import annotations

import asyncio

from xpander_client.configuration import Configuration

from .handler import HandlerFunction
from .runtime import Worker
from .signals import stopped_by_signals

__all__ = ["run"]


def run(
    handler: HandlerFunction,
    configuration: Configuration | None = None,
    *,
    max_sync_workers: int = 6,
    grace: float = 30.0,
) -> None:
    """Work until SIGTERM or SIGINT comes; then let the running tasks end. See `Worker`.

    Without a `configuration` it is the one that the handler was decorated with, or the
    environment's. A second signal ends the process at once.

    Raises:
        TypeError: the handler can't be one; the message says why.
        ModuleException: something is not configured, or the platform refuses the worker.

    Example:
        >>> def main():
        ...     from myproject.handlers import summarize
        ...     run(summarize, Configuration(agent_id="agent-sales"))
    """
    worker = Worker(handler, configuration, max_sync_workers=max_sync_workers, grace=grace)
    with stopped_by_signals(worker.stop):
        asyncio.run(worker.run())
