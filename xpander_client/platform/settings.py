"""The figures that the platform works by."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

__all__ = ["Settings"]


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
    once after it made none for a while. Heartbeats count (a worker sends one every two seconds),
    and so does opening a stream, but not what comes over it. Each process counts for itself.

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

    lease: float = 30.0
    loop_lease: float = 600.0
    offer_window: float = 10.0
    max_attempts: int = 3
    worker_silence: float = 10.0
    sweep_interval: float = 1.0
    poll_interval: float = 1.0
    comment_interval: float = 15.0
    stalled_reader: float = 30.0
    body_limit: int = 10 * 1024 * 1024
    tool_timeout: float = 30.0
    queue_limit: int = 10_000
    queue_bytes: int = 64 * 1024 * 1024
    queue_wait: float = 5.0
    keep_events: float = 7 * 24 * 3600.0
    keep_keys: float = 24 * 3600.0
    keep_reports: float | None = attrs.field(
        default=attrs.Factory(lambda settings: settings.keep_events, takes_self=True)
    )
    keep_tasks: float | None = None
    keep_threads: float | None = None
    keep_audit: float | None = 365 * 24 * 3600.0
    prune_interval: float = 3600.0
    shutdown_limit: float = 5.0
    cache_ttl: float = 5.0
    rate_limit: float | None = None
    rate_burst: float | None = None
    allowed_hosts: tuple[str, ...] = attrs.field(default=(), converter=_names)
    open_metrics: bool = False

    @property
    def pass_on(self) -> float:
        """How often at the most a server tells the others that a worker of theirs is alive."""
        return self.worker_silence / 4

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
