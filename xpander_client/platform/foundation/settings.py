"""The figures that the platform works by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs


def _setting(default: Any, help: str, **said: Any) -> Any:
    """Make a setting, with what those who set it are told: `unit` and `least` go by its type,
    unless they are said.
    """
    return attrs.field(default=default, metadata={"help": help, **said})


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Settings:
    """Times are in seconds, sizes in bytes.

    A task that was offered to a worker is taken back when the worker hasn't begun with it within
    `offer_window`. A task that is executing belongs to its worker for `lease`, counted from the
    worker's last sign of life; after that it goes to another, until `max_attempts` workers were
    lost with it. A script that took a task for itself has it for `loop_lease`, counted likewise. A
    worker that was silent for `worker_silence` gets no new tasks. A tool, be it a request or a
    function, has to answer within `tool_timeout`. Keys and agents that were read from the store are
    believed for `cache_ttl`: so long may a revoked key go on to work, and its open streams up to a
    `comment_interval` longer.

    A key may make `rate_limit` requests a second, None: as many as it likes, and `rate_burst` at
    once after it made none for a while. Opening a stream counts, but not what comes over it. What a
    worker says of itself and of the tasks in its hands (heartbeats, results,
    events) is counted apart, up to ten times as often. Each process counts for itself.

    A request that invokes an agent and waits for what comes of it is answered after `invoke_wait`
    at the latest, with the task as it is then.

    What needs no key is answered only under the server's own names: where only this machine can
    reach it, or where `allowed_hosts` are given, under no other ones but these. `/metrics` is for
    callers on this machine, and with `open_metrics` for everybody.

    `queue_limit` writes may wait for the disk or the database, with `queue_bytes` that came with
    them; whoever wants to write more waits for `queue_wait`, and is refused then.

    What is older is forgotten, which is seen to once in a `prune_interval`. Events of finished
    tasks, but for how they ended, are kept for `keep_events`, idempotency keys for `keep_keys`, and
    reports of metrics and of models' usage for `keep_reports`, by default as long as events.
    Finished tasks with all that belongs to them are kept for `keep_tasks` after they last changed,
    and threads with their messages for `keep_threads` after they were last used, to the hour; None,
    the default of both, keeps them. What was done by whom is kept for `keep_audit`, None: for ever.

    Example:
        >>> Settings(lease=5.0).renewal
        1.6666666666666667
    """

    lease: float = _setting(30.0, "How long a task stays with a worker that gives no sign of life.")
    loop_lease: float = _setting(
        600.0, "How long a task stays with a script that took it and gives no sign of life."
    )
    offer_window: float = _setting(
        10.0, "How long a worker may take to begin with a task that it was sent."
    )
    max_attempts: int = _setting(
        3, "How many workers may be lost with a task before it ends as an error."
    )
    worker_silence: float = _setting(
        10.0, "After how long without a sign of life a worker gets no new tasks."
    )
    sweep_interval: float = _setting(1.0, "How often leases are checked.")
    poll_interval: float = _setting(
        1.0, "How often the store is asked for news while no notifications come through."
    )
    comment_interval: float = _setting(15.0, "How often a quiet stream shows that it is there.")
    invoke_wait: float = _setting(
        300.0, "How long a request that invokes an agent waits for the task's end.", least=0.0
    )
    stalled_reader: float = _setting(30.0, "After how long a reader that takes nothing is cut off.")
    body_limit: int = _setting(
        10 * 1024 * 1024, "The largest body that a request may have.", unit="SIZE"
    )
    tool_timeout: float = _setting(30.0, "How long a tool may take.")
    queue_limit: int = _setting(10_000, "How many writes may wait for the store.")
    queue_bytes: int = _setting(
        64 * 1024 * 1024, "How much may come with the writes that wait for the store.", unit="SIZE"
    )
    queue_wait: float = _setting(
        5.0, "How long a write may wait for a place among them.", least=0.0
    )
    keep_events: float = _setting(
        7 * 24 * 3600.0, "How long events of finished tasks are kept.", least=0.0
    )
    keep_keys: float = _setting(24 * 3600.0, "How long idempotency keys are kept.", least=0.0)
    keep_reports: float | None = _setting(
        attrs.Factory(lambda settings: settings.keep_events, takes_self=True),
        "How long reports of metrics and of models' usage are kept.",
        least=0.0,
    )
    keep_tasks: float | None = _setting(
        None, "How long finished tasks are kept, with all that belongs to them.", least=0.0
    )
    keep_threads: float | None = _setting(
        None, "How long threads are kept that nobody uses.", least=0.0
    )
    keep_audit: float | None = _setting(
        365 * 24 * 3600.0, "How long it is kept who did what.", least=0.0
    )
    prune_interval: float = _setting(3600.0, "How often what is too old is forgotten.")
    shutdown_limit: float = _setting(
        5.0, "How long requests that run may take at the end.", least=0.1
    )
    cache_ttl: float = _setting(
        5.0, "How long keys and agents that were read from the store are believed."
    )
    rate_limit: float | None = _setting(
        None,
        "How many requests a second a key may make of each process, unless the key says.",
        unit="R",
        least=0.001,
    )
    rate_burst: float | None = _setting(
        None, "How many requests a key may make at once.", unit="N", least=1.0
    )
    allowed_hosts: tuple[str, ...] = attrs.field(
        default=(),
        converter=_names,
        metadata={"help": "Names under which to answer what needs no key.", "unit": "A,B"},
    )
    open_metrics: bool = _setting(False, "Answer /metrics without a key for everybody.")

    @property
    def pass_on(self) -> float:
        """How often at the most a server tells the others that a worker of theirs is alive."""
        return self.worker_silence / 4

    @property
    def heartbeat_interval(self) -> float:
        """How often a worker is asked for a sign of life: seldom, but so that one may be lost
        before a lease runs out, also after some that were not written down.
        """
        return min(5.0, self.worker_silence / 2, self.lease / 4)

    @property
    def renewal(self) -> float:
        """How long a lease may run before the worker's next sign of life is written down."""
        return self.lease / 3

    @property
    def standstill(self) -> float:
        """How long a platform has stood still when all leases get a new term: its workers were not
        heard meanwhile, however often they spoke.
        """
        return max(3 * self.sweep_interval, min(5.0, self.lease / 2))

    def burst(self, rate: float) -> float:
        """How many requests at once a key of this rate may make: those of two seconds, but always
        so many that a worker can begin and report what it had finished meanwhile.
        """
        return max(20.0, 2 * rate) if self.rate_burst is None else max(1.0, self.rate_burst)
