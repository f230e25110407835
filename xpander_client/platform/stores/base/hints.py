"""Wake-up calls between tasks of one event loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from types import TracebackType

RARELY = 30
"""So many poll intervals are waited for a hint, about, while hints come through."""


def task_topic(task_id: str) -> str:
    """Name the topic of a task's new events."""
    return f"task:{task_id}"


def agent_topic(organization_id: str, agent_id: str, pin: str | None = None) -> str:
    """Name the topic of tasks that wait for any of an agent's workers, or for those of a pin."""
    topic = f"agent:{organization_id}:{agent_id}"
    return topic if pin is None else f"{topic}:{pin}"


def requeue_topic(organization_id: str, agent_id: str) -> str:
    """Name the topic of older tasks that wait for an agent's workers again."""
    return f"requeue:{organization_id}:{agent_id}"


def worker_topic(organization_id: str, worker_id: str) -> str:
    """Name the topic of changes to a worker's tasks that are made at another server."""
    return f"worker:{organization_id}:{worker_id}"


def patience(poll_interval: float, *, hears: bool) -> float:
    """Choose how long to wait for a hint before looking without one: never the same for all."""
    return poll_interval * (RARELY * random.uniform(0.75, 1.25) if hears else 1)


class WakeEvent:
    """Wakes one waiter. What rings while nobody waits is remembered for the next wait."""

    def __init__(self) -> None:
        self._heard = False
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake whoever waits, or who waits next."""
        self._heard = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, timeout: float) -> bool:
        """Return at the next ring, or at once if there was one since the last wait.

        Returns False when nothing was heard for `timeout` seconds.
        """
        if not self._heard:
            loop = asyncio.get_running_loop()
            self._waiting = waiting = loop.create_future()
            timer = loop.call_later(timeout, _finish, waiting)
            try:
                await waiting
            finally:
                timer.cancel()
                self._waiting = None
        heard, self._heard = self._heard, False
        return heard


class Subscription(WakeEvent):
    """Collects hints from the moment it is made until it is closed.

    Subscribe, then read, then wait: a hint that comes in between is not lost. When a wait ends
    without a hint, look anyway: hints may get lost. `heard` is called for each hint.
    """

    def __init__(
        self, registry: Topics, topics: tuple[str, ...], heard: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self._registry = registry
        self._names = topics
        self._call = heard
        registry._add(self, topics)

    def ring(self) -> None:
        """Wake whoever waits, or who waits next."""
        super().ring()
        if self._call is not None:
            self._call()

    def close(self) -> None:
        """Stop listening."""
        self._registry._remove(self, self._names)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Topics:
    """Who listens to which topic."""

    def __init__(self) -> None:
        self._watches: dict[str, set[Subscription]] = {}

    def watch(self, *topics: str, heard: Callable[[], None] | None = None) -> Subscription:
        """Subscribe to these topics; `heard` is called for each hint."""
        return Subscription(self, topics, heard)

    def notify(self, topics: Iterable[str]) -> None:
        """Wake everybody who watches one of the topics."""
        for topic in topics:
            for watch in tuple(self._watches.get(topic, ())):
                watch.ring()

    def wake_everybody(self) -> None:
        """Wake all, because something may have happened."""
        self.notify(list(self._watches))

    def _add(self, watch: Subscription, topics: tuple[str, ...]) -> None:
        for topic in topics:
            self._watches.setdefault(topic, set()).add(watch)

    def _remove(self, watch: Subscription, topics: tuple[str, ...]) -> None:
        for topic in topics:
            watches = self._watches.get(topic)
            if watches is not None:
                watches.discard(watch)
                if not watches:
                    del self._watches[topic]


def _finish(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
