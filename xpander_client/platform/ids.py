"""Names for new tasks."""

from __future__ import annotations

import os
import random
import time
import uuid

__all__ = ["new_task_id"]

# Seeded by the system, and asked once: asking it for each id lets go of the interpreter's lock,
# which a busy writer is quick to take. Ids have to differ, not to be secrets.
_chance = random.Random()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_chance.seed)  # a child would go on with the same ids


def new_task_id() -> str:
    """A UUID that begins with the time (version 7 of RFC 9562).

    Ids made one after the other lie side by side in an index, so that a commit of many new tasks
    writes few of its pages.

    Example:
        >>> first, second = new_task_id(), new_task_id()
        >>> first != second, first[:8] <= second[:8]
        (True, True)
    """
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | _chance.getrandbits(80)
    number = number & ~(0xF << 76) | 7 << 76  # the version
    number = number & ~(0x3 << 62) | 2 << 62  # the variant
    return str(uuid.UUID(int=number))
