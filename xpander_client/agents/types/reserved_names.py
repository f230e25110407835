"""Names that agent code gets from the sandbox: nothing of a user may be called so."""

from __future__ import annotations

CONTROLS = ("task_success", "task_fail", "task_clarify", "task_continue")
"""The functions by which agent code ends a block."""

RESERVED = frozenset(
    {"dataclass", "dataclasses", "inputs", "on_host", "print", "view_image", *CONTROLS}
)
"""What is there in any block, whatever was opened."""
