"""Names for new tasks."""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid

# Ids are hard to guess, as who knows a task's id can name it. The system is asked for a thousand at
# a time: each call lets go of the interpreter's lock, which a busy writer is quick to take.
_BLOCK = 1_000
_chances: list[int] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_chances.clear)  # a child would go on with the same ids

_PLATFORMS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|chosen-[0-9a-f]{32}"
)


def new_task_id() -> str:
    """Make a UUID that begins with the time (version 7 of RFC 9562).

    Ids made one after the other lie side by side in an index, so that a commit of many new tasks
    writes few of its pages.

    Example:
        >>> first, second = new_task_id(), new_task_id()
        >>> first != second, first[:8] <= second[:8]
        (True, True)
    """
    milliseconds = time.time_ns() // 1_000_000
    return _uuid(milliseconds << 80 | _chance(), 7)


def child_task_id(organization_id: str, parent_id: str, call_id: str) -> str:
    """Make the id of the task that a call of a tool makes for another one, however often it is
    made.

    Example:
        >>> child_task_id("acme", "p", "c") == child_task_id("acme", "p", "c")
        True
    """
    return _uuid(int.from_bytes(_digest(organization_id, parent_id, call_id)[:16]), 8)


def derive_task_id(organization_id: str, name: str) -> str:
    """Make the id to store a task under whose id somebody chose: others may choose the same."""
    return f"chosen-{_digest(organization_id, name)[:16].hex()}"


def is_platforms(task_id: str) -> bool:
    """Whether an id is of a form that only the platform gives.

    Example:
        >>> is_platforms(new_task_id()), is_platforms("order-17")
        (True, False)
    """
    return _PLATFORMS.fullmatch(task_id) is not None


def _chance() -> int:
    """80 bits that nobody can foretell."""
    while True:
        try:
            return _chances.pop()
        except IndexError:
            block = os.urandom(10 * _BLOCK)
            _chances.extend(
                int.from_bytes(block[start : start + 10]) for start in range(0, len(block), 10)
            )


def _uuid(number: int, version: int) -> str:
    number = number & ~(0xF << 76) | version << 76
    number = number & ~(0x3 << 62) | 2 << 62  # the variant
    return str(uuid.UUID(int=number))


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).digest()
