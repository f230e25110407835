"""What an operator sees of a platform: figures, as Prometheus reads them.

Processes that share a port write their figures into files of one folder, which the environment
names (`PROMETHEUS_MULTIPROC_DIR`); each of them answers with the sum of all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})

_COMMANDS = tuple(2.0**power for power in range(10))
"""Where the histogram of commands in a commit is cut: 1 to 512, which is the most."""

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_OFFER_SECONDS = (*_SECONDS[2:], 10.0)


class Metrics:
    """The figures of one platform in one process.

    `offer_to_start` counts seconds from when a task was sent to a worker until it began.
    `leases_lost` counts tasks that were taken from workers that had begun, `late_results` what
    workers wrote that no longer had the task, `gaps` the gap events that readers were sent.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self._requests = Counter(
            "xpander_requests",
            "Requests that were answered, by method and class of status.",
            ("method", "status"),
            registry=registry,
        )
        self._answered: dict[tuple[str, int], Counter] = {}
        streams = Gauge(
            "xpander_streams",
            "Open event streams: of tasks, and of workers.",
            ("kind",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.task_streams = streams.labels("task")
        self.worker_streams = streams.labels("worker")
        self.queued = Gauge(
            "xpander_writes_queued",
            "Writes that wait for their commit.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._writes_refused = Counter(
            "xpander_writes_refused",
            "Writes that were refused because too many were waiting.",
            registry=registry,
        )
        self._commit_commands = Histogram(
            "xpander_commit_commands",
            "Commands made durable by one commit.",
            registry=registry,
            buckets=_COMMANDS,
        )
        self._commit_seconds = Histogram(
            "xpander_commit_seconds",
            "How long a transaction took, from its first command to the end of its commit.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.offer_to_start = Histogram(
            "xpander_offer_to_start_seconds",
            "How long tasks that were sent to a worker took to begin.",
            registry=registry,
            buckets=_OFFER_SECONDS,
        )
        self.leases_lost = Counter(
            "xpander_leases_lost",
            "Tasks that were taken from a worker because it gave no sign of life.",
            registry=registry,
        )
        self.late_results = Counter(
            "xpander_late_results_refused",
            "Writes that were refused because the writer's attempt no longer held the task.",
            registry=registry,
        )
        self.pruned_events = Counter(
            "xpander_pruned_events",
            "Events of finished tasks that were forgotten.",
            registry=registry,
        )
        self.gaps = Counter(
            "xpander_gap_events",
            "Gap events, each sent to a reader that came too late for some events.",
            registry=registry,
        )

    def count_answer(self, method: str, status: int) -> None:
        """Count a request that was answered."""
        kind = method, status // 100
        counter = self._answered.get(kind)
        if counter is None:
            name = method if method in _METHODS else "other"
            counter = self._requests.labels(name, f"{status // 100}xx")
            if name == method:
                self._answered[kind] = counter
        counter.inc()

    def on_commit(self, commands: int, seconds: float) -> None:
        """So many commands were made durable together, in so much time."""
        self._commit_commands.observe(commands)
        self._commit_seconds.observe(seconds)

    def on_refusal(self) -> None:
        """Count a write that was refused because too many were waiting."""
        self._writes_refused.inc()

    def text(self, waiting: int | None) -> bytes:
        """All figures. `waiting` are the tasks that wait for a worker, None when nobody knows."""
        whole = CollectorRegistry()
        if waiting is not None:
            whole.register(_Waiting(waiting))
        if self._folder is None:
            whole.register(self._registry)
            return generate_latest(whole)
        from xpander_client.platform.foundation.metrics_folder import reading

        collect: Any = MultiProcessCollector  # which has no types
        collect(whole, self._folder)
        with reading(self._folder):
            return generate_latest(whole)


class _Waiting(Collector):
    """What is known only by asking the store."""

    def __init__(self, count: int) -> None:
        self._count = count

    def collect(self) -> Iterable[Metric]:
        """Return the one figure."""
        yield GaugeMetricFamily(
            "xpander_tasks_waiting", "Tasks that wait for a worker.", value=self._count
        )
