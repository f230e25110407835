"""What became of the faults, for RELIABILITY.md."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from xpander_client.chaos.invariants import Violation
from xpander_client.chaos.run import RunReport


@attrs.define
class Count:
    """A fault on an engine: how often, how much was acknowledged, and what did not hold.

    `must_hold` is false where something is done wrong on purpose, to show that it would be seen.
    """

    fault: str
    engine: str
    must_hold: bool = True
    rounds: int = 0
    acknowledged: int = 0
    effects: Counter[str] = attrs.field(factory=Counter)
    broken: Counter[str] = attrs.field(factory=Counter)
    seconds: float = 0.0
    failed: bool = False

    def round(self, acknowledged: int, broken: Sequence[Violation] = ()) -> None:
        """Once more."""
        self.rounds += 1
        self.acknowledged += acknowledged
        self._add(broken)

    def of(self, report: RunReport) -> None:
        """A run of the chaos, with as many rounds as things went wrong."""
        self.rounds += max(1, sum(report.faults.values()))
        self.acknowledged += sum(report.acknowledged.values())
        self._add(report.violations)

    def _add(self, broken: Sequence[Violation]) -> None:
        self.effects.update(each.effect for each in broken)
        self.broken.update(each.invariant for each in broken)


@attrs.frozen
class Tally:
    """All counts of a run."""

    counts: list[Count] = attrs.field(factory=list)

    @contextlib.contextmanager
    def of(self, fault: str, engine: str, *, must_hold: bool = True) -> Iterator[Count]:
        """Count what happens in the block. What failed there is counted, too."""
        count = Count(fault, engine, must_hold)
        self.counts.append(count)
        began = time.monotonic()
        try:
            yield count
        except BaseException:
            count.failed = True
            raise
        finally:
            count.seconds = time.monotonic() - began
