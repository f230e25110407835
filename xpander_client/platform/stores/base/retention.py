"""What a store forgets when it has become old: worked off in small batches, everybody's in turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import attrs

from xpander_client.core.statuses import TERMINAL

Kind: TypeAlias = Literal[
    "keys", "events", "reports", "tasks", "threads", "audit", "remains", "tombstones"
]
"""What there is to forget. `remains` are what is left of deleted tasks, `tombstones` their ids."""


def quote_statuses(statuses: Iterable[str]) -> str:
    """Write statuses as SQL wants them in a list, always in the same order."""
    return ", ".join(f"'{status}'" for status in sorted(statuses))


ENDED = f"status IN ({quote_statuses(TERMINAL | {'deleted'})})"
"""Which tasks are forgotten some time, in the words of the index of them: an engine uses the index
only where a statement says the same, so a new final status needs new indexes as well.
"""

_WHOSE: Mapping[str, tuple[str, str]] = {
    "events": (f"tasks WHERE {ENDED} AND", f"pruned = false AND {ENDED} AND updated_at"),
    "tasks": (f"tasks WHERE {ENDED} AND", f"pruned = {{}} AND {ENDED} AND updated_at"),
    "threads": ("threads WHERE", "used_at"),
    "reports": ("reports WHERE", "created_at"),
    "audit": ("audit WHERE", "created_at"),
}
"""Where to look for organizations, and by what their rows are known to be old."""

HOUR = 3600.0

FAREWELL = 5.0
"""So many seconds the events of a deleted task stay for those who are reading them."""

_FIRST = 32
_MOST = 500
"""How many rows the first batch has, and how many one may have."""

_QUICK = 0.003
_LONG = 0.01
"""A batch that took less, in seconds, is followed by a larger one, one that took more by a smaller.
Writers wait behind each.
"""


def floor_to_hour(now: float) -> float:
    """Return the beginning of the hour. It is kept as the time when a thread was used, so that its
    row need not change in an index each time.
    """
    return now - now % HOUR


def build_organizations_query(kind: Kind, before: str) -> str | None:
    """Build the statement that finds who has something of a kind from before a moment, for which
    `before` stands: by a step or two through an index for each organization, for any engine.
    None: what is of this kind is kept without saying whose it is.
    """
    if kind not in _WHOSE:
        return None
    rows, age = _WHOSE[kind]
    following = f"SELECT min(organization_id) FROM {rows} organization_id"
    found = (
        f"WITH RECURSIVE found (id) AS ({following} >= '' UNION ALL SELECT ({following} > found.id)"
        " FROM found WHERE found.id IS NOT NULL) SELECT id FROM found WHERE "
    )
    table = rows.split()[0]
    if kind == "audit":
        # What is of no organization concerns the store. Numbers are given out in order of time.
        oldest = "SELECT created_at FROM audit WHERE organization_id = found.id"
        return f"{found} ({oldest} ORDER BY number LIMIT 1) < {before}"
    any_old = (
        f"EXISTS (SELECT 1 FROM {table} WHERE organization_id = found.id AND {age} < {before})"
    )
    if kind == "tasks":
        any_old = f"({any_old.format('true')} OR {any_old.format('false')})"
    # What was deleted is of no organization, and has a time of its own.
    return f"{found} id > '' AND {any_old}"


@attrs.frozen(kw_only=True)
class Cutoffs:
    """What was before these moments, in seconds since 1970, is forgotten. None: it is kept."""

    keys: float | None = None
    events: float | None = None
    reports: float | None = None
    tasks: float | None = None
    threads: float | None = None
    audit: float | None = None

    def by_kind(self, now: float) -> Mapping[Kind, float]:
        """Return, for each kind of which something is to be forgotten, the moment before that."""
        found: dict[Kind, float | None] = {
            "keys": self.keys,
            "events": self.events,
            "reports": self.reports,
            "tasks": self.tasks,
            # Those that were deleted count as used in the year 1970.
            "threads": 1.0 if self.threads is None else max(self.threads - HOUR, 1.0),
            "audit": self.audit,
            "remains": now - FAREWELL,
            # As long as a request may be repeated, it can't bring back what was deleted.
            "tombstones": self.keys,
        }
        return {kind: before for kind, before in found.items() if before is not None}


@attrs.frozen
class Batch:
    """What one transaction forgot: how many rows, whether there may be more of them, and how many
    seconds others had to wait.
    """

    rows: int
    more: bool
    seconds: float


_Organizations: TypeAlias = Callable[[Kind, float], Awaitable[Sequence[str]]]
"""Those that have something of a kind from before a moment."""

_Prune: TypeAlias = Callable[[Kind, str, float, int], Awaitable[Batch]]
"""Forgets what an organization has of a kind from before a moment, so many rows at the most."""


async def work_off(
    cutoffs: Mapping[Kind, float], organizations: _Organizations, prune: _Prune
) -> Counter[str]:
    """Forget all that is old, of every organization in turn; returns how many rows of each kind.

    Between two batches there is at least as much time as the last one took.
    """
    gone: Counter[str] = Counter()
    for kind, before in cutoffs.items():
        limit = _FIRST
        waiting = await organizations(kind, before)
        while waiting:
            left = []
            for organization_id in waiting:
                batch = await prune(kind, organization_id, before, limit)
                gone[kind] += batch.rows
                if batch.more:
                    left.append(organization_id)
                if batch.seconds > _LONG:
                    limit = max(1, limit // 2)
                elif batch.seconds < _QUICK:
                    limit = min(_MOST, limit * 2)
                await asyncio.sleep(batch.seconds)
            waiting = left
    return gone
